"""Requests to a language model and their replies: the types that the other modules of `llm` share.

A request has an identity (`request_key`), a form on the wire (`request_body`), and a record in the store (`request_record`).
"""

from __future__ import annotations

import base64
import dataclasses
import ipaddress
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from fasrepro import hashing

T = TypeVar("T")

REFUSED = "refusal"  # the code of a reply in which the model declines
FILTERED = "content_filter"  # the finish reason of a reply that a filter removed
# Codes with which Azure, OpenAI and Alibaba say that a filter stopped the question itself.
FILTER_CODES = ("content_filter", "content_policy_violation", "invalid_prompt", "moderation_blocked", "data_inspection_failed")


class EndpointError(ValueError):
    """The endpoint refuses every request of this kind, or too many requests fail. The message names the remedy, never the key.

    `status` is the HTTP status of the refusal, 0 if there was none; `words` are the server's.
    """

    def __init__(self, message: str, status: int = 0, words: str = "") -> None:
        super().__init__(message)
        self.status, self.words = status, words


class TransportError(Exception):
    """A request that got no reply. Never leaves `llm`.

    Args:
        code: groups such errors in a report.
        detail: what the server said.
        wait: seconds for which the server asked to be left alone.
        final: whether the same request would fail again.
        throttled: the server did not look at the request, so it does not count as an attempt.
        billed: the request may have cost as much as one with a reply.
    """

    def __init__(
        self, code: str, detail: str, wait: float = 0.0, final: bool = False, throttled: bool = False, billed: bool = False
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.wait, self.final, self.throttled, self.billed = code, wait, final, throttled, billed


class Rejected(ValueError):  # noqa: N818 - a verdict on a reply, not a fault of ours
    """A reply that cannot be used. `code` groups the reasons in a report; `detail` says what is wrong with this reply."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclasses.dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server and its model accept (see `capabilities.probe`). The defaults are what the oldest servers accept.

    `limit_field` is the name of the field that bounds the length of a reply: newer models refuse `max_tokens`. `temperature` and
    `seed` say whether that field may be sent.
    """

    images: bool = True
    json_schema: bool = False
    logprobs: bool = False
    limit_field: str = "max_tokens"
    temperature: bool = True
    seed: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests are sent, and how.

    Args:
        base_url: of an OpenAI-compatible server.
        api_key: never printed, stored or hashed.
        model: a name that the server knows, or a folder on this machine.
        concurrency: requests in flight at once, at most.
        attempts: per request, at most.
        timeout_s: per attempt.
        max_tokens: of a reply.
        temperature: of the sampling.
        seed: of the first attempt; attempt n uses seed + n.
        backoff_s: wait after a first transport error; doubled with each attempt, at most 30 s.
        refusals: how often one prompt may be refused before the next fallback is asked.
        budget_usd: bounds the cost of all replies in the store; None: no bound.
        probe: whether to find out what the server accepts before the first request.
        weights: hash of a model that is a folder: retrained, it is another model under the same name.
        accepts: fields of `Capabilities` that are known, whatever a probe finds.
    """

    base_url: str
    api_key: str = dataclasses.field(repr=False)
    model: str
    concurrency: int
    attempts: int
    timeout_s: float
    max_tokens: int
    temperature: float
    seed: int
    backoff_s: float = 0.5
    refusals: int = 2
    budget_usd: float | None = None
    probe: bool = False
    weights: str = ""
    accepts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question.

    Args:
        system: the system prompt; "" for none.
        user: the user's text.
        prompt_version: names the wording of both.
        image: loads the PNG bytes when the question is sent, not before; None for a question without an image.
        image_sha256: hash of the image's decoded pixels.
        schema: the JSON schema of an answer, for servers that can enforce one. Not part of the key, since an answer means the
            same in either form.
        fallbacks: the questions to ask instead, one after another, if the model refuses this one.
        in_rounds: whether one reply that is rejected, for whatever reason, is enough for the next question to be asked.
    """

    system: str
    user: str
    prompt_version: str
    image: Callable[[], bytes] | None = None
    image_sha256: str = ""
    schema: Mapping[str, Any] | None = None
    fallbacks: tuple[ChatRequest, ...] = ()
    in_rounds: bool = False

    def load_image(self) -> bytes | None:
        """Return the image's PNG bytes, None for a question without an image."""
        return None if self.image is None else self.image()


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote, and why it stopped."""

    key: str
    text: str
    finish_reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The value of the first reply that was accepted; `rejected` holds the code of every attempt before it."""

    value: T
    key: str
    attempts: int
    rejected: tuple[str, ...]
    prompt_version: str


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """No attempt was accepted: the last reason in full, and the code of every attempt."""

    reason: str
    rejected: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Args:
        done: requests that have an answer or have failed.
        total: all requests.
        sent: attempts made by this process.
        spent_usd: cost of all replies in the store and of the batches in flight.
    """

    done: int
    total: int
    sent: int
    spent_usd: float


def request_key(endpoint: Endpoint, request: ChatRequest, attempt: int) -> str:
    """Hash everything that determines a reply. An image counts by its pixels, so recompressing a file makes no new question."""
    content: list[Any] = [{"type": "image", "pixels": request.image_sha256}] if request.image is not None else []
    content.append({"type": "text", "text": request.user})
    fields = {
        "model": endpoint.model,
        "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": content}],
        "max_tokens": endpoint.max_tokens,
        "temperature": endpoint.temperature,
        "seed": endpoint.seed + attempt,
    }
    return hashing.sha256_json(fields | _weights(endpoint))


def request_body(
    endpoint: Endpoint, request: ChatRequest, attempt: int, image: bytes | None, capabilities: Capabilities
) -> dict[str, Any]:
    """Return the body of a chat request, with the fields that the server accepts.

    The image stands before the text: servers of open models keep that order, and their models were trained on it.
    """
    content: list[dict[str, Any]] = []
    if image is not None:
        url = f"data:image/png;base64,{base64.b64encode(image).decode()}"
        content.append({"type": "image_url", "image_url": {"url": url}})
    content.append({"type": "text", "text": request.user})
    messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}] if request.system else []
    messages.append({"role": "user", "content": content})
    body: dict[str, Any] = {"model": endpoint.model, "messages": messages, capabilities.limit_field: endpoint.max_tokens}
    if capabilities.temperature:
        body["temperature"] = endpoint.temperature
    if capabilities.seed:
        body["seed"] = endpoint.seed + attempt
    if request.schema is not None and capabilities.json_schema:
        schema = {"name": "answer", "strict": True, "schema": request.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def request_record(endpoint: Endpoint, request: ChatRequest, attempt: int) -> dict[str, Any]:
    """Return what the store keeps of a request: everything but texts and image, which the version and the hash stand for."""
    record = {
        "model": endpoint.model,
        "prompt_version": request.prompt_version,
        "image": request.image_sha256,
        "seed": endpoint.seed + attempt,
        "attempt": attempt,
        "max_tokens": endpoint.max_tokens,
        "temperature": endpoint.temperature,
    }
    return record | _weights(endpoint)


def _weights(endpoint: Endpoint) -> dict[str, str]:
    return {"weights": endpoint.weights} if endpoint.weights else {}


def filtered_reply(detail: str, secret: str) -> dict[str, Any]:
    """Return what the store keeps of a question that a filter stopped: it counts as a reply, namely a refusal."""
    return {"text": redact(detail, secret)[:300], "finish_reason": FILTERED, "usage": {}}


def require_vision(endpoint: Endpoint, capabilities: Capabilities) -> None:
    """Raise `EndpointError` if the model takes no images."""
    if not capabilities.images:
        host = f"{shown_host(endpoint.base_url)}, model {endpoint.model!r}"
        raise EndpointError(
            f"{host}: takes no images; name a vision model in annotator.model, or, if it does take them, set annotator.accepts to"
            " {images: true}"
        )


def redact(text: str, secret: str) -> str:
    """Remove a secret from a text that came from outside: servers quote the key that they refuse.

    >>> redact("invalid key sk-0123456789", "sk-0123456789")
    'invalid key ***'
    """
    return text.replace(secret, "***") if len(secret) >= 8 else text


def rejection_counts(outcomes: Iterable[Answer[Any] | Failure]) -> dict[str, int]:
    """Count the codes for which attempts were rejected."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for code in outcome.rejected:
            counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items()))


def is_local(url: str) -> bool:
    """Return whether a URL points to this machine, so that nothing sent there leaves it.

    >>> is_local("http://127.0.0.1:8000/v1"), is_local("https://api.openai.com/v1")
    (True, False)
    """
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, any of which may hold a secret; a scheme may be missing.

    >>> shown_url("https://me:secret@api.example.org:8000/v1?key=secret")
    'https://api.example.org:8000/v1'
    >>> shown_url("me:secret@localhost:8000/v1?key=secret")
    'localhost:8000/v1'
    """
    parts = urllib.parse.urlsplit(url if "://" in url else f"//{url}")
    shown = urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return shown.removeprefix("//")


def shown_host(url: str) -> str:
    """Return an endpoint's host, without port, path or any secret that a URL may hold."""
    return "this machine" if is_local(url) else urllib.parse.urlsplit(url).hostname or "?"

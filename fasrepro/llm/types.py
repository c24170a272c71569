"""What is asked of a language model and what comes back: the types of `client`, and what identifies a request."""

from __future__ import annotations

import base64
import dataclasses
import email.utils
import ipaddress
import time
import urllib.parse
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Generic, TypeVar

from fasrepro import hashing

T = TypeVar("T")

LONGEST_WAIT_S = 600.0  # of a Retry-After
REFUSED = "refusal"  # the code of a rejected reply in which the model declines
FILTERED = "content_filter"  # the finish reason of a reply that a filter took away
# Codes of an HTTP 400 by which Azure and OpenAI say that a filter stopped the question itself.
FILTERS = ("content_filter", "content_policy_violation", "invalid_prompt")


class EndpointError(ValueError):
    """The endpoint refuses every request of this kind, or too many fail; the message names the remedy, never the key.

    `status` is the HTTP status by which the server refused; 0: it said none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Transport(Exception):  # noqa: N818 - not an error that leaves `captions`
    """A request without a reply. `wait` is what the server asked for, in seconds; `final`: asking again is of no use.

    `throttled`: the server did not look at it, so it is no attempt. `billed`: it may have cost as much as a reply.
    """

    def __init__(
        self, code: str, detail: str, wait: float = 0.0, final: bool = False, throttled: bool = False, billed: bool = False
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.wait, self.final, self.throttled, self.billed = code, wait, final, throttled, billed


class Rejected(ValueError):  # noqa: N818 - a verdict on a reply, not a fault of ours
    """A reply that is not usable. `code` groups reasons in a report; `detail` says what was found."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclasses.dataclass(frozen=True, slots=True)
class Abilities:
    """What a server and its model take, as `probe` finds out; by default what the oldest of them do.

    `limit` is the name of the field that bounds a reply: newer models refuse `max_tokens`. `temperature` and `seed`: whether
    the field may be sent.
    """

    images: bool = True
    json_schema: bool = False
    logprobs: bool = False
    limit: str = "max_tokens"
    temperature: bool = True
    seed: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask. `seed` is the first attempt's; attempt n asks with seed + n.

    `refusals`: how many refusals of one prompt before the next variant is asked. `budget_usd` bounds what all replies in the
    store have cost; None: no bound. `probe`: whether the server is tried before the first question. `weights` is the hash of a
    model that is a folder on this machine: trained again, it is another one under the same name.
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
    backoff_s: float = 0.5  # after a first transport error; doubled with each attempt, at most 30 s
    refusals: int = 2
    budget_usd: float | None = None
    probe: bool = False
    weights: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question: the texts, and what loads the image (PNG bytes) when the question is sent, not before.

    `schema` is the JSON schema of an answer, for servers that can hold a model to it; it is not part of the question's key,
    since an answer is the same in either form. `instead` are the questions that are asked in its place where it is refused.
    """

    system: str
    user: str
    prompt_version: str
    image: Callable[[], bytes] | None = None
    image_sha256: str = ""  # of the decoded pixels
    schema: Mapping[str, Any] | None = None
    instead: tuple[ChatRequest, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    key: str
    text: str
    finish_reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What `accept` made of the first reply that it took; `rejected` holds the code of every attempt before it."""

    value: T
    key: str
    attempts: int
    rejected: tuple[str, ...]
    prompt_version: str


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """No attempt gave a reply that was accepted: the last reason in full, and the code of every attempt."""

    reason: str
    rejected: tuple[str, ...]


def request_key(endpoint: Endpoint, request: ChatRequest, attempt: int) -> str:
    """Hash everything that determines a reply. The image enters by its pixels, so a recompressed file is no new question."""
    parts: list[Any] = [{"type": "image", "pixels": request.image_sha256}] if request.image is not None else []
    parts.append({"type": "text", "text": request.user})
    return hashing.sha256_json(
        {
            "model": endpoint.model,
            "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": parts}],
            "max_tokens": endpoint.max_tokens,
            "temperature": endpoint.temperature,
            "seed": endpoint.seed + attempt,
        }
        | _weights(endpoint)
    )


def _weights(endpoint: Endpoint) -> dict[str, str]:
    return {"weights": endpoint.weights} if endpoint.weights else {}


def body(endpoint: Endpoint, request: ChatRequest, attempt: int, image: bytes | None, abilities: Abilities) -> dict[str, Any]:
    """Return an attempt as the chat API takes it, with the image's PNG bytes, as far as the server takes its fields.

    The image stands before the text: servers of open models keep the order, and those models were trained on that one.
    """
    content: list[dict[str, Any]] = []
    if image is not None:
        url = f"data:image/png;base64,{base64.b64encode(image).decode()}"
        content.append({"type": "image_url", "image_url": {"url": url}})
    content.append({"type": "text", "text": request.user})
    system = [{"role": "system", "content": request.system}] if request.system else []
    asked = {"model": endpoint.model, "messages": [*system, {"role": "user", "content": content}]}
    asked[abilities.limit] = endpoint.max_tokens
    if abilities.temperature:
        asked["temperature"] = endpoint.temperature
    if abilities.seed:
        asked["seed"] = endpoint.seed + attempt
    if request.schema is not None and abilities.json_schema:
        schema = {"name": "answer", "strict": True, "schema": request.schema}
        asked["response_format"] = {"type": "json_schema", "json_schema": schema}
    return asked


def described(endpoint: Endpoint, request: ChatRequest, attempt: int) -> dict[str, Any]:
    """Return what a store record says of its request: all but the texts and the image, which their version and hash stand for."""
    return {
        "model": endpoint.model,
        "prompt_version": request.prompt_version,
        "image": request.image_sha256,
        "seed": endpoint.seed + attempt,
        "attempt": attempt,
        "max_tokens": endpoint.max_tokens,
        "temperature": endpoint.temperature,
    } | _weights(endpoint)


def attempts(request: ChatRequest, endpoint: Endpoint) -> Generator[tuple[int, ChatRequest], str, None]:
    """Yield (number, question) for each attempt at a request; send it the code for which the last one was rejected.

    A refusal counts against its prompt: after `endpoint.refusals` of them the next variant is asked, and after the last
    variant's it ends, as it does after `endpoint.attempts` in all. What is left then is for people.
    """
    variants, refused = (request, *request.instead), 0
    for number in range(endpoint.attempts):
        if refused // endpoint.refusals >= len(variants):
            return
        code = yield number, variants[refused // endpoint.refusals]
        refused += code == REFUSED


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a Retry-After asks for (a number or a date), at most `LONGEST_WAIT_S`; 0 without one."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif (value := headers.get("retry-after", "")).replace(".", "", 1).isdigit():
            seconds = float(value)
        else:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time() if value else 0.0
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def filtered(detail: str, secret: str) -> dict[str, Any]:
    """Return what a store record says of a question that a filter stopped: an answer it is, and a refusal."""
    return {"text": redact(detail, secret)[:300], "finish_reason": FILTERED, "usage": {}}


def looks(endpoint: Endpoint, abilities: Abilities) -> None:
    """Raise `EndpointError` where the model takes no images."""
    if not abilities.images:
        host = f"{shown_host(endpoint.base_url)}, model {endpoint.model!r}"
        raise EndpointError(f"{host}: takes no images; name a vision model in annotator.model")


def redact(text: str, secret: str) -> str:
    """Take a secret out of a text that came from outside: servers quote the key that they refuse."""
    return text.replace(secret, "***") if len(secret) >= 8 else text


def codes(outcomes: Iterable[Answer[Any] | Failure]) -> dict[str, int]:
    """Count the codes for which attempts were rejected."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for code in outcome.rejected:
            counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items()))


def is_local(url: str) -> bool:
    """Say whether a URL is of this very machine, which nothing leaves that is sent there."""
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_host(url: str) -> str:
    """Return what is said of an endpoint: its host, without port, path or anything secret that a URL may hold."""
    return "this machine" if is_local(url) else urllib.parse.urlsplit(url).hostname or "?"


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: requests that are done with, of how many; those that were asked now; USD of all in the store, and of
    batches under way.
    """

    done: int
    total: int
    asked: int
    spent_usd: float

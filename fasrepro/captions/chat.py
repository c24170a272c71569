"""What is asked of a language model and what comes back: the types of `client`, and what identifies a request."""

from __future__ import annotations

import dataclasses
import email.utils
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from fasrepro import provenance

T = TypeVar("T")

LONGEST_WAIT_S = 600.0  # of a Retry-After


class EndpointError(ValueError):
    """The endpoint refuses every request of this kind, or too many fail; the message names the remedy, never the key."""


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask. `seed` is the first attempt's; attempt n asks with seed + n."""

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


@dataclasses.dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question: the texts, and what loads the image (PNG bytes) when the question is sent, not before."""

    system: str
    user: str
    prompt_version: str
    image: Callable[[], bytes] | None = None
    image_sha256: str = ""  # of the decoded pixels


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


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """No attempt gave a reply that was accepted: the last reason in full, and the code of every attempt."""

    reason: str
    rejected: tuple[str, ...]


def request_key(endpoint: Endpoint, request: ChatRequest, attempt: int) -> str:
    """Hash everything that determines a reply. The image enters by its pixels, so a recompressed file is no new question."""
    parts: list[Any] = [{"type": "text", "text": request.user}]
    if request.image is not None:
        parts.append({"type": "image", "pixels": request.image_sha256})
    return provenance.sha256_json(
        {
            "model": endpoint.model,
            "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": parts}],
            "max_tokens": endpoint.max_tokens,
            "temperature": endpoint.temperature,
            "seed": endpoint.seed + attempt,
        }
    )


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

"""What a style's captions would take before anything is asked: requests, tokens, money and time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from fasrepro.llm import pricing
from fasrepro.llm.attempts import Pending, standing
from fasrepro.llm.store import Store
from fasrepro.llm.types import ChatRequest, Endpoint, Reply

WORDS_PER_TOKEN = 0.75
SECONDS_A_REPLY = 5.0  # where the store knows of no reply of the model yet
ENOUGH = 20  # replies in the store from which their means count


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """For one style: images, those that are done with, requests to come (one an image), their tokens, USD, and seconds.

    `usd` and `usd_batch` are None where the model has no price in prices.yaml. `measured`: whether the length of replies and
    the time they take are those of the store's, and not assumed.
    """

    images: int
    stored: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    usd_batch: float | None
    seconds: float
    measured: bool


def estimate(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], Any],
    endpoint: Endpoint,
    store: Store,
    least_words: int,
    most_words: int,
) -> Estimate:
    """Go through all requests, and count what is still to be asked. Texts count a token for four characters.

    How long replies are and take is measured on those to the same prompts by the same model, once there are `ENOUGH`.
    """
    found = (standing(name, request, endpoint, store, accept, store.error) for name, request in requests.items())
    pending = [at.question for at in found if isinstance(at, Pending)]
    price = pricing.price_of(endpoint.model)
    prompt = sum(pricing.prompt_tokens(price, asked, asked.image() if asked.image is not None else None) for asked in pending)
    versions = {request.prompt_version for request in requests.values()}
    known = store.used().items()
    used = [
        used for asked, used in known if asked.model == endpoint.model and asked.prompt_version in versions and not asked.batch
    ]
    replies = sum(found.replies for found in used)
    measured = replies >= ENOUGH
    a_reply = (
        sum(found.completion_tokens for found in used) / replies if measured else (least_words + most_words) / 2 / WORDS_PER_TOKEN
    )
    seconds = sum(found.seconds for found in used) / replies if measured else SECONDS_A_REPLY
    completion = round(a_reply * len(pending))
    return Estimate(
        images=len(requests),
        stored=len(requests) - len(pending),
        requests=len(pending),
        prompt_tokens=prompt,
        completion_tokens=completion,
        usd=price.cost(prompt, completion) if price else None,
        usd_batch=price.cost(prompt, completion, batch=True) if price else None,
        seconds=seconds * len(pending) / max(1, endpoint.concurrency),
        measured=measured,
    )


def line(name: str, found: Estimate) -> str:
    """Return an estimate as a line of text."""
    money = "price unknown" if found.usd is None else f"${found.usd:.2f} live, ${found.usd_batch:.2f} in batches"
    tokens = f"{found.prompt_tokens:,} + {found.completion_tokens:,} tokens"
    time = f"{found.seconds / 60:.1f} min live ({'as measured' if found.measured else 'at a guess'})"
    return f"{name}: {found.images:,} images, {found.stored:,} stored, {found.requests:,} requests, {tokens}, {money}, {time}"

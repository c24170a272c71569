"""Money: spent, in flight, estimated, and bounded by a budget that is never exceeded."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from fasrepro.llm import batch_journal, pricing
from fasrepro.llm.attempts import Pending, replay
from fasrepro.llm.pricing import Price
from fasrepro.llm.store import Store, Usage
from fasrepro.llm.types import ChatRequest, Endpoint, Reply

WORDS_PER_TOKEN = 0.75
SECONDS_PER_REPLY = 5.0  # assumed while the store has too few replies of the model
ENOUGH_REPLIES = 20  # in the store, before their means replace what is assumed


class BudgetError(ValueError):
    """The budget does not cover the next request; the message says how to go on."""


def spent_usd(store: Store) -> float:
    """Return what all attempts in the store have cost, also those of other processes, as far as prices are known."""
    total = 0.0
    for group, usage in store.usage().items():
        price = pricing.price_of(group.model)
        if price is not None:
            total += price.cost(usage.prompt_tokens, usage.completion_tokens, group.batch)
    return total


class BatchesInFlight:
    """The batches beside a store that are not collected yet, read again when any process sends or collects one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stamp: tuple[tuple[int, int], int] | None = None
        self._batches: dict[str, batch_journal.Batch] = {}
        self._usd = 0.0

    def by_key(self) -> dict[str, batch_journal.Batch]:
        """Return the batch that each request is in, by the request's key."""
        self._refresh()
        return self._batches

    def usd(self) -> float:
        """Return the most that requests without a reply may still cost, as far as prices are known."""
        self._refresh()
        return self._usd

    def _refresh(self) -> None:
        folder = self._store.path.parent
        collected = sum(usage.replies for group, usage in self._store.usage().items() if group.batch)
        stamp = (batch_journal.stamp(folder), collected)
        if stamp == self._stamp:
            return
        batches = batch_journal.batches(folder)
        self._stamp = stamp
        self._batches = {key: batch for batch in batches for key in batch.requests}
        self._usd = sum(self._open_usd(batch) for batch in batches)

    def _open_usd(self, batch: batch_journal.Batch) -> float:
        price = pricing.price_of(batch.model)
        if price is None:
            return 0.0
        waiting = (record["most"] for key, record in batch.requests.items() if "most" in record and key not in self._store)
        return sum(price.cost(**most, batch=True) for most in waiting)


def exceeded_message(limit: float, spent: float, cost: float, command: str) -> str:
    """Return the message for a request that the budget does not cover; `command` goes on from there."""
    return (
        f"the budget of ${limit:g} (annotator.budget_usd) does not cover the next request: ${spent:.4f} are spent, or in flight"
        f" in batches, and it may cost ${cost:.4f}. All replies are kept: with a larger budget, `{command}` goes on from there"
    )


class Budget:
    """A bound on what may be spent, including what the requests in flight may cost at most.

    It is exceeded only if a server bills more than our estimate of a prompt times `pricing.SAFETY` and all of `max_tokens`.

    Args:
        limit: in USD; None: no bound.
        spent: returns the USD spent so far. What a request took must be in it before its `reserve` ends.
        price: of the model; None: nothing is reserved.
    """

    def __init__(self, limit: float | None, spent: Callable[[], float], price: Price | None) -> None:
        self.limit, self.spent, self.price = limit, spent, price
        self._reserved: list[float] = []  # a list, because a running sum would not return to exactly 0
        self._settled = asyncio.Condition()

    def cost(self, usage: Mapping[str, float]) -> float:
        """Return USD of "prompt_tokens" and "completion_tokens"."""
        if self.price is None or not usage:
            return 0.0
        return self.price.cost(usage["prompt_tokens"], usage["completion_tokens"])

    @contextlib.asynccontextmanager
    async def reserve(self, max_usage: Mapping[str, float]) -> AsyncIterator[None]:
        """Wait until a request that takes at most `max_usage` tokens can be paid for, and hold that money meanwhile.

        Raises `BudgetError` if nothing else is in flight and the budget still does not cover the request.
        """
        cost = self.cost(max_usage)
        async with self._settled:
            while self.limit is not None and (spent := self.spent()) + sum(self._reserved) + cost > self.limit:
                if not self._reserved:
                    raise BudgetError(exceeded_message(self.limit, spent, cost, "dvc repro"))
                await self._settled.wait()
            self._reserved.append(cost)
        try:
            yield
        finally:
            self._reserved.remove(cost)
            await asyncio.shield(self._notify())

    async def _notify(self) -> None:
        async with self._settled:
            self._settled.notify_all()


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """What a set of requests would still take.

    Args:
        images: all requests, one per image.
        stored: those that have an outcome in the store.
        requests: those to send, one attempt each.
        prompt_tokens: of the questions to send.
        completion_tokens: of their replies.
        usd: asked live; None if prices.yaml lacks the model.
        usd_batch: asked in batches; None as above.
        seconds: asked live.
        measured: whether length and time of a reply come from the store, rather than from an assumption.
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

    def line(self, name: str) -> str:
        """Return the estimate as one line of text."""
        money = "price unknown" if self.usd is None else f"${self.usd:.2f} live, ${self.usd_batch:.2f} in batches"
        tokens = f"{self.prompt_tokens:,} + {self.completion_tokens:,} tokens"
        time = f"{self.seconds / 60:.1f} min live ({'measured' if self.measured else 'a guess'})"
        counts = f"{self.images:,} images, {self.stored:,} stored, {self.requests:,} requests"
        return f"{name}: {counts}, {tokens}, {money}, {time}"


def estimate(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], Any],
    endpoint: Endpoint,
    store: Store,
    min_words: int,
    max_words: int,
) -> Estimate:
    """Count what is still to be asked, and what it would take. A text counts one token per four characters.

    Length and time of a reply are measured on replies of the same model to the same prompts, once there are `ENOUGH_REPLIES`;
    before that, a reply is assumed to be half way between `min_words` and `max_words`.
    """
    outcomes = (replay(name, request, endpoint, store, accept, store.error) for name, request in requests.items())
    questions = [outcome.question for outcome in outcomes if isinstance(outcome, Pending)]
    price = pricing.price_of(endpoint.model)
    prompt_tokens = sum(pricing.prompt_tokens(price, question, question.load_image()) for question in questions)
    past = _usage_of(store, endpoint.model, {request.prompt_version for request in requests.values()})
    measured = past.replies >= ENOUGH_REPLIES
    if measured:
        tokens_per_reply, seconds_per_reply = past.completion_tokens / past.replies, past.seconds / past.replies
    else:
        tokens_per_reply, seconds_per_reply = (min_words + max_words) / 2 / WORDS_PER_TOKEN, SECONDS_PER_REPLY
    completion_tokens = round(tokens_per_reply * len(questions))
    return Estimate(
        images=len(requests),
        stored=len(requests) - len(questions),
        requests=len(questions),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        usd=price.cost(prompt_tokens, completion_tokens) if price else None,
        usd_batch=price.cost(prompt_tokens, completion_tokens, batch=True) if price else None,
        seconds=seconds_per_reply * len(questions) / max(1, endpoint.concurrency),
        measured=measured,
    )


def _usage_of(store: Store, model: str, prompt_versions: set[str]) -> Usage:
    """Return what a model's replies to some prompts have taken, batches excluded."""
    total = Usage()
    for group, usage in store.usage().items():
        if group.model == model and group.prompt_version in prompt_versions and not group.batch:
            total.completion_tokens += usage.completion_tokens
            total.replies += usage.replies
            total.seconds += usage.seconds
    return total

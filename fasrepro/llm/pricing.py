"""What a request costs: tokens by the provider's published rule, prices from prices.yaml, and a budget that is never passed."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import functools
import math
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from fasrepro.llm import batch_journal, png
from fasrepro.llm.store import Store
from fasrepro.llm.types import FILTERED, ChatRequest

TABLE = Path(__file__).with_name("prices.yaml")
CHARACTERS_A_TOKEN = 4.0  # of English, as providers say; `SAFETY` covers what the rule misses
SAFETY = 1.3
MESSAGE_TOKENS = 12  # of a system and a user message, around their texts
MILLION = 1_000_000


class PriceError(ValueError):
    """A price that is needed and not known; the message names the file to mend."""


class BudgetError(ValueError):
    """The next request is not covered by the budget; the message says how to go on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Price:
    """USD a million tokens; `batch` is the share of it that the Batch API asks; `image` the rule for an image's tokens."""

    input: float
    output: float
    batch: float
    image: dict[str, Any]

    def cost(self, prompt_tokens: float, completion_tokens: float, batch: bool = False) -> float:
        """Return USD."""
        live = (prompt_tokens * self.input + completion_tokens * self.output) / MILLION
        return live * self.batch if batch else live


@functools.cache
def table() -> tuple[datetime.date, str, dict[str, Price]]:
    """Return when the table was checked and by what evidence, and the prices by model."""
    read = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return read["checked"], read["evidence"], {name: Price(**entry) for name, entry in read["models"].items()}


def price_of(model: str) -> Price | None:
    """Return a model's price: under its name, its name without a date, or the simulated one without its version; or None."""
    prices = table()[2]
    family = re.sub(r"-\d{4}-\d{2}-\d{2}$|(?<=^simulated-annotator)-\w+$|(?<=^simulated-reader)-\w+$", "", model)
    return prices.get(model, prices.get(family))


FREE = Price(0.0, 0.0, 1.0, {"fixed": 0})


def needed_price(model: str, local: bool) -> Price:
    """Return a model's price; one on this machine (`local`) that has none is free. Raises `PriceError` where there is none."""
    price = price_of(model) or (FREE if local else None)
    if price is None:
        raise PriceError(
            f"no price is known of model {model!r}, so annotator.budget_usd cannot be kept: add it to"
            f" fasrepro/captions/{TABLE.name}, with 0 if it costs you nothing"
        )
    return price


def image_tokens(rule: Mapping[str, Any], width: int, height: int) -> int:
    """Return the tokens of an image of `width` x `height` pixels by a rule of prices.yaml. Raises `PriceError`."""
    if "fixed" in rule:
        return int(rule["fixed"])
    if "tiles" in rule:
        scale = min(1.0, 2048 / max(width, height))
        scale *= min(1.0, 768 / (min(width, height) * scale))
        tiles = math.ceil(width * scale / 512) * math.ceil(height * scale / 512)
        return int(rule["tiles"]["base"] + rule["tiles"]["tile"] * tiles)
    if "patches" in rule:
        return math.ceil(_patches(width, height, int(rule["patches"]["most"])) * rule["patches"]["multiplier"])
    raise PriceError(f"{TABLE.name}: image: {dict(rule)} is none of fixed, tiles, patches")


def _patches(width: int, height: int, most: int) -> int:
    """Return how many 32 px squares cover an image, once it is scaled down to at most `most` of them."""
    if math.ceil(width / 32) * math.ceil(height / 32) <= most:
        return math.ceil(width / 32) * math.ceil(height / 32)
    scale = math.sqrt(32 * 32 * most / (width * height))
    across, down = width * scale / 32, height * scale / 32
    scale *= min(math.floor(across) / across, math.floor(down) / down)  # so that one side is whole squares
    # Rounded, because the scale's last digit must not add a square.
    return math.ceil(round(width * scale / 32, 6)) * math.ceil(round(height * scale / 32, 6))


def text_tokens(characters: int) -> int:
    """Return about how many tokens a text has; a rule of thumb, since each provider's tokenizer is another."""
    return math.ceil(characters / CHARACTERS_A_TOKEN)


def prompt_tokens(price: Price | None, request: ChatRequest, image: bytes | None) -> int:
    """Return about how many tokens a question has; an image counts 0 where its model's rule is not known."""
    tokens = MESSAGE_TOKENS + text_tokens(len(request.system) + len(request.user))
    if image is not None and price is not None:
        tokens += image_tokens(price.image, *png.size(image))
    return tokens


def most(price: Price | None, request: ChatRequest, image: bytes | None, max_tokens: int) -> dict[str, int]:
    """Return the tokens that a request may come to at most."""
    return {
        "prompt_tokens": math.ceil(SAFETY * prompt_tokens(price, request, image)),
        "completion_tokens": max_tokens,
    }


def spent(store: Store) -> float:
    """Return the USD that all attempts in the store have cost, those of other processes too, as far as prices are known."""
    return sum(
        price.cost(used.prompt_tokens, used.completion_tokens, asked.batch)
        for asked, used in store.used().items()
        if (price := price_of(asked.model)) is not None
    )


class UnderWay:
    """What is under way in batches beside a store, read again when another process sends or collects some."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: tuple[tuple[int, int], int] | None = None
        self._batches: dict[str, batch_journal.Batch] = {}
        self._usd = 0.0

    def batches(self) -> dict[str, batch_journal.Batch]:
        """Return the batch that each request is in, by its key."""
        self._look()
        return self._batches

    def usd(self) -> float:
        """Return what is not collected yet may come to, as far as prices are known."""
        self._look()
        return self._usd

    def _look(self) -> None:
        folder = self._store.path.parent
        collected = sum(used.replies for asked, used in self._store.used().items() if asked.batch)
        if (seen := (batch_journal.stamp(folder), collected)) == self._seen:
            return
        batches = batch_journal.batches(folder)
        self._seen, self._batches = seen, {key: batch for batch in batches for key in batch.requests}
        self._usd = sum(
            price.cost(**asked["most"], batch=True)
            for batch in batches
            if (price := price_of(batch.model)) is not None
            for key, asked in batch.requests.items()
            if "most" in asked and key not in self._store
        )


def billed(answer: Mapping[str, Any], most: dict[str, int]) -> dict[str, int]:
    """Return the tokens that a reply is paid for: those that the server counts, else the most there may be.

    A question that a filter stopped, which nobody has served, has no reply to pay for.
    """
    if answer["usage"]:
        return answer["usage"]
    stopped = answer["finish_reason"] == FILTERED and "served" not in answer
    return most | {"completion_tokens": 0} if stopped else most


def exceeded(limit: float, already: float, cost: float, again: str) -> str:
    """Say that a request is not covered, and how to go on: by the command `again`."""
    return (
        f"the budget of ${limit:g} (annotator.budget_usd) does not cover the next request: ${already:.4f} are spent, or under way"
        f" in batches, and it may come to ${cost:.4f}. All replies are kept: with a larger budget, `{again}` goes on from there"
    )


class Budget:
    """Money that may be spent: what was, and what requests under way may come to at most. Never passed, unless a server bills
    more than a request's prompt by our rule with `SAFETY`, and all of its `max_tokens`.

    `spent()` gives the USD that were spent by now; what a request used must be in it before its `affordable` ends. `limit` None:
    no bound. `price` None: nothing is reserved.
    """

    def __init__(self, limit: float | None, spent: Callable[[], float], price: Price | None) -> None:
        self.limit, self.spent, self.price = limit, spent, price
        self._reserved: list[float] = []  # of each request under way; a sum kept up by adding would end near zero, and not at it
        self._settled = asyncio.Condition()

    def cost(self, bill: Mapping[str, float]) -> float:
        """Return USD of "prompt_tokens" and "completion_tokens"."""
        return self.price.cost(bill["prompt_tokens"], bill["completion_tokens"]) if self.price and bill else 0.0

    @contextlib.asynccontextmanager
    async def affordable(self, most: Mapping[str, float]) -> AsyncIterator[None]:
        """Wait until a request that uses `most` tokens can be paid, and keep the money for it.

        Raises `BudgetError` when all is paid that was under way and the budget still does not cover it.
        """
        cost = self.cost(most)
        async with self._settled:
            while self.limit is not None and (spent := self.spent()) + sum(self._reserved) + cost > self.limit:
                if not self._reserved:
                    raise BudgetError(exceeded(self.limit, spent, cost, "dvc repro"))
                await self._settled.wait()
            self._reserved.append(cost)
        try:
            yield
        finally:
            self._reserved.remove(cost)
            await asyncio.shield(self._tell())

    async def _tell(self) -> None:
        async with self._settled:
            self._settled.notify_all()

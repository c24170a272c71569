"""What a request costs: its tokens by the provider's published rules, and prices from prices.yaml."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fasrepro.llm import png
from fasrepro.llm.types import FILTERED, ChatRequest

PRICES = Path(__file__).with_name("prices.yaml")
CHARACTERS_PER_TOKEN = 4.0  # of English, as providers say; `SAFETY` covers what this rule misses
SAFETY = 1.3
MESSAGE_TOKENS = 12  # of a system and a user message, around their texts
MILLION = 1_000_000
ABSURD = 100  # times what a question may take at most: no usage that a server reports exceeds it
# Models that nobody can run on a machine of their own: a local server that has one passes questions on, and is billed for them.
HOSTED = re.compile(r"(?:^|[/:@])(?:gpt-[3-9]|chatgpt|o[1-9](?:$|-)|claude|gemini|grok|qwen-vl-(?:max|plus))", re.IGNORECASE)


class PriceError(ValueError):
    """A price that is needed and not known; the message names the file to mend."""


@dataclasses.dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens.

    Args:
        input: of the question.
        output: of the reply.
        batch: the share of both that the Batch API charges.
        image: the rule for an image's tokens, as prices.yaml states it.
    """

    input: float
    output: float
    batch: float
    image: dict[str, Any]

    def cost(self, prompt_tokens: float, completion_tokens: float, batch: bool = False) -> float:
        """Return USD.

        >>> Price(2.5, 10.0, 0.5, {"fixed": 0}).cost(1_000_000, 100_000, batch=True)
        1.75
        """
        live = (prompt_tokens * self.input + completion_tokens * self.output) / MILLION
        return live * self.batch if batch else live


FREE = Price(0.0, 0.0, 1.0, {"fixed": 0})


@dataclasses.dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices by model, when they were checked, and by what evidence."""

    checked: datetime.date
    evidence: str
    models: dict[str, Price]


@functools.cache
def price_table() -> PriceTable:
    """Read prices.yaml."""
    content = yaml.safe_load(PRICES.read_text(encoding="utf-8"))
    models = {name: Price(**entry) for name, entry in content["models"].items()}
    return PriceTable(content["checked"], content["evidence"], models)


def price_of(model: str) -> Price | None:
    """Return the price of a model, by its name, or by its name without provider, date or a simulated model's version.

    None if it is unknown.
    """
    models = price_table().models
    model = model if model in models else model.rpartition("/")[2]  # proxies put the provider in front
    family = re.sub(r"-\d{4}-\d{2}-\d{2}$|(?<=^simulated-annotator)-\w+$|(?<=^simulated-reader)-\w+$", "", model)
    return models.get(model, models.get(family))


def required_price(model: str, local: bool) -> Price:
    """Return the price of a model; one on this machine (`local`) is free if the table lacks it. Raises `PriceError`.

    A model that is known to be hosted is not free behind a proxy on this machine either.
    """
    price = price_of(model) or (FREE if local and not HOSTED.search(model) else None)
    if price is None:
        raise PriceError(
            f"no price is known of model {model!r}, so annotator.budget_usd cannot be kept: add it to"
            f" fasrepro/llm/{PRICES.name}, with 0 if it costs you nothing"
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
    raise PriceError(f"{PRICES.name}: image: {dict(rule)} is none of fixed, tiles, patches")


def _patches(width: int, height: int, most: int) -> int:
    """Return how many squares of 32 px cover an image that is first scaled down to at most `most` of them."""
    patches = math.ceil(width / 32) * math.ceil(height / 32)
    if patches <= most:
        return patches
    scale = math.sqrt(32 * 32 * most / (width * height))
    across, down = width * scale / 32, height * scale / 32
    scale *= min(math.floor(across) / across, math.floor(down) / down)  # makes one side whole squares
    # Rounded, because the last digit of the scale must not add a square.
    return math.ceil(round(width * scale / 32, 6)) * math.ceil(round(height * scale / 32, 6))


def text_tokens(characters: int) -> int:
    """Return roughly how many tokens a text has; only a rule of thumb, because tokenizers differ between providers."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


def prompt_tokens(price: Price | None, request: ChatRequest, image: bytes | None) -> int:
    """Return roughly how many tokens a question has; an image counts 0 if its model's rule is not known."""
    tokens = MESSAGE_TOKENS + text_tokens(len(request.system) + len(request.user))
    if image is not None and price is not None:
        tokens += image_tokens(price.image, *png.size(image))
    return tokens


def max_usage(price: Price | None, request: ChatRequest, image: bytes | None, max_tokens: int) -> dict[str, int]:
    """Return the most tokens that a request may take."""
    return {
        "prompt_tokens": math.ceil(SAFETY * prompt_tokens(price, request, image)),
        "completion_tokens": max_tokens,
    }


def check_served(price: Price | None, model: str, served: str) -> None:
    """Raise `PriceError` if a model that was taken to cost nothing turns out to be another one, which is billed.

    Args:
        price: by which `model` is counted.
        model: as it was asked for.
        served: as the server calls what answered.
    """
    actual = price_of(served)
    if price is FREE and ((actual and actual.cost(1, 1)) or (actual is None and HOSTED.search(served))):
        raise PriceError(
            f"model {model!r} is taken to be free, as it is served on this machine, but {served!r} answers: add {model!r} with"
            f" its price to fasrepro/llm/{PRICES.name}, so that annotator.budget_usd is kept"
        )


def billed_usage(reply: Mapping[str, Any], max_usage: dict[str, int]) -> dict[str, int]:
    """Return the tokens that a reply is billed for: as the server counts them, else the most there may be.

    A count that cannot be, such as none for a text, or a hundred times the most, is replaced by the most. A question that a
    filter stopped before any model saw it is billed for its prompt alone.
    """
    if reply["usage"]:
        least = {"prompt_tokens": 1, "completion_tokens": 1 if reply["text"] else 0}
        return {
            name: tokens if least[name] <= tokens <= ABSURD * max(1, max_usage.get(name, 1)) else max_usage.get(name, 0)
            for name, tokens in reply["usage"].items()
        }
    stopped = reply["finish_reason"] == FILTERED and "served" not in reply
    return max_usage | {"completion_tokens": 0} if stopped else max_usage

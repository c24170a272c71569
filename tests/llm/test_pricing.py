from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fasrepro.llm import pricing
from fasrepro.llm.types import ChatRequest

TILES = {"tiles": {"base": 85, "tile": 170}}
PATCHES = {"patches": {"multiplier": 1.0, "most": 1536}}


@pytest.mark.parametrize(
    ("rule", "width", "height", "tokens"),
    [
        (TILES, 1024, 1024, 765),  # the provider's own examples: scaled to 768 x 768, four squares
        (TILES, 2048, 4096, 1105),  # to 1024 x 2048, then 768 x 1536: six squares
        (TILES, 80, 80, 255),  # never scaled up: one square
        (PATCHES, 1024, 1024, 1024),  # the provider's own examples
        (PATCHES, 1800, 2400, 1452),
        (PATCHES, 79, 79, 9),
        ({"patches": {"multiplier": 1.62, "most": 1536}}, 1024, 1024, 1659),
        ({"fixed": 7}, 10, 10, 7),
    ],
)
def test_image_tokens_by_the_published_rules(rule: dict[str, object], width: int, height: int, tokens: int) -> None:
    assert pricing.image_tokens(rule, width, height) == tokens


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_patches_are_never_more_than_the_most(width: int, height: int) -> None:
    assert 1 <= pricing.image_tokens(PATCHES, width, height) <= 1536


def test_an_unknown_rule_names_the_file() -> None:
    with pytest.raises(pricing.PriceError, match=r"prices\.yaml: image: .* is none of fixed, tiles, patches"):
        pricing.image_tokens({"stripes": 1}, 1, 1)


def test_every_model_of_the_table_can_be_priced() -> None:
    checked, evidence, prices = pricing.table()
    assert checked.year >= 2026 and evidence and {"gpt-4o", "gpt-4o-mini"} <= set(prices)
    for price in prices.values():
        assert 0 <= price.input <= price.output and 0 < price.batch <= 1
        assert pricing.image_tokens(price.image, 300, 200) >= 0


def test_a_model_is_found_by_its_family() -> None:
    assert pricing.price_of("gpt-4o-2024-11-20") == pricing.price_of("gpt-4o")
    assert pricing.price_of("gpt-4o-mini-2024-07-18") == pricing.price_of("gpt-4o-mini") != pricing.price_of("gpt-4o")
    assert pricing.price_of("simulated-annotator-11a69a74") == pricing.price_of("simulated-annotator")
    assert pricing.price_of("my-model") is None
    assert pricing.needed_price("my-model", local=True) == pricing.FREE
    with pytest.raises(pricing.PriceError, match=r"'my-model'.*prices\.yaml"):
        pricing.needed_price("my-model", local=False)


def test_cost_is_tokens_by_price_and_half_in_a_batch() -> None:
    price = pricing.Price(2.5, 10.0, 0.5, TILES)
    assert price.cost(1_000_000, 100_000) == pytest.approx(3.5)
    assert price.cost(1_000_000, 100_000, batch=True) == pytest.approx(1.75)


def test_the_most_that_a_request_may_use_holds_its_image_and_all_of_its_reply() -> None:
    data = io.BytesIO()
    Image.new("RGB", (1024, 1024)).save(data, "PNG")
    request = ChatRequest("a" * 400, "b" * 400, "v")
    price = pricing.Price(1.0, 1.0, 0.5, TILES)
    found = pricing.most(price, request, data.getvalue(), 600)
    assert found == {"prompt_tokens": 1271, "completion_tokens": 600}  # ceil(1.3 * (12 + 200 + 765))
    with pytest.raises(ValueError, match="not a PNG file"):
        pricing.most(price, request, b"JFIF", 600)


def test_a_budget_waits_for_what_is_under_way_before_it_gives_up() -> None:
    price = pricing.Price(1.0, 1.0, 0.5, TILES)
    most = {"prompt_tokens": 400_000, "completion_tokens": 0}
    seen: list[str] = []
    spent = [0.1]

    async def request(budget: pricing.Budget, name: str, used: int) -> None:
        async with budget.affordable(most):
            seen.append(f"{name} sent")
            await asyncio.sleep(0.01)
            spent.append(price.cost(used, 0))

    async def everything() -> pricing.Budget:
        budget = pricing.Budget(1.0, lambda: sum(spent), price)  # room for two at a time
        await asyncio.gather(*(request(budget, name, 100_000) for name in "abcdef"))
        with pytest.raises(pricing.BudgetError, match=r"budget of \$1 .*\$0\.7000 are spent.*\$0\.4000.*larger budget"):
            await request(budget, "g", 1)
        return budget

    asyncio.run(everything())
    assert seen == [f"{name} sent" for name in "abcdef"]
    assert sum(spent) == pytest.approx(0.7)


@given(st.lists(st.integers(100, 999), min_size=3, max_size=40), st.floats(0.001, 0.01))
def test_a_budget_that_is_used_up_ends_whatever_was_under_way_and_is_never_passed(sizes: list[int], limit: float) -> None:
    price, spent = pricing.Price(2.5, 10.0, 0.5, TILES), [0.0]

    async def worker(budget: pricing.Budget, waiting: Iterator[int]) -> None:
        for size in waiting:
            async with budget.affordable({"prompt_tokens": size, "completion_tokens": 100}):
                await asyncio.sleep(0)
                spent.append(price.cost(size, 90))

    async def everything() -> None:
        waiting, budget = iter(sizes * 9), pricing.Budget(limit, lambda: sum(spent), price)
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*(worker(budget, waiting) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(end, pricing.BudgetError) for end in ended if end is not None)
        assert next(waiting, None) is None or any(ended)

    asyncio.run(everything())
    assert sum(spent) <= limit

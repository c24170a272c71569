from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions import annotate
from fasrepro.captions.styles import STYLES
from fasrepro.llm import budget, pricing
from fasrepro.llm.store import RequestGroup, Store
from fasrepro.simulation.annotator.server import application, serve
from tests.captions.test_annotate import endpoint
from tests.llm.test_pricing import TILES

STYLE, OTHER = STYLES["vanilla"], STYLES["reasoning"]


def estimated(world: Any, store: Store, count: int, **changes: Any) -> budget.Estimate:
    requests, accept = annotate.requests_for(world.faces[:count], world.crops, STYLE, True)
    server = endpoint("http://127.0.0.1/v1", **changes)
    return budget.estimate(requests, accept, server, store, STYLE.min_words, STYLE.max_words)


def test_an_estimate_assumes_lengths_before_anything_is_stored(world: Any, tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        estimate = estimated(world, store, 30, model="gpt-4o", concurrency=5)
    assert (estimate.images, estimate.stored, estimate.requests, estimate.measured) == (30, 0, 30, False)
    # 20 x 24 pixels are one square: 255 tokens. Twelve around the messages, and one per four characters of text.
    texts = [len(STYLE.system()) + len(STYLE.aware_prompt(face.label, face.species)) for face in world.faces[:30]]
    assert estimate.prompt_tokens == sum(12 + -(-characters // 4) + 255 for characters in texts)
    assert estimate.completion_tokens == round(30 * (8 + 120) / 2 / 0.75)
    assert estimate.usd == pytest.approx((estimate.prompt_tokens * 2.5 + estimate.completion_tokens * 10) / 1e6)
    assert estimate.usd_batch == pytest.approx(estimate.usd / 2) and estimate.seconds == 30 * 5.0 / 5
    assert "30 images, 0 stored, 30 requests" in estimate.line("vanilla")


def test_an_estimate_measures_stored_replies_and_does_not_repeat_them(world: Any, tmp_path: Path) -> None:
    app = application(world.annotator(refusal=0.3))
    with serve(app) as url, Store(tmp_path) as store:
        annotate.annotate(world.faces[:25], world.crops, STYLE, endpoint(url), store, True)
        estimate = estimated(world, store, 40)
        usage = store.usage()[RequestGroup("m", STYLE.prompt_version(True), batch=False)]
        other = budget.estimate(*annotate.requests_for(world.faces, world.crops, OTHER, True), endpoint(url), store, 30, 90)
    assert (estimate.images, estimate.stored, estimate.requests, estimate.measured) == (40, 25, 15, True)
    assert estimate.completion_tokens == round(15 * usage.completion_tokens / usage.replies)
    assert (other.measured, other.completion_tokens) == (
        False,
        round(45 * 60 / 0.75),
    )  # the store has no replies to it
    assert estimate.usd is None and "price unknown" in estimate.line("vanilla")


def test_a_budget_waits_for_requests_in_flight_before_it_gives_up() -> None:
    price = pricing.Price(1.0, 1.0, 0.5, TILES)
    most = {"prompt_tokens": 400_000, "completion_tokens": 0}
    seen: list[str] = []
    spent = [0.1]

    async def request(bound: budget.Budget, name: str, tokens: int) -> None:
        async with bound.reserve(most):
            seen.append(f"{name} sent")
            await asyncio.sleep(0.01)
            spent.append(price.cost(tokens, 0))

    async def everything() -> budget.Budget:
        bound = budget.Budget(1.0, lambda: sum(spent), price)  # room for two at a time
        await asyncio.gather(*(request(bound, name, 100_000) for name in "abcdef"))
        with pytest.raises(budget.BudgetError, match=r"budget of \$1 .*\$0\.7000 are spent.*\$0\.4000.*larger budget"):
            await request(bound, "g", 1)
        return bound

    asyncio.run(everything())
    assert seen == [f"{name} sent" for name in "abcdef"]
    assert sum(spent) == pytest.approx(0.7)


@given(st.lists(st.integers(100, 999), min_size=3, max_size=40), st.floats(0.001, 0.01))
def test_a_budget_is_never_exceeded_by_requests_in_flight(sizes: list[int], limit: float) -> None:
    price, spent = pricing.Price(2.5, 10.0, 0.5, TILES), [0.0]

    async def worker(bound: budget.Budget, waiting: Iterator[int]) -> None:
        for size in waiting:
            async with bound.reserve({"prompt_tokens": size, "completion_tokens": 100}):
                await asyncio.sleep(0)
                spent.append(price.cost(size, 90))

    async def everything() -> None:
        waiting, bound = iter(sizes * 9), budget.Budget(limit, lambda: sum(spent), price)
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*(worker(bound, waiting) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(end, budget.BudgetError) for end in ended if end is not None)
        assert next(waiting, None) is None or any(ended)

    asyncio.run(everything())
    assert sum(spent) <= limit

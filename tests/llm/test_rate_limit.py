from __future__ import annotations

import asyncio
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.llm.rate_limit import Pace


@given(st.integers(1, 64), st.lists(st.booleans(), max_size=60))
def test_the_limit_stays_between_one_and_the_most(most: int, throttled: list[bool]) -> None:
    pace = Pace(most)
    for number, slower in enumerate(throttled):
        pace.throttled(number, 0.0) if slower else pace.answered()
        assert 1 <= pace.limit <= most


def test_one_throttled_round_halves_once_and_answers_find_the_way_up() -> None:
    pace = Pace(16)
    for _ in range(16):  # all requests of the round are throttled
        pace.throttled(0, 0.0)
    assert pace.limit == 8
    pace.throttled(1, 0.0)
    assert pace.limit == 4
    for _ in range(5):  # a round of about four answers makes room for one more
        pace.answered()
    assert 5 <= pace.limit < 5.2
    for _ in range(200):
        pace.answered()
    assert pace.limit == 16


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(1, 30))
def test_no_more_are_under_way_than_the_limit_and_all_get_their_turn(most: int, requests: int) -> None:
    now = peak = done = 0

    async def one(pace: Pace) -> None:
        nonlocal now, peak, done
        async with pace.slot():
            now += 1
            peak = max(peak, now)
            await asyncio.sleep(0)
            now -= 1
            done += 1

    async def everything() -> None:
        pace = Pace(most)
        await asyncio.gather(*(one(pace) for _ in range(requests)))

    asyncio.run(everything())
    assert peak <= most and done == requests


def test_nothing_is_sent_while_the_server_asks_for_silence() -> None:
    async def waited() -> float:
        pace = Pace(4)
        pace.throttled(0, 0.1)
        began = time.monotonic()
        async with pace.slot():
            return time.monotonic() - began

    assert asyncio.run(waited()) >= 0.09

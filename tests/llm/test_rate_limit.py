from __future__ import annotations

import asyncio
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.llm.rate_limit import RateLimit


@given(st.integers(1, 64), st.lists(st.booleans(), max_size=60))
def test_the_limit_stays_between_one_and_its_maximum(most: int, throttled: list[bool]) -> None:
    limiter = RateLimit(most)
    for number, slower in enumerate(throttled):
        limiter.throttled(number, 0.0) if slower else limiter.answered()
        assert 1 <= limiter.limit <= most


def test_a_throttled_round_halves_the_limit_once_and_answers_raise_it() -> None:
    limiter = RateLimit(16)
    for _ in range(16):  # every request of the round is throttled
        limiter.throttled(0, 0.0)
    assert limiter.limit == 8
    limiter.throttled(1, 0.0)
    assert limiter.limit == 4
    for _ in range(5):  # a round of about four answers makes room for one more
        limiter.answered()
    assert 5 <= limiter.limit < 5.2
    for _ in range(200):
        limiter.answered()
    assert limiter.limit == 16


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(1, 30))
def test_requests_in_flight_never_exceed_the_limit_and_all_are_sent(most: int, requests: int) -> None:
    running = peak = done = 0

    async def one(limiter: RateLimit) -> None:
        nonlocal running, peak, done
        async with limiter.slot():
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0)
            running -= 1
            done += 1

    async def everything() -> None:
        limiter = RateLimit(most)
        await asyncio.gather(*(one(limiter) for _ in range(requests)))

    asyncio.run(everything())
    assert peak <= most and done == requests


def test_nothing_is_sent_during_a_retry_after() -> None:
    async def waited() -> float:
        limiter = RateLimit(4)
        limiter.throttled(0, 0.1)
        began = time.monotonic()
        async with limiter.slot():
            return time.monotonic() - began

    assert asyncio.run(waited()) >= 0.09

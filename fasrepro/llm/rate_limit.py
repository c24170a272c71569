"""A limit on the requests in flight: lower after a throttle, higher again while there is none (AIMD, as in TCP)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

DECREASE = 0.5  # what a throttle leaves of the limit
LEAST = 1.0  # what is always allowed


class RateLimit:
    """A limit on requests in flight, in [1, `most`]: halved by a throttle, raised by one per round of answers.

    It starts at `most`, so that nothing ever waits for a server that does not throttle.
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit = float(max(1, most)), float(max(1, most))
        self.running = 0
        self._not_before = 0.0  # from a Retry-After, which binds all requests
        self._round = 0  # the other requests of a throttled round do not lower the limit again
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Wait until a request may be sent, and hold its place; yield the round that it belongs to."""
        async with self._changed:
            while True:
                wait = self._not_before - time.monotonic()
                if wait <= 0 and self.running < max(1, int(self.limit)):
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait if wait > 0 else None):
                        await self._changed.wait()
            self.running += 1
        try:
            yield self._round
        finally:
            self.running -= 1
            await asyncio.shield(self._notify())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def throttled(self, round_: int, wait: float) -> None:
        """Lower the limit after a request of `round_` was throttled; send nothing for `wait` seconds."""
        self.pause(wait)
        if round_ == self._round:
            self._round += 1
            self.limit = max(LEAST, self.limit * DECREASE)

    def pause(self, seconds: float) -> None:
        """Send nothing for so many seconds."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def answered(self) -> None:
        """Raise the limit a little after a request that was not throttled."""
        self.limit = min(self.most, self.limit + 1 / self.limit)

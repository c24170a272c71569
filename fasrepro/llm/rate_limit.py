"""How many requests are under way at once: fewer when the server throttles, more again while it does not (AIMD, as TCP does)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

SLOWER, LEAST = 0.5, 1.0  # what a throttle leaves of the limit, and what is always allowed


class Pace:
    """A limit on requests under way, in [1, `most`]: halved by a throttle, raised by one a round of answers.

    Begins at `most`, so that a server that never throttles is never waited for.
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit = float(max(1, most)), float(max(1, most))
        self.running = 0
        self._not_before = 0.0  # what a Retry-After asks of all of us
        self._round = 0  # requests of a round that was throttled do not throttle the next once more
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Wait until a request may be sent, and hold its place; yield the round to which it belongs."""
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
            await asyncio.shield(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def throttled(self, round_: int, wait: float) -> None:
        """Slow down after an answer to a request of `round_`; nothing is sent for `wait` seconds."""
        self.wait(wait)
        if round_ == self._round:
            self._round += 1
            self.limit = max(LEAST, self.limit * SLOWER)

    def wait(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def answered(self) -> None:
        """Speed up a little after a request that was not throttled."""
        self.limit = min(self.most, self.limit + 1 / self.limit)

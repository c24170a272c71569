"""Replies on their way to the disk: what comes while it is busy is written next, in one write, and waited for once."""

from __future__ import annotations

import asyncio
from typing import Any

from fasrepro.llm.store import Store


class Keeper:
    """Writes what several tasks of one event loop have for `store`, in a thread, since a disk takes milliseconds."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._waiting: list[dict[str, Any]] = []  # what the next write takes
        self._next: asyncio.Task[None] | None = None
        self._writes: set[asyncio.Task[None]] = set()  # the next, and the one under way
        self._disk = asyncio.Lock()

    async def keep(self, record: dict[str, Any]) -> None:
        """Return when `record` is on the disk; it gets there also if who waits is cancelled. Raises as `Store.append` does."""
        self._waiting.append(record)
        if self._next is None:
            self._next = asyncio.create_task(self._write())
            self._writes.add(self._next)
            self._next.add_done_callback(self._writes.discard)
        await asyncio.shield(self._next)

    async def all_kept(self) -> None:
        """Return when all that was ever given to `keep` is on the disk. Raises as `Store.append` does."""
        await asyncio.gather(*self._writes)

    async def _write(self) -> None:
        async with self._disk:
            records, self._waiting, self._next = self._waiting, [], None
            await asyncio.to_thread(self.store.append, *records)

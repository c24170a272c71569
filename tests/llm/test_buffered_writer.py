from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from fasrepro.llm.buffered_writer import Keeper
from fasrepro.llm.store import Store, StoreError


class SlowDisk:
    """A store whose writes wait until `go` is set."""

    def __init__(self, store: Store) -> None:
        self.store, self.go, self.began = store, threading.Event(), threading.Event()
        self.writes: list[list[str]] = []

    def append(self, *records: dict[str, Any]) -> None:
        self.writes.append([record["key"] for record in records])
        self.began.set()
        self.go.wait(10)
        self.store.append(*records)


def reply(key: str) -> dict[str, Any]:
    return {"key": key, "text": f"of {key}"}


def keys(folder: Path) -> set[str]:
    with Store(folder) as store:
        return {key for key in map(str, range(100)) if key in store}


def test_what_comes_while_the_disk_is_busy_is_written_at_once(tmp_path: Path) -> None:
    async def everything(disk: SlowDisk) -> None:
        keeper = Keeper(disk)  # type: ignore[arg-type]
        first = asyncio.create_task(keeper.keep(reply("0")))
        await asyncio.to_thread(disk.began.wait, 10)
        others = [asyncio.create_task(keeper.keep(reply(str(number)))) for number in range(1, 100)]
        await asyncio.sleep(0)
        assert not first.done()
        disk.go.set()
        await first
        assert "0" in disk.store and "1" not in disk.store
        await asyncio.gather(*others)
        assert "99" in disk.store  # who waited goes on once it is there, and not before
        await keeper.keep(reply("0"))  # the next write begins anew

    with Store(tmp_path) as store:
        disk = SlowDisk(store)
        asyncio.run(everything(disk))
    assert disk.writes == [["0"], [str(number) for number in range(1, 100)], ["0"]]
    assert keys(tmp_path) == set(map(str, range(100)))


def test_who_is_cancelled_loses_nothing(tmp_path: Path) -> None:
    async def everything(disk: SlowDisk) -> None:
        keeper = Keeper(disk)  # type: ignore[arg-type]
        waiting = [asyncio.create_task(keeper.keep(reply("0")))]
        await asyncio.to_thread(disk.began.wait, 10)
        waiting += [asyncio.create_task(keeper.keep(reply(key))) for key in "12"]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        assert all(isinstance(found, asyncio.CancelledError) for found in await asyncio.gather(*waiting, return_exceptions=True))
        disk.go.set()
        await keeper.all_kept()
        assert keys(tmp_path) == {"0", "1", "2"}

    with Store(tmp_path) as store:
        asyncio.run(everything(SlowDisk(store)))


def test_a_full_disk_is_told_to_all_who_wait(tmp_path: Path) -> None:
    async def everything(keeper: Keeper) -> list[Any]:
        return await asyncio.gather(*(keeper.keep(reply(key)) for key in "abc"), return_exceptions=True)

    class FullDisk:
        def append(self, *records: dict[str, Any]) -> None:
            raise StoreError(f"full after {len(records)}")

    found = asyncio.run(everything(Keeper(FullDisk())))  # type: ignore[arg-type]
    assert [str(error) for error in found] == ["full after 3"] * 3

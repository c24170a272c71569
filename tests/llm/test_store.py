from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.llm import store as store_module
from fasrepro.llm.store import (
    CHECKSUM,
    INDEX,
    SEGMENT,
    BufferedWriter,
    RequestGroup,
    Store,
    StoreError,
    Usage,
    is_intact,
    line_of,
)


def reply(key: str, text: str = "some text") -> dict[str, str]:
    return {"key": key, "text": text, "finish_reason": "stop"}


def test_replies_are_kept_on_disk_and_the_first_one_counts(tmp_path: Path) -> None:
    with Store(tmp_path / "new" / "store") as store:
        store.append(reply("a", "first"))
        store.append(reply("a", "second"))
        store.append(reply("b", "two\nlines, \u201cquoted\u201d"))
        assert store.get("c") is None
    with Store(tmp_path / "new" / "store") as store:
        assert len(store) == 2
        assert store.get("a")["text"] == "first"
        assert store.get("b")["text"] == "two\nlines, \u201cquoted\u201d"


def test_an_error_is_remembered_until_a_reply_arrives(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append({"key": "a", "error": "HTTP 500: oh"})
        assert (store.get("a"), store.error("a"), store.error("b")) == (None, "HTTP 500: oh", None)
        store.append(reply("a"))
        assert store.error("a") is None and store.get("a")["text"] == "some text"


@given(st.integers(min_value=1, max_value=200))
def test_a_torn_last_line_is_skipped_and_the_next_line_is_whole(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("store")
    with Store(folder) as store:
        store.append(reply("a", "kept"))
        store.append(reply("b", "caf\u00e9 " * 40))
    data = (folder / SEGMENT).read_bytes()
    (folder / SEGMENT).write_bytes(data[:-cut])
    with Store(folder) as store:
        assert store.get("a")["text"] == "kept"
        assert (store.get("b") is None) == (cut > 1)  # all but the line's end is a whole reply
        store.append(reply("c"))
    with Store(folder) as store:
        assert store.get("a") and store.get("c")
        assert store.torn == (1 if cut > 1 else 0)


def test_a_partial_write_is_an_error_but_its_whole_lines_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with Store(tmp_path) as store:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", lambda file, data: write(file, data[: len(data) * 2 // 3]))
            with pytest.raises(StoreError, match="is the disk full"):
                store.append(*map(reply, "012"))
        assert "0" not in store  # as of the last scan
        assert store.get("0") and store.get("1") and store.get("2") is None
        store.append(reply("3"))
    with Store(tmp_path) as store:
        assert {key for key in "0123" if key in store} == {"0", "1", "3"}


def test_a_line_torn_by_another_process_does_not_swallow_the_next(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append(reply("a"))
        with (tmp_path / SEGMENT).open("ab") as file:
            file.write(b'{"key": "torn", "te')
        assert store.get("torn") is None
        store.append(reply("b"))
        assert store.get("b") and store.get("a")
    lines = (tmp_path / SEGMENT).read_bytes().splitlines()
    assert [line.startswith(b'{"finish') for line in lines] == [True, False, True]


def write_many(folder: Path, name: str, count: int) -> None:
    with Store(folder) as store:
        for number in range(count):
            store.append(reply(f"{name}{number}", f"{name} " * 50))


def test_two_processes_can_write_at_the_same_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    with Store(tmp_path) as watcher:
        writers = [context.Process(target=write_many, args=(tmp_path, name, 150)) for name in ("x", "y")]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(30)
            assert writer.exitcode == 0
        assert all(watcher.get(f"{name}{number}") for name in ("x", "y") for number in range(150))
        assert len(watcher) == 300 and watcher.torn == 0
    assert [json.loads(line)["key"] for line in (tmp_path / SEGMENT).open()].count("x7") == 1


def test_a_full_disk_is_reported_and_loses_no_stored_reply(tmp_path: Path) -> None:
    program = f"""
import resource, signal
from pathlib import Path
from fasrepro.llm.store import Store, StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, {resource.RLIM_INFINITY}))
store = Store(Path({str(tmp_path)!r}))
try:
    for number in range(100):
        store.append({{"key": str(number), "text": "words " * 20, "finish_reason": "stop"}})
except StoreError as error:
    print(number, error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    stored = int(run.stdout.split()[0])
    assert stored > 5 and SEGMENT in run.stdout and ("disk full" in run.stdout or "cannot be written" in run.stdout)
    with Store(tmp_path) as store:
        assert len(store) == stored
        store.append(reply("after"))
        assert store.get("after") and store.get("0") and store.get(str(stored - 1))


def test_a_store_that_cannot_be_opened_names_the_variable_that_moves_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="FASREPRO_STORE"):
        Store(tmp_path / "file")


def test_usage_is_counted_by_model_including_billed_errors(tmp_path: Path) -> None:
    def record(key: str, model: str, **fields: object) -> dict[str, object]:
        return {"key": key, "request": {"model": model, "prompt_version": "v"}, **fields}

    with Store(tmp_path) as store:
        store.append(record("1", "a", text="x", usage={"prompt_tokens": 10, "completion_tokens": 2}, seconds=0.5))
        store.append(record("2", "a", text="y", usage={"prompt_tokens": 20, "completion_tokens": 3}, seconds=1.5))
        store.append(record("3", "a", error="timeout", usage={"prompt_tokens": 40, "completion_tokens": 50}))
        store.append(record("4", "a", text="z", usage={"prompt_tokens": 1, "completion_tokens": 1}, batch=True))
        store.append({"key": "5", "text": "of an older store, without request or usage"})
        usage = store.usage()
    assert usage[RequestGroup("a", "v", batch=False)] == Usage(70, 55, 2, 2.0)
    assert usage[RequestGroup("a", "v", batch=True)] == Usage(1, 1, 1, 0.0)
    with Store(tmp_path) as store:
        assert store.usage() == usage


def damage(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


def test_a_damaged_line_is_no_reply_and_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(tmp_path) as store:
        store.append(reply("a", "a wavy line"), reply("b"))
    damage(tmp_path / SEGMENT, b"wavy", b"navy")  # still JSON
    with Store(tmp_path) as store:
        assert (store.get("a"), store.damaged, store.lost) == (None, 1, 1) and store.get("b")
    assert "replies.jsonl: 1 of 2 lines are damaged or missing" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [0, 3, 9])
def test_a_store_that_lost_lines_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str], kept: int) -> None:
    with Store(tmp_path) as store:
        for number in range(10):
            store.append(reply(str(number)))
    lines = (tmp_path / SEGMENT).read_bytes().splitlines(keepends=True)
    (tmp_path / SEGMENT).write_bytes(b"".join(lines[:kept]))
    with Store(tmp_path) as store:
        assert (store.lost, len(store)) == (10 - kept, kept)
        assert f"{10 - kept} of 10 lines are damaged or missing" in capsys.readouterr().err
        store.append(reply("new"))
    with Store(tmp_path) as store:  # said once, and then gone on with
        assert store.lost == 0
    assert capsys.readouterr().err == ""


@pytest.fixture
def indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with an index, and two lines more than that."""
    monkeypatch.setattr(store_module, "INDEXED_BYTES", 700)
    with Store(tmp_path) as store:
        store.append(reply("a", "a wavy line"), reply("b"), {"key": "c", "error": "HTTP 500", "final": True})
        store.append(
            {"key": "d", "error": "timeout", "usage": {"prompt_tokens": 4, "completion_tokens": 5}}, reply("e", "x" * 500)
        )
    with Store(tmp_path) as store:
        store.append(reply("f"), reply("a", "another"))
    assert (tmp_path / INDEX).is_file()
    return tmp_path


def seen(folder: Path) -> tuple[Any, ...]:
    with Store(folder) as store:
        replies = {key: store.get(key) for key in "abcdefg"}
        return replies, store.error("d"), store.final_error("c"), store.usage(), store.rows, store.torn, store.damaged, store.lost


def test_an_index_changes_nothing_that_a_store_says(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_lines: list[bytes] = []
    read_line = Store._read_line
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_read_line", lambda self, line, offset: (read_lines.append(line), read_line(self, line, offset))[1])
        with_index = seen(indexed)
    assert len(read_lines) == 2  # those after the index
    (indexed / INDEX).unlink()
    assert with_index == seen(indexed) and with_index[0]["a"]["text"] == "a wavy line"


def test_damage_before_an_index_is_noticed(indexed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage(indexed / SEGMENT, b"wavy", b"navy")
    for _ in range(2):  # also when there is a new index
        with Store(indexed) as store:
            assert (store.damaged, store.lost, store.get("a")["text"]) == (1, 1, "another")
        assert "1 of 7 lines are damaged or missing" in capsys.readouterr().err


def test_a_store_that_was_cut_before_the_end_of_its_index_says_so(indexed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (indexed / SEGMENT).read_bytes().splitlines(keepends=True)
    (indexed / SEGMENT).write_bytes(b"".join(lines[:2]))
    with Store(indexed) as store:
        assert (store.lost, store.rows, store.get("e")) == (5, 2, None)
    assert "5 of 7 lines are damaged or missing" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"00000000\n{}", b"no index", b"\xff" * 40])
def test_an_index_that_is_broken_is_not_believed(indexed: Path, content: bytes) -> None:
    before = seen(indexed)
    (indexed / INDEX).write_bytes(content)
    assert seen(indexed) == before


def test_an_index_with_a_changed_byte_is_not_believed(indexed: Path) -> None:
    before = seen(indexed)
    data = (indexed / INDEX).read_bytes()
    for place in range(0, len(data), 7):
        (indexed / INDEX).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert seen(indexed) == before


def test_a_small_store_has_no_index(tmp_path: Path) -> None:
    for _ in range(2):
        with Store(tmp_path) as store:
            store.append(reply("a"))
    assert not (tmp_path / INDEX).exists()


def test_lines_from_before_checksums_are_read(tmp_path: Path) -> None:
    (tmp_path / SEGMENT).write_text(json.dumps(reply("a", 'quotes "crc32": too')) + "\n")
    with Store(tmp_path) as store:
        assert store.get("a") == reply("a", 'quotes "crc32": too') and (store.lost, store.torn) == (0, 0)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=4), st.integers(0, 400), st.integers(0, 7))
def test_every_changed_bit_of_a_line_is_noticed(fields: dict[str, str], place: int, bit: int) -> None:
    line = bytearray(line_of({**fields, "key": "k", "text": "t"}))
    assert is_intact(bytes(line)) and json.loads(line)["key"] == "k"
    end = line.rfind(CHECKSUM)
    line[place % end] ^= 1 << bit
    assert not is_intact(bytes(line))


def test_an_error_that_stays_is_no_attempt(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append({"key": "a", "error": "HTTP 413: too large", "final": True})
        assert (store.get("a"), store.error("a"), store.final_error("a")) == (None, None, "HTTP 413: too large")
        store.append(reply("a"))
        assert store.final_error("a") is None


def test_usage_that_is_no_count_is_not_added(tmp_path: Path) -> None:
    odd = [-5, 10**30, "7", None, [1], 2.5]
    with Store(tmp_path) as store:
        for number, tokens in enumerate(odd):
            store.append({**reply(str(number)), "usage": {"prompt_tokens": tokens, "completion_tokens": 3}})
        assert store.usage() == {RequestGroup("", "", batch=False): Usage(0, 18, 6, 0.0)} and store.torn == 0


def test_a_store_that_may_only_be_read_answers_and_keeps_nothing() -> None:
    """In a process of an account that may not write there, because tests may run as root, who may."""
    program = """
import os, sys
from pathlib import Path
from fasrepro.llm.store import Store, StoreError
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with Store(Path(sys.argv[1])) as store:
    print(store.read_only, store.get("a")["text"])
    try:
        store.append({"key": "b", "text": "x"})
    except StoreError as error:
        print(error)
"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store(folder) as store:
            store.append(reply("a"))
        before = sorted(folder.iterdir())
        folder.chmod(0o555)
        (folder / SEGMENT).chmod(0o444)
        run = subprocess.run([sys.executable, "-c", program, name], capture_output=True, text=True, timeout=60)
        folder.chmod(0o755)
        assert sorted(folder.iterdir()) == before
    assert run.stdout.splitlines()[0] == "True some text", run.stderr
    assert "replies.jsonl: may only be read here; set FASREPRO_STORE to a copy" in run.stdout


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


def keys(folder: Path) -> set[str]:
    with Store(folder) as store:
        return {key for key in map(str, range(100)) if key in store}


def test_records_that_arrive_during_a_write_are_written_together(tmp_path: Path) -> None:
    async def everything(disk: SlowDisk) -> None:
        writer = BufferedWriter(disk)  # type: ignore[arg-type]
        first = asyncio.create_task(writer.write(reply("0")))
        await asyncio.to_thread(disk.began.wait, 10)
        others = [asyncio.create_task(writer.write(reply(str(number)))) for number in range(1, 100)]
        await asyncio.sleep(0)
        assert not first.done()
        disk.go.set()
        await first
        assert "0" in disk.store and "1" not in disk.store
        await asyncio.gather(*others)
        assert "99" in disk.store  # a writer returns once its record is there, not before
        await writer.write(reply("0"))  # starts another write

    with Store(tmp_path) as store:
        disk = SlowDisk(store)
        asyncio.run(everything(disk))
    assert disk.writes == [["0"], [str(number) for number in range(1, 100)], ["0"]]
    assert keys(tmp_path) == set(map(str, range(100)))


def test_a_cancelled_writer_loses_no_record(tmp_path: Path) -> None:
    async def everything(disk: SlowDisk) -> None:
        writer = BufferedWriter(disk)  # type: ignore[arg-type]
        waiting = [asyncio.create_task(writer.write(reply("0")))]
        await asyncio.to_thread(disk.began.wait, 10)
        waiting += [asyncio.create_task(writer.write(reply(key))) for key in "12"]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        disk.go.set()
        await writer.flush()
        assert keys(tmp_path) == {"0", "1", "2"}

    with Store(tmp_path) as store:
        asyncio.run(everything(SlowDisk(store)))


def test_a_full_disk_is_reported_to_every_waiting_writer(tmp_path: Path) -> None:
    async def everything(writer: BufferedWriter) -> list[Any]:
        return await asyncio.gather(*(writer.write(reply(key)) for key in "abc"), return_exceptions=True)

    class FullDisk:
        def append(self, *records: dict[str, Any]) -> None:
            raise StoreError(f"full after {len(records)}")

    errors = asyncio.run(everything(BufferedWriter(FullDisk())))  # type: ignore[arg-type]
    assert [str(error) for error in errors] == ["full after 3"] * 3

"""The reply store: an append-only file of JSON lines, outside DVC, which keeps every reply that was paid for.

One line is one attempt: its key, what was asked, the reply or the error, and a checksum of the line. A process may be killed at
any moment: lines are written whole, a torn line is skipped, and the next one starts on a line of its own. Several processes may
write at once. A file beside it says how many lines there were, so that a store that was cut is noticed; one that cannot be
written is still read. A large one has an index (`store_index`).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import threading
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock

from fasrepro.llm import store_index

SEGMENT = "replies.jsonl"
COUNT = "replies.count"  # how many lines there were after the last write
INDEX = "replies.index"
INDEXED_BYTES = 1 << 25  # that may be read line by line at an opening before an index is written, which takes half a second
CHECKSUM = b', "crc32": "'  # before the checksum at the end of a line; older lines have none
LONGEST_COUNT = 10**12  # tokens: what a server reports beyond it is no count


class StoreError(ValueError):
    """The store cannot be read or written; the message names the file."""


@dataclasses.dataclass(frozen=True, slots=True)
class RequestGroup:
    """What a group of attempts has in common: the model, the prompt's version, and whether they were made in a batch."""

    model: str
    prompt_version: str
    batch: bool


@dataclasses.dataclass(slots=True)
class Usage:
    """What a group of attempts took: tokens, replies, and seconds."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    replies: int = 0
    seconds: float = 0.0


class Store:
    """The replies in `folder`. Thread-safe; use it as a context manager, or call `close`.

    Memory holds only where each reply lies in the file (about 200 bytes a reply), so a store of 100,000 replies stays small.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SEGMENT
        self.read_only = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._open(folder)
        except OSError as error:
            raise StoreError(f"{folder}: the reply store cannot be opened ({error.strerror}); set FASREPRO_STORE") from None
        self._lock = filelock.FileLock(folder / f"{SEGMENT}.lock")
        self._writing = threading.Lock()  # in front of the file's lock, for which threads would poll
        self._guard = threading.Lock()  # of what memory holds; never held while waiting for the disk
        self._places: dict[str, tuple[int, int]] = {}
        self._errors: dict[str, str] = {}
        self._final: dict[str, str] = {}
        self._usage: dict[RequestGroup, Usage] = {}
        self._scanned = 0
        self._crc32 = 0  # of the bytes that are scanned
        self.rows = 0  # lines that can be read and are as they were written
        self.torn = 0  # lines that cannot be read, left by a writer that was killed
        self.damaged = 0  # lines that are not as they were written
        counted_before = self._counted()  # before the scan, since other processes may add lines meanwhile
        if not self.read_only:
            with self._lock:
                if not self._ends_whole():
                    os.write(self._file, b"\n")
        self._open_index()
        self.lost = max(self.damaged, counted_before - self.rows)  # lines that could be read once
        if self.lost:
            print(
                f"{self.path}: {self.lost} of {self.rows + self.lost} lines are damaged or missing; their questions will be"
                " asked, and paid for, again, unless you stop now and bring the file back from a copy",
                file=sys.stderr,
                flush=True,
            )

    def _open_index(self) -> None:
        """Read what the index holds, then the lines after it; write the index anew if there are many."""
        path = self.path.with_name(INDEX)
        index = store_index.read(path, self._file)
        if index is not None:
            self._places, self._errors, self._final = index.places, index.errors, index.final
            self.rows, self.torn, self.damaged = index.rows, index.torn, index.damaged
            self._scanned, self._crc32 = index.size, index.crc32
            self._usage = {RequestGroup(*row[:3]): Usage(*row[3:]) for row in index.usage}
        self._scan()
        if self._scanned - (index.size if index else 0) >= INDEXED_BYTES and not self.read_only:
            with contextlib.suppress(OSError):  # the next opening is slow, and that is all
                store_index.write(path, self._index())

    def _index(self) -> store_index.Index:
        usage = [[*dataclasses.astuple(group), *dataclasses.astuple(usage)] for group, usage in self._usage.items()]
        return store_index.Index(
            size=self._scanned,
            crc32=self._crc32,
            rows=self.rows,
            torn=self.torn,
            damaged=self.damaged,
            places=self._places,
            errors=self._errors,
            final=self._final,
            usage=usage,
        )

    def _open(self, folder: Path) -> int:
        """Return the open file. One that may not be written is opened for reading alone."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError:
            if not self.path.is_file():
                raise
            file = os.open(self.path, os.O_RDONLY)
            self.read_only = True
        self.read_only = self.read_only or not os.access(folder, os.W_OK)  # without a lock nothing is written
        return file

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __contains__(self, key: str) -> bool:
        """Return whether a reply is known under `key`, as of the last scan of the file."""
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Close the file; everything that was appended is on the disk already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the first reply stored under `key`, also by another process, or None."""
        with self._guard:
            if key not in self._places:
                self._scan()
            place = self._places.get(key)
            if place is None:
                return None
            record = json.loads(os.pread(self._file, place[1], place[0]))
            record.pop("crc32", None)
            return record

    def error(self, key: str) -> str | None:
        """Return the last error of the attempt `key`, None if it has a reply or no error."""
        with self._guard:
            return None if key in self._places else self._errors.get(key)

    def final_error(self, key: str) -> str | None:
        """Return the last error of the attempt `key` that the same request would meet again, None if there was none."""
        with self._guard:
            return None if key in self._places else self._final.get(key)

    def usage(self) -> dict[RequestGroup, Usage]:
        """Return what all attempts took, by group. Errors that may have been billed count."""
        with self._guard:
            self._scan()
            return {group: dataclasses.replace(usage) for group, usage in self._usage.items()}

    def append(self, *records: dict[str, Any]) -> None:
        """Add attempts, each with a "key" and a "text" or an "error"; return when they are on the disk.

        Raises `StoreError` if the disk is full or the store may only be read: later replies would be lost.
        """
        if self.read_only:
            raise StoreError(f"{self.path}: may only be read here; set FASREPRO_STORE to a copy that may be written")
        data = b"".join(map(line_of, records))
        with self._writing, self._lock.acquire(poll_interval=0.002):
            # Another process may have been killed in the middle of a line since the last scan.
            data = data if self._ends_whole() else b"\n" + data
            try:
                written = os.write(self._file, data)
                os.fsync(self._file)
            except OSError as error:
                raise StoreError(f"{self.path}: cannot be written ({error.strerror})") from None
            if written != len(data):
                raise StoreError(f"{self.path}: only {written} of {len(data)} bytes could be written; is the disk full?")
            with self._guard:
                self._scan()
                self._count_rows()

    def _counted(self) -> int:
        """Return how many lines there were after the last write, 0 if that is not known."""
        try:
            return int(self.path.with_name(COUNT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    def _count_rows(self) -> None:
        """Note how many lines there are; a hint, which need not be on the disk before the lines are."""
        with contextlib.suppress(OSError):  # the lines are written, and that is what counts
            self.path.with_name(COUNT).write_text(f"{self.rows:15}\n", encoding="utf-8")

    def _ends_whole(self) -> bool:
        size = os.fstat(self._file).st_size
        return size == 0 or os.pread(self._file, 1, size - 1) == b"\n"

    def _scan(self, chunk: int = 1 << 24) -> None:
        """Read the whole lines that were added since the last scan; a last line without its end is left for the next scan."""
        while data := os.pread(self._file, chunk, self._scanned):
            end = data.rfind(b"\n") + 1
            if end == 0:
                if len(data) < chunk:
                    return
                chunk *= 2  # a line longer than a chunk
                continue
            start = 0
            while start < end:
                stop = data.index(b"\n", start) + 1
                self._read_line(data[start:stop], self._scanned + start)
                start = stop
            self._scanned += end
            self._crc32 = zlib.crc32(memoryview(data)[:end], self._crc32)

    def _read_line(self, line: bytes, offset: int) -> None:
        if not line.strip():
            return
        try:
            record = json.loads(line)
            key = record["key"]
            if not is_intact(line):
                self.damaged += 1
                return
            if record.get("final"):
                self._final[key] = str(record["error"])
            elif "error" in record:
                self._errors[key] = str(record["error"])
            elif isinstance(record["text"], str):
                self._places.setdefault(key, (offset, len(line)))
            self._count(record)
            self.rows += 1
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self.torn += 1

    def _count(self, record: dict[str, Any]) -> None:
        tokens, request = record.get("usage") or {}, record.get("request", {})
        group = RequestGroup(request.get("model", ""), request.get("prompt_version", ""), bool(record.get("batch")))
        usage = self._usage.get(group)
        if usage is None:
            usage = self._usage[group] = Usage()
        usage.prompt_tokens += counted(tokens.get("prompt_tokens", 0))
        usage.completion_tokens += counted(tokens.get("completion_tokens", 0))
        usage.replies += "text" in record
        usage.seconds += record.get("seconds", 0.0)


def line_of(record: dict[str, Any]) -> bytes:
    """Return a record's line: JSON in UTF-8, with a checksum of all before it as its last member."""
    # "replace": half a character, which JSON can hold and UTF-8 cannot, must not cost a reply.
    content = json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")[:-1]
    return content + CHECKSUM + b'%08x"}\n' % zlib.crc32(content)


def is_intact(line: bytes) -> bool:
    """Return whether a line is as it was written, as far as a checksum says so."""
    start = line.rfind(CHECKSUM)
    if start < 0:
        return True  # from before there were checksums, or torn, which its JSON shows
    return line[start + len(CHECKSUM) :].rstrip() == b'%08x"}' % zlib.crc32(line[:start])


def counted(tokens: Any) -> int:
    """Return a number of tokens, 0 for what is none."""
    return tokens if isinstance(tokens, int) and 0 <= tokens < LONGEST_COUNT else 0


class BufferedWriter:
    """Writes the records of many tasks of one event loop to `store`, in a thread, because a disk takes milliseconds.

    Records that arrive while a write is under way are written together by the next one.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._waiting: list[dict[str, Any]] = []  # what the next write will hold
        self._next: asyncio.Task[None] | None = None
        self._writes: set[asyncio.Task[None]] = set()  # the next write and the one under way
        self._disk = asyncio.Lock()

    async def write(self, record: dict[str, Any]) -> None:
        """Return when `record` is on the disk; it gets there even if the caller is cancelled. Raises as `Store.append` does."""
        self._waiting.append(record)
        if self._next is None:
            self._next = asyncio.create_task(self._write())
            self._writes.add(self._next)
            self._next.add_done_callback(self._writes.discard)
        await asyncio.shield(self._next)

    async def flush(self) -> None:
        """Return when all records are on the disk. Raises as `Store.append` does."""
        await asyncio.gather(*self._writes)

    async def _write(self) -> None:
        async with self._disk:
            records, self._waiting, self._next = self._waiting, [], None
            await asyncio.to_thread(self.store.append, *records)

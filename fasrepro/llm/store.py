"""Replies that were paid for, kept for good: an append-only file of JSON lines, outside DVC, shared by styles and readers.

One line is one attempt: its key, what was asked, and the reply or the error. A process can be killed at any moment: lines are
written whole, a torn one is skipped and the next begins on a line of its own. Several processes can write at once.
"""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock

SEGMENT = "replies.jsonl"


class StoreError(ValueError):
    """The store cannot be read or written; the message names the file."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What attempts have in common: the model, the prompt's version, and whether they were made in a batch."""

    model: str
    prompt_version: str
    batch: bool


@dataclasses.dataclass(slots=True)
class Used:
    """What such attempts came to: tokens, replies, and seconds that they took."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    replies: int = 0
    seconds: float = 0.0


class Store:
    """The replies under `folder`. Thread-safe; use as a context manager, or call `close`.

    Only places are held in memory (about 200 bytes a reply), so that a store of some 100,000 replies stays small.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SEGMENT
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(f"{folder}: the reply store cannot be opened ({error.strerror}); set FASREPRO_STORE") from None
        self._lock = filelock.FileLock(folder / f"{SEGMENT}.lock")
        self._writing = threading.Lock()  # beside the file's lock, which makes threads poll
        self._guard = threading.Lock()  # of what is held in memory; never held while the disk is waited for
        self._places: dict[str, tuple[int, int]] = {}
        self._errors: dict[str, str] = {}
        self._used: dict[Asked, Used] = {}
        self._scanned = 0
        self.torn = 0  # lines that could not be read: what a killed writer left
        with self._lock:
            if os.fstat(self._file).st_size and not self._ends_whole():
                os.write(self._file, b"\n")
        self._scan()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __contains__(self, key: str) -> bool:
        """Say whether a reply is known under `key`, as of the last time that the file was looked at."""
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Close the file; what was appended is on the disk already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the first reply stored under `key`, or None; replies of other processes are seen too."""
        with self._guard:
            if key not in self._places:
                self._scan()
            place = self._places.get(key)
            return None if place is None else json.loads(os.pread(self._file, place[1], place[0]))

    def error(self, key: str) -> str | None:
        """Return the last error that the attempt `key` met, if it has no reply."""
        with self._guard:
            return None if key in self._places else self._errors.get(key)

    def used(self) -> dict[Asked, Used]:
        """Return what attempts have used, errors that may have been billed included."""
        with self._guard:
            self._scan()
            return {name: dataclasses.replace(used) for name, used in self._used.items()}

    def append(self, *records: dict[str, Any]) -> None:
        """Add attempts, each of which has a "key" and a "text" or an "error", and return when they are on the disk.

        Raises `StoreError` if the disk is full: what was asked after that would be lost.
        """
        # "replace": half a character, which JSON can hold and UTF-8 cannot, must not lose a reply.
        lines = (json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in records)
        data = "".join(lines).encode("utf-8", "replace")
        with self._writing, self._lock.acquire(poll_interval=0.002):
            # Another process may have been killed within its line since we last looked.
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

    def _ends_whole(self) -> bool:
        size = os.fstat(self._file).st_size
        return size == 0 or os.pread(self._file, 1, size - 1) == b"\n"

    def _scan(self, chunk: int = 1 << 24) -> None:
        """Take in the whole lines that were added since the last scan. A last line without its end is left for later."""
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
                self._take(data[start:stop], self._scanned + start)
                start = stop
            self._scanned += end

    def _take(self, line: bytes, offset: int) -> None:
        if not line.strip():
            return
        try:
            record = json.loads(line)
            key = record["key"]
            if "error" in record:
                self._errors[key] = str(record["error"])
            elif isinstance(record["text"], str):
                self._places.setdefault(key, (offset, len(line)))
            self._count(record)
        except (ValueError, TypeError, KeyError, AttributeError):
            self.torn += 1

    def _count(self, record: dict[str, Any]) -> None:
        usage, request = record.get("usage") or {}, record.get("request", {})
        asked = Asked(request.get("model", ""), request.get("prompt_version", ""), bool(record.get("batch")))
        used = self._used.setdefault(asked, Used())
        used.prompt_tokens += usage.get("prompt_tokens", 0)
        used.completion_tokens += usage.get("completion_tokens", 0)
        used.replies += "text" in record
        used.seconds += record.get("seconds", 0.0)

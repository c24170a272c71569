"""The progress of a long piece of work, as one line on a terminal that is updated in place. Nothing is written elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 0.5


def line(what: str, done: int, total: int, seconds: float) -> str:
    """Return the line: items done, items a second, and the time left at that rate.

    >>> line("index", 30, 120, 15.0)
    'index: 30 of 120, 2.0/s, 0:45 left'
    """
    rate = done / seconds if seconds > 0 else 0.0
    left = round((total - done) / rate) if rate else 0
    return f"{what}: {done} of {total}, {rate:.1f}/s, {left // 60}:{left % 60:02d} left"


def on_terminal(what: str, total: int, stream: TextIO | None = None) -> Callable[[int], None]:
    """Return a function that takes how many of `total` items are done, and shows it from time to time and at the end."""
    out = sys.stderr if stream is None else stream
    if not out.isatty():
        return lambda done: None
    start = last = time.monotonic()

    def show(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done < total and now - last < EVERY_S:
            return
        last = now
        out.write(f"\r\033[K{line(what, done, total, now - start)}" + ("\n" if done == total else ""))
        out.flush()

    return show

"""The progress of a long piece of work: on a terminal one line that is updated in place, in a log a line a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 0.5  # on a terminal
EVERY_S_IN_LOG = 60.0  # so that quick work leaves no line there


def line(what: str, done: int, total: int, seconds: float, kept: int = 0) -> str:
    """Return the line: items done, items a second, and the time left at that rate.

    Args:
        what: the work.
        done: items that are done.
        total: of all items.
        seconds: that it has taken.
        kept: how many of `done` an earlier run did, which took no time now.

    >>> line("index", 30, 120, 15.0)
    'index: 30 of 120, 2.0/s, 0:45 left'
    """
    rate = (done - kept) / seconds if seconds > 0 else 0.0
    left = round((total - done) / rate) if rate else 0
    return f"{what}: {done} of {total}, {rate:.1f}/s, {left // 60}:{left % 60:02d} left"


def to_stderr(what: str, total: int, stream: TextIO | None = None) -> Callable[..., None]:
    """Return a function that takes `done` and `kept` as `line` does, and shows them from time to time.

    A terminal also shows the end. `stream` takes the place of standard error.
    """
    out = sys.stderr if stream is None else stream
    is_terminal = out.isatty()
    every = EVERY_S if is_terminal else EVERY_S_IN_LOG
    start = last = time.monotonic()

    def show(done: int, kept: int = 0) -> None:
        nonlocal last
        now = time.monotonic()
        is_end = is_terminal and done == total
        if not is_end and now - last < every:
            return
        last = now
        text = line(what, done, total, now - start, kept)
        if is_terminal:
            out.write(f"\r\033[K{text}" + ("\n" if is_end else ""))
        else:
            out.write(f"{text}\n")
        out.flush()

    return show

"""How far a long piece of work is: one line on a terminal, updated in place; nothing where standard error is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 0.5


def line(what: str, done: int, total: int, seconds: float) -> str:
    """Return what the line says: how many of how many, how many a second, and how long the rest will take at that rate."""
    rate = done / seconds if seconds > 0 else 0.0
    left = round((total - done) / rate) if rate else 0
    return f"{what}: {done} of {total}, {rate:.1f}/s, {left // 60}:{left % 60:02d} left"


def on_terminal(what: str, total: int, stream: TextIO | None = None) -> Callable[[int], None]:
    """Return a function that is told how many of `total` are done, and shows it now and then, the last one always."""
    out = sys.stderr if stream is None else stream
    if not out.isatty():
        return lambda done: None
    began = last = time.monotonic()

    def show(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done < total and now - last < EVERY_S:
            return
        last = now
        out.write(f"\r\033[K{line(what, done, total, now - began)}" + ("\n" if done == total else ""))
        out.flush()

    return show

"""Names that a person may have mistyped: one way to look them up, and to say what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Return the message for a `name` that is not among the `known` ones: the nearest first, then all of them.

    >>> unknown("reasonin", ["vanilla", "reasoning"], "style")
    "unknown style 'reasonin'. Did you mean 'reasoning'? Known: vanilla, reasoning"
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {name!r}.{hint} Known: {', '.join(known)}"


def lookup(table: Mapping[str, T], name: str, what: str, error: type[ValueError] = ValueError, where: str = "") -> T:
    """Return `table[name]`. Raises `error` with the message of `unknown`, after the place `where` the name was given.

    >>> lookup({"auc": 1}, "auc", "metric")
    1
    """
    if name not in table:
        raise error(f"{where}: {unknown(name, table, what)}" if where else unknown(name, table, what))
    return table[name]

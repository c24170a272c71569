"""Look up a name in a table; an unknown one is refused with the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Return the message about an unknown name: the nearest known name, then all of them.

    Args:
        name: as the user wrote it.
        known: the names that exist.
        what: kind of name, as in "unknown style".

    >>> unknown("reasonin", ["vanilla", "reasoning"], "style")
    "unknown style 'reasonin'. Did you mean 'reasoning'? Known: vanilla, reasoning"
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {name!r}.{hint} Known: {', '.join(known)}"


def lookup(table: Mapping[str, T], name: str, what: str, error: type[ValueError] = ValueError, where: str = "") -> T:
    """Return `table[name]`.

    Args:
        table: entries by name.
        name: as the user wrote it.
        what: kind of name, for the message.
        error: exception to raise.
        where: file and key that hold the name, for the message; "" where there is none.

    Raises:
        ValueError: or `error`, with the message of `unknown`, for a name that is not in the table.

    >>> lookup({"auc": 1}, "auc", "metric")
    1
    >>> lookup({"auc": 1}, "acu", "metric", where="params.yaml: ledger.metric")
    Traceback (most recent call last):
    ValueError: params.yaml: ledger.metric: unknown metric 'acu'. Did you mean 'auc'? Known: auc
    """
    if name not in table:
        raise error(f"{where}: {unknown(name, table, what)}" if where else unknown(name, table, what))
    return table[name]

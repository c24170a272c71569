"""Splits of faces in memory."""

from __future__ import annotations

from collections.abc import Iterable

from fasrepro.data import partition
from fasrepro.data.protocols import Protocol
from fasrepro.data.splits import Split
from fasrepro.rows import table
from fasrepro.rows.faces import Face


def split_faces(faces: Iterable[Face], protocol: Protocol) -> Split:
    """Return what `partition.split_columns` returns, as rows."""
    parts = partition.split_columns(table.from_rows(faces, Face), protocol)
    return Split(**{part: table.to_rows(columns, Face) for part, columns in parts.items()})

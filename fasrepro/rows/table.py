"""Parquet tables of one row type: their schema, and rows that are checked where they are written and where they are read."""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from fasrepro import files


class RowError(ValueError):
    """A row or a table that breaks its schema; the message names the file, the row and the remedy."""


class RowType(Protocol):
    """A frozen dataclass whose fields are strings, numbers, enums and tuples of them."""

    KEY: ClassVar[tuple[str, ...]]  # the fields that identify a row, and by which a table is sorted
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def check(self) -> None:
        """Raise `RowError` where the row cannot be."""


Row = TypeVar("Row", bound=RowType)

_ARROW: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def require(condition: bool, message: str) -> None:
    """Raise `RowError` with `message` unless `condition` holds."""
    if not condition:
        raise RowError(message)


def _arrow_type(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if issubclass(hint, enum.IntEnum):
        return pa.int64()
    return pa.string() if issubclass(hint, enum.StrEnum) else _ARROW[hint]


def _field_type(hint: Any) -> Callable[[Any], Any]:
    """Return what turns a value of a parquet column back into the field's type."""
    if typing.get_origin(hint) is tuple:
        return tuple
    return hint if issubclass(hint, enum.Enum) else (lambda value: value)


def _hints(row_type: type[Row]) -> dict[str, Any]:
    """Return the type of each field, in order."""
    hints = typing.get_type_hints(row_type)
    return {field.name: hints[field.name] for field in dataclasses.fields(row_type)}


def schema(row_type: type[Row]) -> pa.Schema:
    """Return the parquet schema that `row_type`'s fields define."""
    return pa.schema([pa.field(name, _arrow_type(hint), nullable=False) for name, hint in _hints(row_type).items()])


def check_rows(rows: Iterable[Row], where: str) -> None:
    """Check each row, and that keys are unique. Raises `RowError` naming `where`, the row's number and its fault."""
    seen: set[tuple[Any, ...]] = set()
    for number, row in enumerate(rows):
        try:
            row.check()
        except RowError as error:
            raise RowError(f"{where}, row {number}: {error}") from None
        key = tuple(getattr(row, name) for name in row.KEY)
        require(key not in seen, f"{where}, row {number}: {key} stands twice")
        seen.add(key)


def write(path: Path, rows: list[Row], row_type: type[Row]) -> None:
    """Write `rows`, sorted by key, to the parquet file `path`: checked first, under a temporary name, then renamed."""
    rows = sorted(rows, key=lambda row: tuple(getattr(row, name) for name in row_type.KEY))
    check_rows(rows, str(path))
    columns = {name: [getattr(row, name) for row in rows] for name in _hints(row_type)}
    table = pa.table(columns, schema=schema(row_type))
    with files.replaced(path) as temporary:
        pq.write_table(table, temporary)


def read(path: Path, row_type: type[Row]) -> list[Row]:
    """Read a table of `row_type`. Raises `RowError` where the file is missing, is no parquet, or breaks the schema."""
    if not path.is_file():
        raise RowError(f"{path}: no such table; `dvc repro` makes it")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise RowError(f"{path}: not a readable parquet file ({error}); delete it and run `dvc repro`") from None
    expected = schema(row_type)
    if not table.schema.equals(expected):
        found = {f.name: str(f.type) for f in table.schema}
        wanted = {f.name: str(f.type) for f in expected}
        differing = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise RowError(f"{path}: not a table of {row_type.__name__}; columns that differ: {differing}")
    columns = [[_field_type(hint)(value) for value in table.column(name).to_pylist()] for name, hint in _hints(row_type).items()]
    rows = [row_type(*values) for values in zip(*columns, strict=True)]
    check_rows(rows, str(path))
    return rows


def read_all(folder: Path, row_type: type[Row]) -> list[Row]:
    """Read every table of `folder` as one, sorted by key. Raises `RowError` where there is none, and for a key that two hold."""
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise RowError(f"{folder}: no tables of {row_type.__name__} here; `dvc repro` makes them")
    rows = [row for path in paths for row in read(path, row_type)]
    rows.sort(key=lambda row: tuple(getattr(row, name) for name in row_type.KEY))
    check_rows(rows, str(folder))
    return rows

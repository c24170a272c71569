"""Parquet tables of one row type, checked where they are written and where they are read.

A row type declares its rules once, on columns (`faults`). `read` and `write` take rows; `columns` and `write_columns` take Arrow
tables, for what joins or filters whole tables. Files are read and written a row group at a time, so that a million rows take
little more memory than the columns that are asked for.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fasrepro import files

ROW_GROUP = 2**16  # rows

Columns = pa.Table | pa.RecordBatch
Fault = tuple[pa.Array, Callable[[Any], str]]  # True at each faulty row; the fault of one such row, in words


class RowError(ValueError):
    """A row or a table that breaks its schema; the message names the file, the row and the remedy."""


class RowType(Protocol):
    """A frozen dataclass whose fields are strings, numbers, enums and tuples of them; one of them is `face_id`."""

    KEY: ClassVar[tuple[str, ...]]  # the fields that identify a row, and by which a table is sorted
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the rules that rows may break. Each is checked before the next is asked for, which may rely on it."""


Row = TypeVar("Row", bound=RowType)

_ARROW: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def _arrow_type(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if issubclass(hint, enum.IntEnum):
        return pa.int64()
    return pa.string() if issubclass(hint, enum.StrEnum) else _ARROW[hint]


def _from_arrow(hint: Any) -> Callable[[Any], Any]:
    """Return the function that turns a value of a column into a value of the field's type."""
    if typing.get_origin(hint) is tuple:
        return tuple
    return hint if issubclass(hint, enum.Enum) else (lambda value: value)


@functools.cache
def _hints(row_type: type[Row]) -> dict[str, Any]:
    """Return the type of each field, in order."""
    hints = typing.get_type_hints(row_type)
    return {field.name: hints[field.name] for field in dataclasses.fields(row_type)}


def schema(row_type: type[Row]) -> pa.Schema:
    """Return the parquet schema that `row_type`'s fields define."""
    return pa.schema([pa.field(name, _arrow_type(hint), nullable=False) for name, hint in _hints(row_type).items()])


def from_rows(rows: Iterable[Row], row_type: type[Row]) -> pa.Table:
    """Return rows as columns, in their order."""
    rows = list(rows)
    return pa.table({name: [getattr(row, name) for row in rows] for name in _hints(row_type)}, schema=schema(row_type))


def to_rows(columns: Columns, row_type: type[Row]) -> list[Row]:
    """Return columns as rows, in their order."""
    fields = [map(_from_arrow(hint), columns.column(name).to_pylist()) for name, hint in _hints(row_type).items()]
    return [row_type(*values) for values in zip(*fields, strict=True)]


def none_of(column: pa.Array, values: Collection[Any]) -> pa.Array:
    """Return a mask of the rows whose value is not among `values`."""
    return pc.invert(pc.is_in(column, value_set=pa.array(list(values), column.type)))


def check(columns: pa.Table, row_type: type[Row], where: str) -> None:
    """Check each row, and that no two have the same key. Raises `RowError` naming `where`, the row's number and its fault."""
    for first, group in _row_groups(columns.to_batches()):
        _check_group(group, row_type, where, first)
    _check_keys(columns.select(row_type.KEY), where)


def write(path: Path, rows: Iterable[Row], row_type: type[Row]) -> None:
    """Write `rows`, sorted by key, to the parquet file `path`: checked, under a temporary name, then renamed."""
    write_columns(path, from_rows(rows, row_type), row_type)


def write_columns(path: Path, columns: pa.Table, row_type: type[Row]) -> None:
    """Write columns as `write` writes rows."""
    if not _check_keys(columns.select(row_type.KEY), str(path)):
        columns = columns.take(_order(columns.select(row_type.KEY)))
    write_batches(path, columns.to_batches(), row_type)


def write_batches(path: Path, batches: Iterable[pa.RecordBatch], row_type: type[Row]) -> None:
    """Write batches as `write` writes rows, a row group at a time. Raises `ValueError` where they are not in the key's order."""
    expected, keys = schema(row_type), []
    with files.replaced(path) as temporary, pq.ParquetWriter(temporary, expected) as writer:
        for first, group in _row_groups(batches):
            group = pa.RecordBatch.from_arrays([group.column(name) for name in expected.names], schema=expected)
            _check_group(group, row_type, str(path), first)
            keys.append(group.select(row_type.KEY))
            writer.write_batch(group)
        if not keys:
            writer.write_table(expected.empty_table())
        elif not _check_keys(pa.Table.from_batches(keys), str(path)):
            raise ValueError(f"{path}: its rows do not come in the order of {', '.join(row_type.KEY)}")


def read(path: Path, row_type: type[Row]) -> list[Row]:
    """Read a table of `row_type`. Raises `RowError` where the file is missing, is no parquet, or breaks the schema."""
    return to_rows(columns(path, row_type), row_type)


def read_all(folder: Path, row_type: type[Row]) -> list[Row]:
    """Read every table of `folder` as one, sorted by key. Raises `RowError` where there is none, and for a key that two hold."""
    return to_rows(columns_all(folder, row_type), row_type)


def columns(path: Path, row_type: type[Row], names: Sequence[str] | None = None) -> pa.Table:
    """Read the columns `names` of a table, all by default. The whole table is checked, as `read` does. Raises `RowError`."""
    expected = schema(row_type)
    names = expected.names if names is None else list(names)
    kept = [name for name in expected.names if name in names or name in row_type.KEY]
    parts = [batch.select(kept) for batch in batches(path, row_type)]
    table = pa.Table.from_batches(parts, pa.schema([expected.field(name) for name in kept]))
    _check_keys(table.select(row_type.KEY), str(path))
    return table.select(names)


def columns_all(folder: Path, row_type: type[Row], names: Sequence[str] | None = None) -> pa.Table:
    """Read what `read_all` reads, as columns."""
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise RowError(f"{folder}: no tables of {row_type.__name__} here; `dvc repro` makes them")
    names = schema(row_type).names if names is None else list(names)
    table = pa.concat_tables(columns(path, row_type, list(dict.fromkeys([*row_type.KEY, *names]))) for path in paths)
    keys = table.select(row_type.KEY)
    table = table.select(names)
    return table if _check_keys(keys, str(folder)) else table.take(_order(keys))


def batches(path: Path, row_type: type[Row]) -> Iterator[pa.RecordBatch]:
    """Yield a table by row groups. Each is checked, but not whether a key of one is also in another. Raises `RowError`."""
    try:
        with pq.ParquetFile(existing(path)) as file:
            _check_schema(file.schema_arrow, row_type, path)
            for first, group in _row_groups(file.iter_batches(ROW_GROUP)):
                _check_group(group, row_type, str(path), first)
                yield group
    except (pa.ArrowInvalid, OSError) as error:
        raise RowError(f"{path}: not a readable parquet file ({error}); delete it and run `dvc repro`") from None


def existing(path: Path) -> Path:
    """Return the path of a table. Raises `RowError` where it is missing."""
    if not path.is_file():
        raise RowError(f"{path}: no such table; `dvc repro` makes it")
    return path


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield batches of any sizes as batches of `ROW_GROUP` rows, each with the number of its first row."""
    first, waiting = 0, []
    for batch in batches:
        while batch.num_rows:
            room = ROW_GROUP - sum(part.num_rows for part in waiting)
            waiting.append(batch.slice(0, room))
            if batch.num_rows >= room:
                yield first, pa.concat_batches(waiting)
                first, waiting = first + ROW_GROUP, []
            batch = batch.slice(room)
    if waiting:
        yield first, pa.concat_batches(waiting)


def _check_schema(found: pa.Schema, row_type: type[Row], path: Path) -> None:
    expected = schema(row_type)
    if not found.equals(expected):
        types = {field.name: str(field.type) for field in found}
        wanted = {field.name: str(field.type) for field in expected}
        differing = sorted(name for name in types.keys() | wanted.keys() if types.get(name) != wanted.get(name))
        raise RowError(f"{path}: not a table of {row_type.__name__}; columns that differ: {differing}")


def _check_group(group: pa.RecordBatch, row_type: type[Row], where: str, first: int) -> None:
    """Check each row of a batch whose first row has the number `first`."""
    for name, hint in _hints(row_type).items():
        column = group.column(name)
        missing = _first(pc.is_null(column))
        if missing is not None:
            raise RowError(f"{where}, row {first + missing}: no {name}")
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            values = [member.value for member in hint]
            unknown = _first(none_of(column, values))
            if unknown is not None:
                raise RowError(f"{where}, row {first + unknown}: {name} {column[unknown].as_py()!r} is none of {values}")
    for mask, describe in row_type.faults(group):
        number = _first(mask)
        if number is not None:
            (row,) = to_rows(group.slice(number, 1), row_type)
            raise RowError(f"{where}, row {first + number}: {row.face_id}: {describe(row)}")


def _check_keys(keys: pa.Table, where: str) -> bool:
    """Return whether keys come in order. Raises `RowError` if one stands twice, in whatever order."""
    greater, _ = _compare_adjacent(keys)
    if _first(pc.invert(greater)) is None:
        return True
    order = _order(keys)
    _, equal = _compare_adjacent(keys.take(order))
    twin = _first(equal)
    if twin is not None:
        number = order[twin + 1].as_py()
        key = tuple(value[number].as_py() for value in keys.columns)
        raise RowError(f"{where}, row {number}: {key} stands twice")
    return False


def _compare_adjacent(keys: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Return, for each row but the first, whether its key is greater than the one before, and whether it is equal."""
    before, after = keys.slice(0, max(0, len(keys) - 1)), keys.slice(1)
    greater, equal = pa.scalar(False), pa.scalar(True)
    for name in keys.column_names:
        greater = pc.or_(greater, pc.and_(equal, pc.less(before[name], after[name])))
        equal = pc.and_(equal, pc.equal(before[name], after[name]))
    return greater, equal


def _order(keys: pa.Table) -> pa.Array:
    return pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])


def _first(mask: pa.Array | pa.ChunkedArray) -> int | None:
    """Return the number of the first row that is True."""
    number = pc.index(mask, True).as_py()
    return None if number < 0 else number

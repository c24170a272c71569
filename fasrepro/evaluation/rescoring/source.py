"""A file of scores as blocks of text columns: CSV or lines of words, plain or gzip; parquet; standard input.

Nothing here knows what a column means: `layouts` does. A row's number is that of its record in a text file, where a header
counts, and its place from 1 in a parquet file.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import gzip
import hashlib
import io
import itertools
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

STDIN = ("-", "/dev/stdin")
BLOCK = 2**16  # rows in memory as Python objects at once
# What a file begins with that is neither text nor read here, and the remedy.
UNREADABLE = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; save its table as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "an Excel workbook; save its table as CSV in UTF-8",
    b"\xff\xfe": "text in UTF-16; save it as CSV in UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as CSV in UTF-8",
    b"BZh": "compressed by bzip2; decompress it, or compress it by gzip",
    b"\xfd7zXZ": "compressed by xz; decompress it, or compress it by gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; decompress it, or compress it by gzip",
    b"\x93NUMPY": "a NumPy array; save its table as CSV in UTF-8",
}
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"

Record = tuple[int, list[str]]  # its number and its cells


class ScoresError(ValueError):
    """Scores that cannot be scored; the message names the place, the fault and the remedy."""


@dataclasses.dataclass(frozen=True)
class Block:
    """Some rows: their numbers (rows,), and each column's cells, text but for the numbers of a parquet file."""

    numbers: np.ndarray
    columns: list[Sequence[Any]]


@dataclasses.dataclass(frozen=True)
class Source:
    """An open file of scores.

    Args:
        name: for messages.
        sha256: of the bytes as they came, compressed or not.
        header: names of the columns; None where the first row is data already.
        width: number of columns.
        blocks: its rows, at least one, in their order; blank ones are omitted.
    """

    name: str
    sha256: str
    header: list[str] | None
    width: int
    blocks: Iterator[Block]


def shown(path: str) -> str:
    """Return the name of a file in messages.

    >>> shown("-"), shown("scores.csv")
    ('standard input', 'scores.csv')
    """
    return "standard input" if path in STDIN else path


@contextlib.contextmanager
def opened(path: str) -> Iterator[Source]:
    """Open a file, or standard input for "-" and /dev/stdin. Raises `ScoresError` naming file, row, fault and remedy."""
    name = shown(path)
    with contextlib.ExitStack() as stack:
        with _faults(name):
            file = stack.enter_context(_seekable(path))
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            source = _source(file, name, sha256)
        yield dataclasses.replace(source, blocks=_read(source))


def _read(source: Source) -> Iterator[Block]:
    """Yield a file's blocks. Its faults are named here, because several files are open at once."""
    with _faults(source.name):
        yield from source.blocks


@contextlib.contextmanager
def _faults(name: str) -> Iterator[None]:
    """Raise `ScoresError` for what goes wrong when the file of this name is opened or read."""
    try:
        yield
    except FileNotFoundError:
        raise ScoresError(f"{name}: no such file") from None
    except UnicodeDecodeError as error:
        raise ScoresError(f"{name}: cannot be read: {error}; save it as CSV in UTF-8") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ScoresError(f"{name}: cannot be decompressed: {error}; copy it again") from None
    except pa.ArrowException as error:
        raise ScoresError(f"{name}: no whole parquet file: {error}; write it again") from None
    except OSError as error:
        raise ScoresError(f"{name}: cannot be read: {error.strerror or error}; name a file that you may read") from None


@contextlib.contextmanager
def _seekable(path: str) -> Iterator[BinaryIO]:
    """Open a file that can be read twice: what a pipe brings is copied to a temporary file first."""
    with contextlib.ExitStack() as stack:
        file: BinaryIO = sys.stdin.buffer if path in STDIN else stack.enter_context(Path(path).open("rb"))
        if path in STDIN or not stat.S_ISREG(Path(path).stat().st_mode):
            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            file = copy
        yield file


def _source(file: BinaryIO, name: str, sha256: str) -> Source:
    start = file.read(8)
    file.seek(0)
    for magic, fault in UNREADABLE.items():
        if start.startswith(magic):
            raise ScoresError(f"{name}: {fault}")
    if start.startswith(PARQUET):
        return _parquet(file, name, sha256)
    if start.startswith(GZIP):
        file = gzip.GzipFile(fileobj=file)
    return _text(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), name, sha256)


def _parquet(file: BinaryIO, name: str, sha256: str) -> Source:
    table = pq.ParquetFile(file)
    header = table.schema_arrow.names
    if not table.metadata.num_rows:
        raise ScoresError(f"{name}: no rows; add one for each frame or video")
    return Source(name, sha256, header, len(header), _parquet_blocks(table))


def _parquet_blocks(table: pq.ParquetFile) -> Iterator[Block]:
    first = 1
    for batch in table.iter_batches(BLOCK):
        yield Block(np.arange(first, first + batch.num_rows), [_cells(column) for column in batch.columns])
        first += batch.num_rows


def _cells(column: pa.Array) -> list[Any]:
    """Return floats as they are, NaN where missing, and all else as text, "" where missing."""
    if pa.types.is_floating(column.type):
        return pc.fill_null(column.cast(pa.float64()), float("nan")).to_pylist()
    if pa.types.is_nested(column.type):
        return [str(cell) for cell in column.to_pylist()]
    return pc.fill_null(column.cast(pa.string()), "").to_pylist()


def _text(text: io.TextIOWrapper, name: str, sha256: str) -> Source:
    head = ""
    lines = []
    while not head.strip():
        head = text.readline()
        if not head:
            raise ScoresError(f"{name}: the file is empty; its first row names the columns, such as split,label,score")
        lines.append(head)
    whole = itertools.chain(lines, text)
    records = _csv_records(whole, name) if "," in head else _word_records(whole)
    number, cells = next(records)
    if any(map(is_number, cells)):
        header, records = None, itertools.chain([(number, cells)], records)
    elif "," not in head:
        fault = f"its first line, {head.strip()!r}, has neither a comma nor a number"
        raise ScoresError(f"{name}: {fault}; if it names the columns, separate them and the cells below by commas")
    else:
        header = cells
    first = next(records, None)
    if first is None:
        raise ScoresError(f"{name}: no rows below the header; add one for each frame or video")
    blocks = _text_blocks(itertools.chain([first], records), len(cells), name)
    return Source(name, sha256, header, len(cells), blocks)


def is_number(cell: Any) -> bool:
    """Return whether a cell is a number.

    >>> is_number("1e-3"), is_number("score")
    (True, False)
    """
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _csv_records(lines: Iterator[str], name: str) -> Iterator[Record]:
    number = 0
    try:
        for number, cells in enumerate(csv.reader(lines, strict=True), 1):
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield number, cells
    except csv.Error as error:
        message = str(error)
        unclosed = "unexpected end of data" in message or "field larger" in message
        fault = (
            "a quote is opened and never closed; close it, or remove it" if unclosed else f"{message}; double a quote in a cell"
        )
        raise ScoresError(f"{name}, row {number + 1}: {fault}") from None


def _word_records(lines: Iterator[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        words = line.split()
        if words:
            yield number, words


def _text_blocks(records: Iterator[Record], width: int, name: str) -> Iterator[Block]:
    while batch := list(itertools.islice(records, BLOCK)):
        for number, cells in batch:
            if len(cells) != width:
                remedy = (
                    "fill in what is missing" if len(cells) < width else "quote what holds a comma, and put no blank in a path"
                )
                raise ScoresError(f"{name}, row {number}: {len(cells)} cells for {width} columns; {remedy}")
        numbers, rows = zip(*batch, strict=True)
        yield Block(np.array(numbers), list(zip(*rows, strict=True)))

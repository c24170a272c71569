"""Rows of a table in a memory-mapped file: a million of them, opened at once, in the memory of those that are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, overload

import pyarrow as pa
from datasets import Dataset

from fasrepro import files, hashing
from fasrepro.rows import table
from fasrepro.rows.table import Row

BATCH = 1000  # rows that are decoded at a time when all are iterated over


class MappedRows(Sequence[Row], Generic[Row]):
    """Rows that are decoded when they are asked for. Processes that map the same file share its memory."""

    def __init__(self, dataset: Dataset, row_type: type[Row]) -> None:
        self.dataset, self.row_type = dataset.with_format("arrow"), row_type

    def __len__(self) -> int:
        return len(self.dataset)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        rows = table.to_rows(self.dataset[index], self.row_type)
        return rows if isinstance(index, slice) else rows[0]

    def __getitems__(self, indices: list[int]) -> list[Row]:
        """Return several rows; PyTorch's data loader asks for a batch in this way."""
        return table.to_rows(self.dataset[indices], self.row_type)

    def __iter__(self) -> Iterator[Row]:
        for columns in self.dataset.iter(BATCH):
            yield from table.to_rows(columns, self.row_type)


def open_rows(path: Path, row_type: type[Row], work: Path) -> MappedRows[Row]:
    """Open a table of `row_type`, in the order of its rows.

    The first time, the table is checked and copied, uncompressed, to a file in the folder `work`; that file bears the hash of
    the table, so that a changed table is copied anew. Raises `RowError`.
    """
    copy = work / f"{hashing.sha256_file(table.existing(path))}.arrow"
    if not copy.is_file():
        table.columns(path, row_type, row_type.KEY)  # no key stands twice
        with files.replaced(copy) as temporary, pa.ipc.new_stream(temporary, table.schema(row_type)) as stream:
            for batch in table.batches(path, row_type):
                stream.write_batch(batch)
    return MappedRows(Dataset.from_file(str(copy)), row_type)

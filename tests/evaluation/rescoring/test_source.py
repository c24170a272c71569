"""A file of any kind is read as text, or refused with the place, the fault and the remedy."""

from __future__ import annotations

import gzip
import io
import math
import os
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fasrepro import hashing
from fasrepro.evaluation.rescoring import source
from fasrepro.evaluation.rescoring.source import ScoresError

TEXT = b"split,label,score\ntest,0,0.5\ntest,1,0.25\n"
EXPECTED = (["split", "label", "score"], [["test", "0", "0.5"], ["test", "1", "0.25"]], [2, 3])


def contents(path: Path | str) -> tuple[list[str] | None, list[list[str]], list[int], str]:
    """Return header, rows, their numbers, and the hash."""
    rows, numbers = [], []
    with source.opened(str(path)) as file:
        for block in file.blocks:
            rows += [list(cells) for cells in zip(*block.columns, strict=True)]
            numbers += block.numbers.tolist()
        return file.header, rows, numbers, file.sha256


def write(folder: Path, data: bytes) -> Path:
    path = folder / "scores.csv"
    path.write_bytes(data)
    return path


def test_plain_and_compressed_files_have_the_same_rows(tmp_path: Path) -> None:
    for data in (TEXT, gzip.compress(TEXT)):
        path = write(tmp_path, data)
        assert contents(path) == (*EXPECTED, hashing.sha256_file(path))


def test_what_a_pipe_brings_is_read_once_and_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(TEXT,))
    writer.start()
    assert contents(pipe) == (*EXPECTED, hashing.sha256_bytes(TEXT))
    writer.join()
    for name in source.STDIN:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
        assert contents(name) == (*EXPECTED, hashing.sha256_bytes(TEXT))


def test_parquet_keeps_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    score = [0.1, None, 1e-300]
    table = pa.table({"score": score, "label": [0, 1, None], "is_bonafide": [True, False, True], "video": ["a", None, "c"]})
    pq.write_table(table, path)
    header, rows, numbers, _ = contents(path)
    assert (header, numbers) == (["score", "label", "is_bonafide", "video"], [1, 2, 3])
    assert rows[0] == [0.1, "0", "true", "a"]
    assert math.isnan(rows[1][0]) and rows[1][1:] == ["1", "false", ""]
    assert rows[2] == [1e-300, "", "true", "c"]
    pq.write_table(table.slice(0, 0), path)
    with pytest.raises(ScoresError, match=r"scores\.parquet: no rows"):
        contents(path)


def test_lines_of_words_have_no_header(tmp_path: Path) -> None:
    path = write(tmp_path, b"\na/1.png 0.5  1\na/2.png\t0.25 0\n")
    assert contents(path)[:3] == (None, [["a/1.png", "0.5", "1"], ["a/2.png", "0.25", "0"]], [2, 3])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty; its first row names the columns, such as split,label,score"),
        (b"\n \n", "the file is empty"),
        (b"split,label,score\n", "no rows below the header; add one"),
        (
            b"split label score\ntest 0 0.5\n",
            "its first line, 'split label score', has neither a comma nor a number; if it names",
        ),
        (b"split;label;score\ntest;0;0.5\n", "if it names the columns, separate them and the cells below by commas"),
        (b"split,label,score\ntest,0,\xff\n", "cannot be read: 'utf-8' codec can't decode byte 0xff"),
        (b'split,label,score\ntest,0,"1\ntest,1,0\n', ", row 2: a quote is opened and never closed; close it, or remove it"),
        (b'split,label,score\ntest,0,"1"x\n', ", row 2: ',' expected after '\"'; double a quote in a cell"),
        (b"split,label,score\ntest,0\n", ", row 2: 2 cells for 3 columns; fill in what is missing"),
        (b"split,label,score\ntest,0,0.5,a\n", ", row 2: 4 cells for 3 columns; quote what holds a comma"),
        (b"b.png 0.5 1\na b.png 0.5 1\n", ", row 2: 4 cells for 3 columns; quote what holds a comma, and put no blank in a path"),
        (b"PK\x03\x04rest", "a zip archive or an Excel workbook; save its table as CSV in UTF-8"),
        ("split,label".encode("utf-16"), "text in UTF-16; save it as CSV in UTF-8"),
        (b"BZh91AY", "compressed by bzip2; decompress it, or compress it by gzip"),
        (gzip.compress(TEXT, mtime=0)[:-9], "cannot be decompressed: "),
        (b"\x1f\x8bnothing", "cannot be decompressed: "),
        (b"PAR1 and no more", "no whole parquet file: "),
    ],
)
def test_a_faulty_file_is_named_with_its_remedy(tmp_path: Path, data: bytes, message: str) -> None:
    path = write(tmp_path, data)
    with pytest.raises(ScoresError) as error:
        contents(path)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScoresError, match=r"none\.csv: no such file"):
        contents(tmp_path / "none.csv")
    with pytest.raises(ScoresError, match="cannot be read: Is a directory"):
        contents(tmp_path)

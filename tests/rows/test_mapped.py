from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from fasrepro.rows import mapped, table
from fasrepro.rows.faces import Label
from fasrepro.rows.table import RowError
from fasrepro.rows.training import TrainRow
from tests.layout import ROOT

ROWS = [
    TrainRow(f"msu/a{n:04d}#0000", "msu", "print", Label.ATTACK, f"msu/{n}.png", f"{n:064d}", "cot", f"text of {n}")
    for n in range(2500)
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training set."""
    path = tmp_path_factory.mktemp("trainset") / "t.parquet"
    table.write(path, ROWS, TrainRow)
    return path


def test_mapped_rows_are_the_rows_of_the_table(path: Path, tmp_path: Path) -> None:
    rows = mapped.open_rows(path, TrainRow, tmp_path)
    assert len(rows) == len(ROWS)
    assert list(rows) == ROWS
    assert (rows[0], rows[1500], rows[-1]) == (ROWS[0], ROWS[1500], ROWS[-1])
    assert rows.__getitems__([7, 2499, 7]) == [ROWS[7], ROWS[2499], ROWS[7]]
    assert rows[998:1003] == ROWS[998:1003]
    assert type(rows[0].label) is Label and hash(rows[7]) == hash(ROWS[7])
    with pytest.raises(IndexError):
        rows[len(ROWS)]


def test_rows_can_be_sent_to_a_worker(path: Path, tmp_path: Path) -> None:
    rows = mapped.open_rows(path, TrainRow, tmp_path)
    assert pickle.loads(pickle.dumps(rows))[2499] == ROWS[2499]
    assert len(pickle.dumps(rows)) < 10_000


def test_a_table_is_copied_once_and_anew_when_it_changes(path: Path, tmp_path: Path) -> None:
    mapped.open_rows(path, TrainRow, tmp_path / "work")
    (copy,) = (tmp_path / "work").iterdir()
    made = copy.stat().st_mtime_ns
    mapped.open_rows(path, TrainRow, tmp_path / "work")
    assert copy.stat().st_mtime_ns == made
    other = tmp_path / "other.parquet"
    table.write(other, ROWS[:3], TrainRow)
    assert list(mapped.open_rows(other, TrainRow, tmp_path / "work")) == ROWS[:3]
    assert len(list((tmp_path / "work").iterdir())) == 2


def test_a_missing_and_a_broken_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"t\.parquet: no such table; `dvc repro` makes it"):
        mapped.open_rows(tmp_path / "t.parquet", TrainRow, tmp_path / "work")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(RowError, match="not a readable parquet file"):
        mapped.open_rows(tmp_path / "t.parquet", TrainRow, tmp_path / "work")
    assert not list(tmp_path.glob("work/*"))


def test_nothing_is_written_outside_the_work_folder(path: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from pathlib import Path; from fasrepro.rows import mapped; from fasrepro.rows.training import TrainRow\n"
        "rows = mapped.open_rows(Path(sys.argv[1]), TrainRow, Path(sys.argv[2])); rows[5], rows[1:3], list(rows)"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "work")]
    subprocess.run(command, cwd=ROOT, env={**kept, "HOME": str(home)}, check=True)
    assert not list(home.iterdir())

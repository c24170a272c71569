from __future__ import annotations

import dataclasses
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.scores import Explanation, Judgement, Score
from fasrepro.rows.table import RowError
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth

FACE = Face(
    face_id="msu/attack/a#0005",
    dataset="msu",
    split="train",
    subject="msu/client001",
    presentation="msu/attack/a",
    frame=5,
    label=Label.ATTACK,
    species="print",
    instrument="printed_photo",
    camera="msu/android",
    box=(1, 2, 30, 40),
    box_source="sidecar",
    crop="msu/a.png",
    crop_sha256="0" * 64,
)

TRUTH = Truth("a#0000", ("moire", "bezel"), (0.5, 1.0), ("3x2:2,2,2", "3x2:0,6"), ("glare",), ("halftone",), "{}")


def test_an_attack_is_the_positive_class() -> None:
    assert (int(Label.BONA_FIDE), int(Label.ATTACK)) == (0, 1)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    other = dataclasses.replace(FACE, face_id="msu/attack/a#0000", frame=0)
    table.write(tmp_path / "faces.parquet", [FACE, other], Face)
    assert table.read(tmp_path / "faces.parquet", Face) == [other, FACE]
    assert type(table.read(tmp_path / "faces.parquet", Face)[0].label) is Label


@given(st.lists(st.tuples(st.text(min_size=1), st.floats(0, 1)), unique_by=lambda pair: pair[0], max_size=5))
def test_scores_survive_the_round_trip(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, float]]) -> None:
    rows = [Score("oci_m", "vanilla", 0, name, p) for name, p in pairs]
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    table.write(path, rows, Score)
    assert table.read(path, Score) == sorted(rows, key=lambda row: row.face_id)


def test_tuples_and_verdicts_survive_the_round_trip(tmp_path: Path) -> None:
    table.write(tmp_path / "t.parquet", [TRUTH], Truth)
    assert table.read(tmp_path / "t.parquet", Truth) == [TRUTH]
    judged = Judgement("oci_m", "vanilla", 0, "a#0000", "lexical", Verdict.UNDECIDED)
    table.write(tmp_path / "j.parquet", [judged], Judgement)
    assert table.read(tmp_path / "j.parquet", Judgement) == [judged]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"species": "bona_fide"}, "label ATTACK does not go with species"),
        ({"split": "devel"}, "'devel' is none of"),
        ({"frame": 6}, "id does not name presentation and frame"),
        ({"box": (1, 2, 0, 4)}, "is empty"),
        ({"box_source": "guess"}, "'guess' is none of"),
    ],
)
def test_bad_rows_are_refused_with_file_and_row(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "faces.parquet"
    with pytest.raises(RowError, match=rf"faces\.parquet, row 0: .*{message}"):
        table.write(path, [dataclasses.replace(FACE, **change)], Face)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regions": ("3x2:2,2,2",)}, "cues, strengths and regions differ in number"),
        ({"regions": ("3x2:2,2,2", "1 1 2 2")}, "the region of bezel is not like .*: '1 1 2 2'"),
        ({"strengths": (0.5, 1.1)}, "a strength lies outside"),
        ({"faint": ("bezel",)}, "a cue is both present and faint"),
    ],
)
def test_a_truth_that_does_not_hold_together_is_refused(change: dict[str, object], message: str) -> None:
    table.check(table.from_rows([TRUTH], Truth), Truth, "truth")
    with pytest.raises(RowError, match=f"truth, row 0: a#0000: {message}"):
        table.check(table.from_rows([dataclasses.replace(TRUTH, **change)], Truth), Truth, "truth")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RowError, match="stands twice"):
        table.write(tmp_path / "faces.parquet", [FACE, FACE], Face)


def test_scores_outside_the_unit_interval_are_refused() -> None:
    for value in (-0.1, 1.1, float("nan")):
        with pytest.raises(RowError, match=r"not in \[0, 1\]"):
            table.check(table.from_rows([Score("oci_m", "vanilla", 0, "a#0000", value)], Score), Score, "scores")


def test_missing_broken_and_foreign_tables_are_named(tmp_path: Path) -> None:
    path = tmp_path / "faces.parquet"
    with pytest.raises(RowError, match="no such table"):
        table.read(path, Face)
    path.write_bytes(b"PAR1 cut off")
    with pytest.raises(RowError, match="not a readable parquet file"):
        table.read(path, Face)
    pq.write_table(pa.table({"face_id": ["a"], "colour": [1]}), path)
    with pytest.raises(RowError, match=r"not a table of Score; columns that differ: .*'colour'"):
        table.read(path, Score)


def test_same_rows_same_bytes_in_any_order(tmp_path: Path) -> None:
    rows = [Score("oci_m", "vanilla", 0, f"v{n}#0000", n / 10) for n in range(9)]
    table.write(tmp_path / "a.parquet", rows, Score)
    table.write(tmp_path / "b.parquet", rows[::-1], Score)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from fasrepro.rows import table; from fasrepro.rows.scores import Score\n"
        "rows = [Score('oci_m', 'vanilla', 0, f'{n}#0000', 0.5) for n in range(50000)]\n"
        "table.write(pathlib.Path(sys.argv[1]) / 'scores.parquet', rows, Score)"
    )

    def fill_disk() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    command = [sys.executable, "-c", code, str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, preexec_fn=fill_disk, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "File too large" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_tables_of_a_folder_are_read_as_one_sorted_by_key(tmp_path: Path) -> None:
    other = dataclasses.replace(FACE, face_id="msu/attack/a#0000", frame=0)
    table.write(tmp_path / "a.parquet", [FACE], Face)
    table.write(tmp_path / "b.parquet", [other], Face)
    assert table.read_all(tmp_path, Face) == [other, FACE]


def test_a_key_in_two_tables_of_a_folder_is_refused(tmp_path: Path) -> None:
    table.write(tmp_path / "a.parquet", [FACE], Face)
    table.write(tmp_path / "b.parquet", [FACE], Face)
    with pytest.raises(RowError, match=f"{tmp_path}, row 1: .* stands twice"):
        table.read_all(tmp_path, Face)


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_tables_is_refused_with_the_remedy(tmp_path: Path, folder: str) -> None:
    with pytest.raises(RowError, match="no tables of Face here; `dvc repro` makes them"):
        table.read_all(tmp_path / folder, Face)


def scores(count: int) -> pa.Table:
    """As columns, in the order of their keys."""
    return table.from_rows((Score("oci_m", "vanilla", 0, f"{n:06d}#0000", 0.5) for n in range(count)), Score)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Caption("a#0000", "cot", " \n", Verdict.ATTACK, "v1", "m", True, 1, "k"), "empty cot caption"),
        (Caption("a#0000", "cot", "text", Verdict.ATTACK, "v1", "m", True, 0, "k"), "at least one attempt"),
        (Explanation("oci_m", "vanilla", 0, "a#0000", "text", -1, True), "negative token count"),
        (Judgement("oci_m", "vanilla", 0, "a#0000", "", Verdict.ATTACK), "without a reader"),
        (TrainRow("a#0000", "msu", "print", Label.ATTACK, "a.png", "0", "cot", ""), "style and caption must come together"),
        (TrainRow("a#0000", "msu", "print", Label.ATTACK, "a.png", "0", "", "text"), "style and caption must come together"),
    ],
)
def test_each_row_type_refuses_what_cannot_be(row: object, message: str) -> None:
    with pytest.raises(RowError, match=f"here, row 0: a#0000: .*{message}"):
        table.check(table.from_rows([row], type(row)), type(row), "here")


@given(st.text(alphabet=" \t\n\u00a0\u2003ab"))
def test_a_caption_is_empty_where_nothing_is_left_of_it_stripped(text: str) -> None:
    caption = Caption("a#0000", "cot", text, Verdict.ATTACK, "v1", "m", True, 1, "k")
    mask, _ = next(Caption.faults(table.from_rows([caption], Caption).to_batches()[0]))
    assert mask.to_pylist() == [not text.strip()]


@given(st.integers(0, 10**6))
def test_the_id_of_a_face_is_the_one_that_its_table_asks_for(frame: int) -> None:
    face = dataclasses.replace(FACE, frame=frame, face_id=face_id(FACE.presentation, frame))
    table.check(table.from_rows([face], Face), Face, "faces")


@pytest.mark.parametrize(("name", "value"), [("label", 7), ("verdict", "maybe")])
def test_a_value_that_no_enum_has_is_refused_with_its_place(tmp_path: Path, name: str, value: object) -> None:
    row_type = Face if name == "label" else Judgement
    rows = [FACE] if name == "label" else [Judgement("oci_m", "vanilla", 0, "a#0000", "lexical", Verdict.ATTACK)]
    columns = table.from_rows(rows, row_type)
    place = columns.schema.get_field_index(name)
    pq.write_table(columns.set_column(place, columns.schema.field(name), [[value]]), tmp_path / "t.parquet")
    with pytest.raises(RowError, match=rf"t\.parquet, row 0: {name} {value!r} is none of"):
        table.read(tmp_path / "t.parquet", row_type)


def test_a_missing_value_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"t\.parquet, row 0: no camera"):
        table.write(tmp_path / "t.parquet", [dataclasses.replace(FACE, camera=None)], Face)


def test_rows_are_numbered_through_all_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = scores(10)
    table.write_columns(tmp_path / "s.parquet", columns, Score)
    wrong = columns.set_column(4, columns.schema.field("p_attack"), [[0.5] * 8 + [2.0, 0.5]])
    monkeypatch.setattr(table, "ROW_GROUP", 3)
    with pytest.raises(RowError, match=r"s\.parquet, row 8: 000008#0000: p_attack 2\.0 is not in"):
        table.write_columns(tmp_path / "s.parquet", wrong, Score)
    pq.write_table(wrong, tmp_path / "s.parquet")
    with pytest.raises(RowError, match=r"s\.parquet, row 8: 000008#0000: p_attack 2\.0 is not in"):
        table.columns(tmp_path / "s.parquet", Score)


def test_columns_are_what_rows_are(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    table.write_columns(path, scores(9).take(list(range(8, -1, -1))), Score)
    assert table.to_rows(table.columns(path, Score), Score) == table.read(path, Score) == table.to_rows(scores(9), Score)
    assert table.columns(path, Score, ["p_attack", "run"]).column_names == ["p_attack", "run"]
    assert table.columns_all(tmp_path, Score, ["p_attack"]).equals(scores(9).select(["p_attack"]))


def test_a_fault_in_a_column_that_nobody_asked_for_is_still_refused(tmp_path: Path) -> None:
    pq.write_table(table.from_rows([Score("oci_m", "vanilla", 0, "a#0000", 2.0)], Score), tmp_path / "s.parquet")
    with pytest.raises(RowError, match="not in"):
        table.columns(tmp_path / "s.parquet", Score, ["face_id"])


@pytest.mark.parametrize("sizes", [[20], [1] * 20, [13, 7], [0, 20, 0]])
def test_the_bytes_do_not_depend_on_how_rows_came_in_batches(
    tmp_path: Path, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "ROW_GROUP", 8)
    whole, parts, first = scores(20), [], 0
    for size in sizes:
        parts += whole.slice(first, size).to_batches()
        first += size
    table.write_columns(tmp_path / "whole.parquet", whole, Score)
    table.write_batches(tmp_path / "parts.parquet", parts, Score)
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "parts.parquet").read_bytes()
    assert pq.ParquetFile(tmp_path / "parts.parquet").num_row_groups == 3


def test_batches_out_of_order_or_with_a_key_twice_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROW_GROUP", 2)
    batches = [scores(4).slice(n, 1).to_batches()[0] for n in range(4)]
    with pytest.raises(ValueError, match="its rows do not come in the order of protocol, run, seed, face_id"):
        table.write_batches(tmp_path / "s.parquet", [batches[2], batches[0]], Score)
    with pytest.raises(RowError, match=r"row 2: .*'000001#0000'.* stands twice"):
        table.write_batches(tmp_path / "s.parquet", [batches[0], batches[1], batches[1]], Score)
    assert not list(tmp_path.iterdir())


def test_a_table_without_rows_is_written_and_read(tmp_path: Path) -> None:
    table.write(tmp_path / "s.parquet", [], Score)
    assert table.read(tmp_path / "s.parquet", Score) == []
    assert table.columns_all(tmp_path, Score).num_rows == 0

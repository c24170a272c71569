"""A file of scores is read unchanged, or refused with the place, the fault and the remedy."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import names
from fasrepro.evaluation import score_file

HEADER = "split,label,score,video,subject,species,dataset\n"
GOOD = """\
dev,bona_fide,-1.5,v1,s1,,casia
dev,0,0.5,v1,s1,,casia
dev,attack,3,v2,s1,print,casia
test,0,1e3,v1,s1,live,msu
test,1,2,v2,s2,replay,msu
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_are_read_unchanged(tmp_path: Path) -> None:
    table = score_file.read(write(tmp_path, HEADER + GOOD))
    assert [(row.number, row.split, row.label, row.score, row.video) for row in table.rows] == [
        (2, "dev", 0, -1.5, "v1"),
        (3, "dev", 0, 0.5, "v1"),
        (4, "dev", 1, 3.0, "v2"),
        (5, "test", 0, 1000.0, "v1"),
        (6, "test", 1, 2.0, "v2"),
    ]
    assert table.columns == set(HEADER.strip().split(","))
    assert (table.rows[2].species, table.rows[2].dataset, table.rows[2].subject) == ("print", "casia", "s1")


def test_blanks_byte_order_marks_and_empty_lines_are_ignored(tmp_path: Path) -> None:
    table = score_file.read(write(tmp_path, "\ufeffscore , split,label\r\n\r\n 0.5 ,test, attack\r\n,,\r\n"))
    assert [(row.number, row.label, row.score, row.video) for row in table.rows] == [(3, 1, 0.5, "row 3")]


def test_videos_by_hand(tmp_path: Path) -> None:
    videos = score_file.videos(score_file.read(write(tmp_path, HEADER + GOOD)), "dev", higher_is_bona_fide=False)
    assert videos.scores.tolist() == [-0.5, 3.0]
    assert videos.first.tolist() == [-1.5, 3.0]
    assert videos.frames.tolist() == [2, 1]
    assert videos.labels.tolist() == [0, 1]
    assert videos.units.tolist() == [0, 0]  # one subject
    reversed_videos = score_file.videos(score_file.read(write(tmp_path, HEADER + GOOD)), "dev", higher_is_bona_fide=True)
    assert reversed_videos.scores.tolist() == [-3.0, 0.5]
    assert reversed_videos.first.tolist() == [-3.0, 1.5]


def test_names_are_unique_within_a_data_set_only(tmp_path: Path) -> None:
    # v1 of casia is dev and v1 of msu is test; subject s1 of either, too.
    table = score_file.read(write(tmp_path, HEADER + GOOD))
    assert {(row.dataset, row.split) for row in table.rows if row.video == "v1"} == {("casia", "dev"), ("msu", "test")}
    with pytest.raises(score_file.ScoresError, match="add a column dataset"):
        score_file.read(write(tmp_path, "\n".join(line.rpartition(",")[0] for line in (HEADER + GOOD).splitlines())))


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_mean_depends_neither_on_order_nor_on_sign(frames: list[float], random: object) -> None:
    def mean(scores: list[float], higher_is_bona_fide: bool) -> float:
        rows = [score_file.Row(n, "test", 1, score, "v", "", "", "") for n, score in enumerate(scores)]
        rows.append(score_file.Row(99, "test", 0, 0.0, "w", "", "", ""))
        videos = score_file.videos(score_file.Table(Path(), frozenset(), rows), "test", higher_is_bona_fide)
        return videos.scores[videos.labels == 1][0]

    shuffled = list(frames)
    random.shuffle(shuffled)
    assert mean(frames, False) == mean(shuffled, False) == mean([-score for score in frames], True)
    assert math.isclose(mean(frames, False), sum(score / len(frames) for score in frames), rel_tol=1e-9, abs_tol=1e288)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(score_file.ScoresError, match=r"none\.csv: no such file"):
        score_file.read(tmp_path / "none.csv")
    with pytest.raises(score_file.ScoresError, match="cannot be read"):
        score_file.read(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    for content in (b"split,label,score\ntest,0,\xff\n", b'split,label,score\ntest,0,"1'):
        path = tmp_path / "scores.csv"
        path.write_bytes(content)
        with pytest.raises(score_file.ScoresError, match=r"scores\.csv: cannot be read: .*; save it as CSV in UTF-8"):
            score_file.read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header; its first row names the columns, such as split,label,score,"),
        ("split,label,score\n", "no rows below the header"),
        ("split,label,score,subjct\n", "unknown column 'subjct'. Did you mean 'subject'? Known: split, label, score, video"),
        ("split;label;score\n", "; separate columns by commas"),
        ("split,label,score,frame\n", "; rename it or remove it"),
        ("split,label\n", "no column 'score'; add it: split, label, score are required"),
        ("split,label,score,score\n", "2 columns are named 'score'; keep one"),
    ],
)
def test_a_faulty_header_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(score_file.ScoresError) as error:
        score_file.read(write(tmp_path, text))
    assert str(error.value).startswith(f"{tmp_path / 'scores.csv'}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("tset,attack,0.5,v9,s9,print,msu", "row 7, column split: unknown split 'tset'. Did you mean 'test'? Known: dev, test"),
        (
            "train,attack,0.5,v9,s9,print,msu",
            "row 7, column split: unknown split 'train'. Known: dev, test; remove rows of",
        ),
        ("test,atack,0.5,v9,s9,print,msu", "row 7, column label: unknown label 'atack'. Did you mean 'attack'?"),
        ("test,2,0.5,v9,s9,print,msu", "row 7, column label: unknown label '2'."),
        ("test,attack,high,v9,s9,print,msu", "row 7, column score: 'high' is no number"),
        ("test,attack,,v9,s9,print,msu", "row 7, column score: '' is no number"),
        (
            "test,attack,nan,v9,s9,print,msu",
            "row 7, column score: 'nan' is no number from -1e+300 to 1e+300; give the row a score",
        ),
        ("test,attack,-inf,v9,s9,print,msu", "row 7, column score: '-inf' is no number"),
        ("test,attack,1e301,v9,s9,print,msu", "row 7, column score: '1e301' is no number"),
        ("test,attack,0.5,v9,s9,,msu", "row 7, column species: empty; fill it in, or remove the whole column"),
        ("test,attack,0.5,v9,,print,msu", "row 7, column subject: empty"),
        ("test,attack,0.5,,s9,print,msu", "row 7, column video: empty"),
        ("test,attack,0.5,v9,s9,print", "row 7: 6 cells for 7 columns; quote what holds a comma"),
        ("test,attack,0,5,v9,s9,print,msu", "row 7: 8 cells for 7 columns"),
        (
            "test,bona_fide,0.5,v2,s2,replay,msu",
            "row 7, column label: video 'v2' has label 'bona fide' here and 'attack' in row 6",
        ),
        ("test,attack,0.5,v2,s3,replay,msu", "row 7, column subject: video 'v2' has subject 's3' here and 's2' in row 6"),
        ("test,attack,0.5,v2,s2,print,msu", "row 7, column species: video 'v2' has species 'print' here and 'replay' in row 6"),
        ("dev,attack,0.5,v2,s2,replay,msu", "row 7, column split: video 'v2' has split 'dev' here and 'test' in row 6"),
        (
            "dev,attack,0.5,v9,s2,print,msu",
            "row 7, column split: subject 's2' has split 'dev' here and 'test' in row 6; a subject has",
        ),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(score_file.ScoresError) as error:
        score_file.read(write(tmp_path, HEADER + GOOD + row + "\n"))
    assert str(error.value).startswith(f"{tmp_path / 'scores.csv'}, {message}")


def test_an_unknown_column_suggests_the_nearest(tmp_path: Path) -> None:
    for name in ("subjct", "colour"):
        with pytest.raises(
            score_file.ScoresError, match=re.escape(names.unknown(name, (*score_file.REQUIRED, *score_file.OPTIONAL), "column"))
        ):
            score_file.read(write(tmp_path, f"split,label,score,{name}\n"))


@pytest.mark.parametrize(("label", "lacking"), [("bona_fide", "attack"), ("attack", "bona fide")])
def test_a_split_without_a_label_is_named(tmp_path: Path, label: str, lacking: str) -> None:
    path = write(tmp_path, f"split,label,score\ntest,{label},0.5\ntest,{label},0.6\n")
    with pytest.raises(score_file.ScoresError, match=rf"scores\.csv: split test: no {lacking} among 2 videos; .*add such rows"):
        score_file.videos(score_file.read(path), "test", False)

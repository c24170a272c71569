"""A file of scores is read unchanged, or refused with the place, the fault and the remedy."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fasrepro.evaluation.rescoring import source
from fasrepro.evaluation.rescoring import table as tables
from fasrepro.evaluation.rescoring.layouts import Reading
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import SPLITS, Input, Table

HEADER = "split,label,score,video,subject,species,dataset\n"
GOOD = """\
dev,bona_fide,-1.5,v1,s1,,casia
dev,0,0.5,v1,s1,,casia
dev,attack,3,v2,s1,print,casia
test,0,1e3,v1,s1,live,msu
test,1,2,v2,s2,replay,msu
"""


def read(path: Path, label_live: str | None = None, ignore: tuple[str, ...] = ()) -> Table:
    return tables.read([Input(str(path))], Reading(label_live, ignore=ignore))


def columns(table: Table) -> list[tuple[int, str, int, float]]:
    """Return number, split, label and score of each row."""
    splits = [SPLITS[place] for place in table.splits]
    return list(zip(table.numbers.tolist(), splits, table.labels.tolist(), table.scores.tolist(), strict=True))


def texts(table: Table, column: str) -> list[str]:
    return [table.texts[column][row] for row in range(len(table.labels))]


def write(folder: Path, text: str) -> Path:
    path = folder / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_are_read_unchanged(tmp_path: Path) -> None:
    table = read(write(tmp_path, HEADER + GOOD))
    assert columns(table) == [
        (2, "dev", 0, -1.5),
        (3, "dev", 0, 0.5),
        (4, "dev", 1, 3.0),
        (5, "test", 0, 1000.0),
        (6, "test", 1, 2.0),
    ]
    assert {name: texts(table, name) for name in table.texts} == {
        "video": ["v1", "v1", "v2", "v1", "v2"],
        "subject": ["s1", "s1", "s1", "s1", "s2"],
        "species": ["", "", "print", "live", "replay"],
        "dataset": ["casia", "casia", "casia", "msu", "msu"],
    }


def test_blocks_of_rows_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(write(tmp_path, HEADER + GOOD))
    monkeypatch.setattr(source, "BLOCK", 2)
    parts = read(write(tmp_path, HEADER + GOOD))
    assert columns(parts) == columns(whole)
    assert {name: texts(parts, name) for name in parts.texts} == {name: texts(whole, name) for name in whole.texts}


def test_blanks_byte_order_marks_and_empty_lines_are_ignored(tmp_path: Path) -> None:
    table = read(write(tmp_path, "\ufeffscore , split,label\r\n\r\n 0.5 ,test, attack\r\n,,\r\n"))
    assert columns(table) == [(3, "test", 1, 0.5)]


def test_names_are_unique_within_a_data_set_only(tmp_path: Path) -> None:
    # v1 of casia is dev and v1 of msu is test; subject s1 of either, too.
    table = read(write(tmp_path, HEADER + GOOD))
    assert len(set(table.videos().tolist())) == 4
    with pytest.raises(ScoresError, match="add a column dataset"):
        read(write(tmp_path, "\n".join(line.rpartition(",")[0] for line in (HEADER + GOOD).splitlines())))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("tset,attack,0.5,v9,s9,print,msu", "row 7, column split: unknown split 'tset'. Did you mean 'test'? Known: dev, test"),
        (
            "train,attack,0.5,v9,s9,print,msu",
            "row 7, column split: unknown split 'train'. Known: dev, test; remove rows of",
        ),
        ("test,atack,0.5,v9,s9,print,msu", "row 7, column label: unknown label 'atack'. Did you mean 'attack'?"),
        ("test,2,0.5,v9,s9,print,msu", "row 7, column label: unknown label '2'; a label is 0 for bona fide or 1 for an attack"),
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
        ("test,attack,0.5,v9,s9,print", "row 7: 6 cells for 7 columns; fill in what is missing"),
        ("test,attack,0,5,v9,s9,print,msu", "row 7: 8 cells for 7 columns; quote what holds a comma"),
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
    with pytest.raises(ScoresError) as error:
        read(write(tmp_path, HEADER + GOOD + row + "\n"))
    assert str(error.value).startswith(f"{tmp_path / 'scores.csv'}, {message}")


@pytest.mark.parametrize("word", ["live", "Real", "bona_fide", "bona fide"])
def test_a_live_species_on_an_attack_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(ScoresError) as error:
        read(write(tmp_path, f"split,label,score,species\ntest,0,0.5,print\ntest,1,0.6,{word}\n"))
    assert f"row 3, column species: '{word}' on a row that is labelled an attack: labels are the wrong way round" in str(
        error.value
    )
    assert "a label 1 is an attack; where 1 means live, give --label-live 1" in str(error.value)


def test_a_species_may_be_a_number_of_a_parquet_file(tmp_path: Path) -> None:
    columns = {"split": ["test"] * 3, "label": [0, 1, 1], "score": [0.5] * 3, "species": [float("nan"), 2.0, 3.5]}
    pq.write_table(pa.table(columns), tmp_path / "scores.parquet")
    assert texts(read(tmp_path / "scores.parquet"), "species") == ["", "2", "3.5"]


def test_a_species_of_both_labels_is_refused(tmp_path: Path) -> None:
    text = "split,label,score,species\ntest,attack,0.5,print\ntest,attack,0.5,mask\ntest,bona_fide,0.6,print\n"
    with pytest.raises(ScoresError, match="row 4, column species: 'print' on a bona fide row, and on an attack in row 2"):
        read(write(tmp_path, text))


@pytest.mark.parametrize("live", ["1", "+1", "1.0"])
def test_the_live_label_is_bona_fide_and_the_other_an_attack(tmp_path: Path, live: str) -> None:
    for other in ("0", "-1"):
        path = write(tmp_path, f"split,label,score\ntest,1,0.5\ntest,{other},0.6\n")
        table = read(path, label_live=live)
        assert (table.labels.tolist(), table.numeric_labels) == ([0, 1], False)


@pytest.mark.parametrize(("live", "attack"), [("Live", "Spoof"), ("BONAFIDE", "ATTACK"), ("bona fide", "fake")])
def test_words_are_labels_in_any_case(tmp_path: Path, live: str, attack: str) -> None:
    assert read(write(tmp_path, f"split,label,score\ntest,{live},0\ntest,{attack},1\n")).labels.tolist() == [0, 1]


def test_a_live_label_beside_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScoresError, match="--label-live 1: the label 'bona_fide' says itself what it is; leave the option out"):
        read(write(tmp_path, "split,label,score\ndev,bona_fide,0\ndev,attack,1\n"), label_live="1")


def test_numbers_without_the_option_are_noted(tmp_path: Path) -> None:
    assert read(write(tmp_path, "split,label,score\ntest,1,0.5\ntest,0.0,0.6\n")).numeric_labels
    assert not read(write(tmp_path, "split,label,score\ntest,attack,0.5\ntest,live,0.6\n")).numeric_labels


def test_plus_one_never_suggests_one(tmp_path: Path) -> None:
    for label in ("+1", "-1"):
        with pytest.raises(ScoresError) as error:
            read(write(tmp_path, f"split,label,score\ntest,{label},0.5\n"))
        assert "Did you mean" not in str(error.value)
        assert "say which label is live by --label-live (1 is live in the lists of FLIP" in str(error.value)


def test_several_labels_beside_the_live_one_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "split,label,score\ntest,0,0.5\ntest,1,0.6\ntest,2,0.6\n")
    with pytest.raises(ScoresError, match="are both labels beside the live one, 0; keep one label for attacks"):
        read(path, label_live="0")
    with pytest.raises(ScoresError, match="--label-live real: labels are numbers here"):
        read(path, label_live="real")


def test_a_frame_that_stands_twice_is_refused(tmp_path: Path) -> None:
    header = "split,label,score,video,frame\n"
    path = write(tmp_path, header + "test,0,0.5,v1,1\ntest,0,0.5,v1,2\ntest,1,0.5,v2,1\ntest,0,0.9,v1,2\n")
    with pytest.raises(ScoresError) as error:
        read(path)
    assert "row 5: frame '2' of video 'v1' is in row 3 already; scores of several trainings need a column seed" in str(
        error.value
    )
    seeds = header.replace("\n", ",seed\n") + "test,0,0.5,v1,1,0\ntest,0,0.5,v1,1,1\n"
    assert texts(read(write(tmp_path, seeds)), "seed") == ["0", "1"]
    with pytest.raises(ScoresError, match="row 4: frame '1' of video 'v1', seed '1', is in row 3 already"):
        read(write(tmp_path, seeds + "test,0,0.6,v1,1,1\n"))


def test_a_path_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScoresError, match=r"row 3: path 'a\.png' is in row 2 already"):
        read(write(tmp_path, "split,label,score,path\ntest,0,0.5,a.png\ntest,0,0.5,a.png\n"))


def test_ignored_columns_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "split,label,score,colour\ntest,0,0.5,red\n")
    table = read(path, ignore=("colour",))
    assert (set(table.texts), table.origins[0].unused) == (set(), ("colour",))
    with pytest.raises(ScoresError, match=r"--ignore: unknown column 'color'\. Did you mean 'colour'"):
        read(path, ignore=("color",))


def test_each_split_may_be_a_file(tmp_path: Path) -> None:
    for split in SPLITS:
        (tmp_path / f"{split}.csv").write_text(f"label,score,video\nlive,0.5,a{split}\nspoof,0.5,b{split}\n", encoding="utf-8")
    inputs = [Input(str(tmp_path / f"{split}.csv"), split) for split in SPLITS]
    assert columns(tables.read(inputs, Reading())) == [
        (2, "dev", 0, 0.5),
        (3, "dev", 1, 0.5),
        (2, "test", 0, 0.5),
        (3, "test", 1, 0.5),
    ]
    twice = [Input(inputs[0].path, "dev"), Input(inputs[0].path, "test")]
    with pytest.raises(
        ScoresError, match=r"row 2, column split: video 'adev' has split 'test' here and 'dev' in .*dev\.csv, row 2"
    ):
        tables.read(twice, Reading())
    (tmp_path / "test.csv").write_text("label,score\nlive,0.5\n", encoding="utf-8")
    with pytest.raises(ScoresError, match=r"dev\.csv has a column 'video', and .*test\.csv has none; give it to both"):
        tables.read(inputs, Reading())
    (tmp_path / "test.csv").write_text("split,label,score\ndev,live,0.5\n", encoding="utf-8")
    with pytest.raises(ScoresError, match="row 2, column split: 'dev' in the file that is given as --test"):
        tables.read(inputs[1:], Reading())

"""The field's layouts read to the same rows as their plain CSV; what they leave open is asked."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from fasrepro.evaluation.rescoring import options, source, table
from fasrepro.evaluation.rescoring.layouts import OPTIONAL, Reading
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import Input, Table

PLAIN = """\
label,score,video,subject,species
bona_fide,0.9,real/1,ann,
bona_fide,0.4,real/2,bob,
attack,0.5,fake/1,ann,print
attack,0.1,fake/2,bob,replay
"""
BOB_CSV = """\
claimed_id,test_label,is_bonafide,attack_type,score,gender
ann,real/1,True,,0.9,f
bob,real/2,True,,0.4,m
ann,fake/1,False,print,0.5,f
bob,fake/2,False,replay,0.1,m
"""
BOB_FOUR = "ann ann real/1 0.9\nbob bob real/2 0.4\nann print fake/1 0.5\nbob replay fake/2 0.1\n"
BOB_FIVE = "ann m ann real/1 0.9\nbob m bob real/2 0.4\nann m print fake/1 0.5\nbob m replay fake/2 0.1\n"
PATHS = "real/1 0.9 1\nreal/2 0.4 1\nfake/1 0.5 0\nfake/2 0.1 0\n"
SCORES = "0.9 1\n0.4 1\n0.5 0\n0.1 0\n"
BOB_MEASURE = "+1 0.9\n+1 0.4\n-1 0.5\n-1 0.1\n"
LABELS_FIRST = "1 0.9\n1 0.4\n0 0.5\n0 0.1\n"


def read(folder: Path, text: str, reading: Reading | None = None, split: str | None = "test") -> Table:
    path = folder / "scores.txt"
    path.write_text(text, encoding="utf-8")
    return table.read([Input(str(path), split)], reading or Reading())


def rows(table: Table, *columns: str) -> list[tuple[object, ...]]:
    texts = [[table.texts[column][row] for row in range(len(table.labels))] for column in columns]
    return list(zip(table.labels.tolist(), table.scores.tolist(), *texts, strict=True))


@pytest.mark.parametrize("text", [BOB_CSV, BOB_FOUR, BOB_FIVE])
def test_bobs_layouts_are_read_as_their_plain_csv(tmp_path: Path, text: str) -> None:
    bob = read(tmp_path, text)
    assert rows(bob, "video", "subject", "species") == rows(read(tmp_path, PLAIN), "video", "subject", "species")
    assert bob.origins[0].higher_is_bona_fide  # as bob defines


def test_bobs_further_columns_are_not_used(tmp_path: Path) -> None:
    assert read(tmp_path, BOB_CSV).origins[0].unused == ("gender",)


@pytest.mark.parametrize("text", [PATHS, SCORES, LABELS_FIRST, PATHS.replace(" ", ",")])
def test_lists_are_read_as_their_plain_csv(tmp_path: Path, text: str) -> None:
    read_list = read(tmp_path, text, Reading(label_live="1"))
    assert rows(read_list) == rows(read(tmp_path, PLAIN))
    assert not read_list.origins[0].higher_is_bona_fide
    swapped = read(tmp_path, text, Reading(label_live="0"))
    assert swapped.labels.tolist() == [1, 1, 0, 0]


def test_bob_measures_two_columns_need_the_live_label(tmp_path: Path) -> None:
    bob = read(tmp_path, BOB_MEASURE, Reading(label_live="+1"))
    assert rows(bob) == rows(read(tmp_path, PLAIN))
    assert bob.origins[0].higher_is_bona_fide


def test_all_labels_decide_whether_a_list_is_bob_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BLOCK", 2)  # the first block has live rows alone
    assert not read(tmp_path, LABELS_FIRST, Reading(label_live="1")).origins[0].higher_is_bona_fide
    assert read(tmp_path, BOB_MEASURE, Reading(label_live="1")).origins[0].higher_is_bona_fide


def test_named_columns_are_not_bob_measures(tmp_path: Path) -> None:
    named = read(tmp_path, BOB_MEASURE, Reading("1", columns=("label", "score")))
    assert not named.origins[0].higher_is_bona_fide


@pytest.mark.parametrize("text", [PATHS, SCORES])
def test_a_list_does_not_say_what_its_labels_mean(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScoresError, match="row 1, column label: the file does not say whether 1 is bona fide or an attack; give"):
        read(tmp_path, text)


def test_words_need_no_live_label(tmp_path: Path) -> None:
    assert read(tmp_path, "a.png 0.5 live\nb.png 0.5 spoof\n").labels.tolist() == [0, 1]
    assert read(tmp_path, "0.5 Bonafide\n0.5 Attack\n").labels.tolist() == [0, 1]


def test_gzip_and_parquet_are_read_as_their_plain_csv(tmp_path: Path) -> None:
    expected = rows(read(tmp_path, PLAIN), "video", "subject", "species")
    (tmp_path / "scores.csv.gz").write_bytes(gzip.compress(PLAIN.encode()))
    columns = pyarrow.csv.read_csv(pa.BufferReader(PLAIN.encode()))
    pq.write_table(columns.append_column("__index_level_0__", pa.array(range(4))), tmp_path / "scores.parquet")
    for name in ("scores.csv.gz", "scores.parquet"):
        whole = table.read([Input(str(tmp_path / name), "test")], Reading())
        assert rows(whole, "video", "subject", "species") == expected


def test_columns_names_those_of_a_file_without_a_header(tmp_path: Path) -> None:
    text = "test,7,real/1,0.5,0\ntest,7,fake/1,0.6,1\n"
    named = read(tmp_path, text, Reading("0", columns=("split", "_", "video", "score", "label")), split=None)
    assert rows(named, "video") == [(0, 0.5, "real/1"), (1, 0.6, "fake/1")]


@pytest.mark.parametrize(
    ("text", "reading", "message"),
    [
        (
            "split,label,score,subjct\na,b,c,d\n",
            Reading(),
            "unknown column 'subjct'. Did you mean 'subject'? Known: split, label",
        ),
        ("split,label,score,subjct\na,b,c,d\n", Reading(), "rename it, or give --ignore subjct"),
        (",split,label,score\n0,test,1,0.5\n", Reading(), "unknown column '', probably the index that pandas writes; save it by"),
        ("split;label,score\na,b\n", Reading(), "unknown column 'split;label'; separate columns by commas"),
        ("label,is_bonafide,score\na,b,c\n", Reading(), "column 'is_bonafide' is of bob's layout, which has all of claimed_id,"),
        ("split,label\na,b\n", Reading(), "no column 'score'; add it: label and score are required"),
        ("split,label,score,score\na,b,c,d\n", Reading(), "2 columns are named 'score'; keep one"),
        (
            "label,score\na,b\n",
            Reading(),
            "no column 'split'; add it, or give a file each for dev and test: --dev FILE --test FILE",
        ),
        ("split,label,score,seed\na,b,c,1\n", Reading(), "a column seed needs a column video (or path)"),
        ("split,label,score,frame\na,b,c,1\n", Reading(), "a column frame needs a column video (or path), or every frame"),
        (
            "split,label,score\na,b,c\n",
            Reading(columns=("score",)),
            "its first row holds no number, so it names the columns; omit",
        ),
        (
            "test,a,b,c,d,0.5\n",
            Reading(),
            "no header, and no layout has 6 columns; name its columns in a first row, such as split",
        ),
        (
            "0 1\n1 0\n",
            Reading(),
            "no header, and of its last two columns each could hold the labels; name the columns in a first",
        ),
        ("a 0.5 0.7\n", Reading(), "no header, and of its last two columns neither holds labels"),
        ("a 0.5 1\n", Reading(columns=("path", "score")), "--columns names 2 columns, and the file has 3"),
        ("a 0.5 1\n", Reading(columns=("paht", "score", "label")), "--columns: unknown column 'paht'. Did you mean 'path'?"),
        ("a 0.5 1\n", Reading(columns=("score", "score", "label")), "--columns: score stands 2 times"),
        ("a 0.5 1\n", Reading(columns=("real_id", "score", "label")), "--columns: real_id says who it is only beside claimed_id"),
        ("a 0.5 1\n", Reading(ignore=("paht",)), "--ignore: unknown column 'paht'. Did you mean 'path'? Known: path"),
    ],
)
def test_faulty_columns_are_named(tmp_path: Path, text: str, reading: Reading, message: str) -> None:
    with pytest.raises(ScoresError) as error:
        read(tmp_path, text, reading, split=None)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("dev", "test"),
    [
        (PLAIN, SCORES.replace(" 1\n", " live\n").replace(" 0\n", " spoof\n")),
        (BOB_CSV, PLAIN.replace(",subject", "").replace(",ann", "").replace(",bob", "")),
        (BOB_FOUR, SCORES.replace(" 1\n", " live\n").replace(" 0\n", " spoof\n")),
        (PATHS.replace(" 1\n", " live\n").replace(" 0\n", " spoof\n"), PLAIN),
    ],
)
def test_a_column_of_one_file_can_be_left_out_as_the_message_says(tmp_path: Path, dev: str, test: str) -> None:
    (tmp_path / "dev").write_text(dev.replace("/", "/d"), encoding="utf-8")
    (tmp_path / "test").write_text(test, encoding="utf-8")
    inputs = [Input(str(tmp_path / split), split) for split in ("dev", "test")]
    ignored: list[str] = []
    while len(ignored) < len(OPTIONAL):
        try:
            whole = table.read(inputs, Reading(ignore=tuple(ignored)))
            break
        except ScoresError as error:
            ignored.append(str(error).rpartition("--ignore ")[2])
            assert ignored[-1] in OPTIONAL, error
    assert ignored and not whole.texts.keys() & set(ignored)
    assert (len(whole.labels), whole.labels.tolist()) == (8, [0, 0, 1, 1, 0, 0, 1, 1])


@pytest.mark.parametrize(("live", "attack"), [("True", "False"), ("1", "0")])
def test_what_is_bona_fide_may_be_said_in_numbers(tmp_path: Path, live: str, attack: str) -> None:
    text = f"claimed_id,test_label,is_bonafide,attack_type,score\nann,a,{live},,0.9\nann,b,{attack},print,0.1\n"
    assert read(tmp_path, text).labels.tolist() == [0, 1]


def test_bobs_lines_have_no_label_without_real_id(tmp_path: Path) -> None:
    with pytest.raises(ScoresError, match="no column 'label'"):
        read(tmp_path, BOB_FOUR, Reading(ignore=("real_id",)))


def test_layouts_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dev.csv").write_text(BOB_CSV.replace("ann", "cid").replace("bob", "dan").replace("/", "/d"), encoding="utf-8")
    (tmp_path / "test.csv").write_text(PLAIN, encoding="utf-8")
    whole = table.read([Input(str(tmp_path / f"{split}.csv"), split) for split in ("dev", "test")], Reading())
    with pytest.raises(ScoresError, match=r"bona fide in .*dev\.csv, which has bob's layout, and an attack in .*test\.csv; turn"):
        options.direction(whole, None)
    assert options.direction(whole, True) and not options.direction(whole, False)

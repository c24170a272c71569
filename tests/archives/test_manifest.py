"""Manifests: what they give, and each fault with its message."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import manifest
from fasrepro.archives.layout import WHOLE, ArchiveError, MediaFile
from fasrepro.rows.faces import Label

HEADER = "path,label,split,subject,species,video,frame,device,box"
FILES = ("a/1.png", "a/2.png", "b/1.jpg", "clip.mp4", "é.png")
LIVE, ATTACK = "a/1.png,live,train,s1,,,,,", "a/2.png,attack,test,s2,print,,,,"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "crops"
    for path in FILES:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    return root


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "faces.csv"
    file.write_bytes(("\n".join((header, *rows)) + "\n").encode("utf-8", "surrogatepass"))
    return file


def test_every_column_is_read(folder: Path) -> None:
    file = written(
        folder,
        'a/1.png,Genuine,valid,"Doe, Jane",bona_fide,,,phone,Whole',
        "a/2.png,SPOOF,test,s2,replay_pad,v7,12,,10 -20 80 100",
        "./b\\1.jpg,fake,test,s2,Replay_Pad,v7,40,,",
        "clip.mp4,live,train,s3,,,,,",
    )
    reading = manifest.read(file, "ours")
    assert [(p.id, p.path, p.split, p.subject, p.label, p.species, p.instrument, p.camera) for p in reading.presentations] == [
        ("ours/a/1", "a/1.png", "dev", "ours/Doe, Jane", Label.BONA_FIDE, "bona_fide", "", "phone"),
        ("ours/clip", "clip.mp4", "train", "ours/s3", Label.BONA_FIDE, "bona_fide", "", "unknown"),
        ("ours/v7", "v7", "test", "ours/s2", Label.ATTACK, "replay_pad", "replay_pad", "unknown"),
    ]
    assert reading.files == {
        "ours/a/1": [MediaFile("a/1.png", None, WHOLE)],
        "ours/v7": [MediaFile("a/2.png", 12, (10, -20, 80, 100)), MediaFile("b/1.jpg", 40, None)],
        "ours/clip": [MediaFile("clip.mp4", None, None)],
    }


def test_files_without_a_row_are_named_and_no_fault(folder: Path) -> None:
    (folder / "README.txt").write_text("x")
    reading = manifest.read(written(folder, LIVE, ATTACK), "ours")
    excluded = {e.path: e.by_design for e in reading.exclusions}
    assert excluded == dict.fromkeys(["README.txt", "b/1.jpg", "clip.mp4", "é.png"], True)


def test_optional_columns_may_be_absent(folder: Path) -> None:
    file = written(folder, "train,s1,a/1.png,live", "test,s2,b/1.jpg,real", header="Split,Subject,Path,Label")
    assert [p.id for p in manifest.read(file, "ours").presentations] == ["ours/a/1", "ours/b/1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_byte_order_marks_line_ends_and_blank_lines_do_not_matter(encoding: str, ending: str, folder: Path) -> None:
    file = folder / "faces.csv"
    file.write_bytes(ending.join(("", HEADER, "", LIVE, ",,,,,,,,", ATTACK)).encode(encoding))
    assert len(manifest.read(file, "ours").presentations) == 2
    file.write_bytes(ending.join((HEADER, "", '"a/1.png",live,train,"s', '1",,,,,', "a/2.png,1,test,s2,,,,,")).encode(encoding))
    with pytest.raises(ArchiveError, match=r"faces\.csv, line 5: label 1"):  # a quoted line end is counted
        manifest.read(file, "ours")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_path_is_found_in_any_unicode_form_and_kept_as_on_disk(form: str, folder: Path) -> None:
    (folder / "é.png").rename(folder / unicodedata.normalize("NFD", "é.png"))
    file = written(folder, f"{unicodedata.normalize(form, 'é.png')},live,train,s1,,,,,")
    [shown] = manifest.read(file, "ours").presentations
    assert shown.path == unicodedata.normalize("NFD", "é.png")
    assert (folder / shown.path).is_file()


FAULTS = [
    (
        [LIVE, "a/2.png,1,test,s2,print,,,,"],
        r"line 3: label 1: lists differ in what a number means; write the word live or attack",
    ),
    (["a/1.png,0.0,test,s2,,,,,"], r"line 2: label 0\.0: .*write the word"),
    (["a/1.png,attak,test,s2,print,,,,"], r"line 2: unknown label 'attak'\. Did you mean 'attack'"),
    (["a/1.png,live,eval,s1,,,,,"], r"line 2: split 'eval' is a test set to some .*; write test or dev"),
    (["a/1.png,live,tset,s1,,,,,"], r"line 2: unknown split 'tset'\. Did you mean 'test'"),
    (["a/1.png,live,train,,,,,,"], r"line 2: no subject; write a name or number"),
    (["a/1.png,attack,train,s1,,,,,"], r"line 2: an attack without a species; write one of print, "),
    (["a/1.png,attack,train,s1,prnt,,,,"], r"line 2: unknown species of an attack 'prnt'\. Did you mean 'print'"),
    (["a/1.png,attack,train,s1,bona_fide,,,,"], r"line 2: unknown species of an attack 'bona_fide'"),
    (["a/1.png,live,train,s1,print,,,,"], r"line 2: a live face of the species 'print'; remove the species"),
    ([",live,train,s1,,,,,"], r"line 2: path '' is no picture or video"),
    (["a/notes.txt,live,train,s1,,,,,"], r"line 2: path 'a/notes\.txt' is no picture or video"),
    (["a/11.png,live,train,s1,,,,,"], r"line 2: no file 'a/11\.png' below .*Did you mean 'a/1\.png'\? Put it there, or remove"),
    (["a/../../x.png,live,train,s1,,,,,"], r"line 2: 'a/\.\./\.\./x\.png' leaves the folder; write paths relative"),
    (["/etc/x.png,live,train,s1,,,,,"], r"line 2: '/etc/x\.png' leaves the folder"),
    (["C:\\x.png,live,train,s1,,,,,"], r"line 2: 'C:.*' leaves the folder"),
    (["a/1.png,live,train,s1,,v,-1,,"], r"line 2: frame '-1' is no whole number from 0"),
    (["a/1.png,live,train,s1,,,,,1 2 3"], r"line 2: box '1 2 3' is not like '10 20 80 100'; write x y width height"),
    (["a/1.png,live,train,s1,,,,,1 2 0 4"], r"line 2: box '1 2 0 4'"),
    (["a/1.png,live,train,s1,,../v,,,"], r"line 2: video '\.\./v' leaves the folder"),
    (["clip.mp4,live,train,s1,,v,,,"], r"line 2: clip\.mp4 is a video itself; leave the column 'video' empty"),
    (["clip.mp4,live,train,s1,,,,,1 2 3 4"], r"line 2: a box of the video clip\.mp4 without a frame"),
    ([LIVE, ATTACK, LIVE], r"line 4: a/1\.png is in line 2 too; keep one row a file"),
    (["é.png,live,test,s1,,,,,", "e\u0301.png,live,test,s1,,,,,"], r"line 3: é\.png is in line 2 too"),
    ([LIVE, "a/2.png,live,test,s1,,,,,"], r"line 3: a subject in two splits: ours/s1 is in test here and in train in line 2"),
    (
        ["a/1.png,live,train,s1,,v,,,", "a/2.png,attack,train,s1,print,v,,,"],
        r"line 3: two values of label for the video 'v': 'attack' here and 'bona_fide' in line 2; correct one",
    ),
    (["a/1.png,live,train,s1,,v,,,", "a/2.png,live,train,s2,,v,,,"], r"line 3: two values of subject for the video 'v'"),
    (["a/1.png,live,train,s1,,v,,,", "a/2.png,live,test,s1,,v,,,"], r"line 3: two values of split for the video 'v'"),
    (["a/1.png,live,train,s1,,v,,x,", "a/2.png,live,train,s1,,v,,y,"], r"line 3: two values of device for the video 'v'"),
    (
        ["a/1.png,fake,train,s1,print,v,,,", "a/2.png,fake,train,s1,poster,v,,,"],
        r"line 3: two values of species for the video 'v': 'poster' here and 'print' in line 2",
    ),
    (["a/1.png,live,train,s1,,v,5,,", "a/2.png,live,train,s1,,v,5,,"], r"line 3: frame 5 of ours/v is in line 2 too"),
    (
        ["a/1.png,live,train,s1,,v,5,,", "a/2.png,live,train,s1,,v,,,"],
        r"line 3: of the video 'v', one of lines 2 and 3 has a frame",
    ),
    (["clip.mp4,live,train,s1,,,3,,whole"], r"line 2: clip\.mp4 is a video, and 'whole' is for pictures"),
    (["a/1.png,live,train,s1,,v.1,,,", "a/2.png,live,train,s1,,v.2,,,"], r"line 3: the id 'ours/v' is that of line 2 too"),
    (["a/1.png,live,train,Doe, Jane,,,,,"], r"line 2: 10 cells for 9 columns; quote a value that holds a comma"),
    ([LIVE, '"a/2.png,live,test,s2,,,,,'], r"line 3: not CSV: .*; quote what holds a comma"),
    ([], r": no rows below the header; add one"),
]


@pytest.mark.parametrize(("rows", "message"), FAULTS)
def test_a_fault_is_named_with_its_line_and_remedy(rows: list[str], message: str, folder: Path) -> None:
    with pytest.raises(ArchiveError, match=rf"faces\.csv.*{message}"):
        manifest.read(written(folder, *rows), "ours")


def test_all_faults_are_named_not_the_first_alone(folder: Path) -> None:
    checked = manifest.check(written(folder, "a/1.png,1,train,s1,,,,,", ATTACK, "b/1.jpg,live,tset,s1,,,,,"))
    assert [row.path for row in checked.rows] == ["a/2.png"]
    assert [fault.partition(", ")[2].partition(":")[0] for fault in checked.faults] == ["line 2", "line 4"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r": empty; its first line names the columns: path,label,split,subject"),
        (b"\xef\xbb\xbf \n", r": empty"),
        (b"path;label;split;subject\n", r", line 1: columns are separated by semicolons \(';'\); use commas"),
        (b'"path";"label";"split";"subject"\n', r", line 1: columns are separated by semicolons"),
        (b"path\tlabel\tsplit\tsubject\n", r", line 1: columns are separated by tabulators"),
        (b"\n<!DOCTYPE html><html></html>\n", r", line 2: a web page in place of a CSV file; fetch the file itself"),
        (b"path,label,subject\n", r", line 1: no column 'split'; add it"),
        (b"path,label,split,subject,specie\n", r", line 1: unknown column 'specie'\. Did you mean 'species'.*; rename it"),
        (b"path,label,split,subject,path\n", r", line 1: 2 columns are named 'path'; keep one"),
        (HEADER.encode() + b"\n\xff\n", r", line 2: not UTF-8 text; save it as CSV in UTF-8"),
        (HEADER.encode("utf-16"), r", line 1: not UTF-8 text"),
        (HEADER.encode() + b"\na\0.png,live,train,s1,,,,,\n", r", line 2: no file"),
    ],
)
def test_a_file_that_is_no_such_csv_is_an_error(data: bytes, message: str, folder: Path) -> None:
    (folder / "faces.csv").write_bytes(data)
    with pytest.raises(ArchiveError, match=rf"faces\.csv{message}"):
        manifest.read(folder / "faces.csv", "ours")


def test_junk_is_an_archive_error_and_no_other(folder: Path) -> None:
    cells = st.lists(st.text(max_size=6), min_size=9, max_size=9).map(",".join)

    @given(st.one_of(cells, st.text(max_size=40), st.builds(LIVE.replace, st.sampled_from(LIVE.split(",")[:4]), st.text())))
    def is_an_error(row: str) -> None:
        try:
            manifest.read(written(folder, row), "ours")
        except ArchiveError as error:
            assert "faces.csv" in str(error)

    is_an_error()


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"faces\.csv: No such file or directory; give the CSV file"):
        manifest.read(tmp_path / "nowhere" / "faces.csv", "ours")


def test_a_link_that_leaves_the_folder_is_an_error(folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside/1.png").write_bytes(b"x")
    (folder / "file.png").symlink_to(folder.parent / "outside/1.png")
    (folder / "linked").symlink_to(folder.parent / "outside")
    for path in ("file.png", "linked/1.png"):
        with pytest.raises(ArchiveError, match=rf"line 2: '{path}' is a link that leaves the folder; copy the file"):
            manifest.read(written(folder, f"{path},live,train,s1,,,,,"), "ours")


def test_files_that_differ_only_in_unicode_form_are_an_error(folder: Path) -> None:
    (folder / unicodedata.normalize("NFD", "é.png")).write_bytes(b"x")
    with pytest.raises(ArchiveError, match=r"line 2: 2 files are named 'é\.png' in different Unicode forms; keep one"):
        manifest.read(written(folder, "é.png,live,train,s1,,,,,"), "ours")

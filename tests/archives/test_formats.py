"""The formats in which a data set may lie, and what a fingerprint covers of each."""

from pathlib import Path

import pytest

from fasrepro.archives import casia, formats
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import WHOLE, ArchiveError, MediaFile
from fasrepro.files import write_text

CROP = "MCIO/frame/casia/train/fake/1_7_frame0.png"


def test_a_data_set_is_read_in_each_format(tmp_path: Path) -> None:
    for shown in casia.plan(casia.Size(1, 1)):
        write_text(tmp_path / "CASIA-FASD" / shown.path, "x")
    write_text(tmp_path / CROP, "x")
    write_text(tmp_path / "ours/faces.csv", "path,label,split,subject\n1.png,live,test,s1\n")
    write_text(tmp_path / "ours/1.png", "x")
    root, official = formats.read(tmp_path, "casia", "")
    assert (root, len(official.presentations), official.files) == (tmp_path / "CASIA-FASD", 24, {})
    root, crops = formats.read(tmp_path, "casia", formats.CROPS)
    assert (root, crops.files) == (tmp_path, {"casia/train_release/1/7": [MediaFile(CROP, None, WHOLE)]})
    root, listed = formats.read(tmp_path, "ours", "ours/faces.csv")
    assert (root, listed.files, listed.splits) == (tmp_path / "ours", {"ours/1": [MediaFile("1.png", None, None)]}, ("test",))


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("casia", "crop", r"archives\.formats\.casia: 'crop' is neither crops nor the path of a \.csv file"),
        ("casia", "crops", r"no crops of casia in a layout of FLIP"),
        ("ours", "crops", r"unknown data set 'ours'"),
        ("ours", "ours.csv", r"ours\.csv: no such file; put the manifest of ours there, or correct archives\.formats\.ours"),
    ],
)
def test_an_absent_format_is_an_error(name: str, form: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=message):
        formats.read(tmp_path, name, form)
    with pytest.raises(ArchiveError, match=message):
        formats.tree_of(tmp_path, name, form)


def test_the_fingerprint_of_crops_is_of_their_own_files(tmp_path: Path) -> None:
    write_text(tmp_path / CROP, "x")
    one = fingerprint(tmp_path, "casia", contents=False, form="crops")
    assert (one["format"], one["files"], one["bytes"]) == ("crops", 1, 1)
    write_text(tmp_path / "msu/train/real/real_client001_android_SD_scene01_frame0.png", "x")
    assert fingerprint(tmp_path, "casia", contents=False, form="crops") == one


def test_the_fingerprint_of_a_manifest_changes_with_a_word_of_equal_length(tmp_path: Path) -> None:
    write_text(tmp_path / "1.png", "x")
    write_text(tmp_path / "ours.csv", "path,label,split,subject\n1.png,live,test,s1\n")
    one = fingerprint(tmp_path, "ours", contents=False, form="ours.csv")
    write_text(tmp_path / "ours.csv", "path,label,split,subject\n1.png,fake,test,s1\n")
    assert fingerprint(tmp_path, "ours", contents=False, form="ours.csv")["list_sha256"] != one["list_sha256"]


def test_the_official_layout_has_no_format_in_its_fingerprint(tmp_path: Path) -> None:
    write_text(tmp_path / "CASIA-FASD/train_release/1/1.avi", "x")
    assert "format" not in fingerprint(tmp_path, "casia", contents=False)

"""Which faces may be printed: nobody's always, a licensed data set's only if it is named, and of WMCA the listed files alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fasrepro.report import printing
from fasrepro.report.printing import Printing
from tests.faces import face
from tests.report.samples import DRAWN, PORTRAITS

MSU, CASIA = face("msu/scene01/real/real_client001_android_SD_scene01", "bona_fide"), face("casia/train_release/1/1", "bona_fide")
LISTED = face("wmca/preprocessed-face-station_RGB/01.02.18/530_03_001_2_18", "flexible_mask")
UNLISTED = face("wmca/preprocessed-face-station_RGB/01.02.18/531_03_001_2_18", "flexible_mask")
REPORTS = {"wmca": {"printable": ["530_03_001_2_18"]}, "msu": {}}


def licensed(*datasets: str) -> Printing:
    archives = SimpleNamespace(source="licensed", datasets={}, printable=list(datasets))
    return printing.of_params(archives, SimpleNamespace(people="procedural"), REPORTS)


def test_drawn_faces_may_be_printed_and_portraits_not() -> None:
    assert DRAWN.allows(MSU) and DRAWN.why_omitted([MSU]) == ""
    assert not PORTRAITS.allows(MSU) and PORTRAITS.why_omitted([MSU]) == printing.PORTRAITS


def test_no_licensed_face_is_printed_unless_its_data_set_is_named() -> None:
    assert [one for one in (MSU, CASIA, LISTED, UNLISTED) if licensed().allows(one)] == []
    assert [one for one in (MSU, CASIA, LISTED, UNLISTED) if licensed("msu").allows(one)] == [MSU]
    assert not licensed().drawn  # whatever `synthetic.people` says


def test_of_wmca_only_listed_files_are_printed() -> None:
    assert [one for one in (LISTED, UNLISTED) if licensed("wmca").allows(one)] == [LISTED]
    without_lists = printing.of_params(
        SimpleNamespace(source="licensed", printable=["wmca"]), SimpleNamespace(people="procedural"), {}
    )
    assert not without_lists.allows(LISTED)


def test_one_sentence_says_why_a_picture_is_not_there() -> None:
    assert licensed("msu").why_omitted([MSU]) == ""
    reason = "because `archives.printable` does not say that the licence allows it"
    assert licensed("msu").why_omitted([CASIA, MSU]) == f"The book omits the pictures of faces of CASIA-FASD, {reason}."
    assert (
        licensed("wmca")
        .why_omitted([UNLISTED, CASIA])
        .endswith("allows it, and of files of WMCA that its documentation does not list as printable.")
    )


def test_an_unknown_data_set_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"params\.yaml: archives\.printable: unknown data set 'mus'\. Did you mean 'msu'"):
        licensed("mus")

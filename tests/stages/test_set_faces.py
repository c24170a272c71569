"""Which faces a caption set of a part's people is about, and what is said of a class that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro import paths
from fasrepro.captions.sets import FacesOfPart
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.stages import set_faces
from tests.faces import face

PARTS = {"wfas": {"A": 1.0}}
COUNTS = {"bona_fide": 6, "a4_print": 6, "replay_pad": 6}  # and no mask


@pytest.fixture(autouse=True)
def _indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [(f"wfas/{kind}/{number}", kind) for kind, count in COUNTS.items() for number in range(count)]
    table.write(paths.faces("wfas"), [face(presentation, kind, split="train") for presentation, kind in shown], Face)


def test_a_class_without_a_face_gives_its_share_to_the_others_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = set_faces.of_set(FacesOfPart("A", 12, balanced=True), PARTS)
    assert sorted(one.species for one in chosen) == ["a4_print"] * 4 + ["bona_fide"] * 4 + ["replay_pad"] * 4
    assert capsys.readouterr().err == (
        "no face of the class mask in part A (gold captions) of wfas: the other classes have its share\n"
    )


def test_nothing_is_said_where_faces_are_not_balanced(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(set_faces.of_set(FacesOfPart("A", 12), PARTS)) == 12
    assert not capsys.readouterr().err

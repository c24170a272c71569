"""The world's pictures: a cue's faces show it, an outline is where it should be, and no face is drawn that may not be."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fasrepro.report import gallery, printing, world_pictures
from fasrepro.report.known_world import KnownWorld
from fasrepro.report.material import Material, by_face
from fasrepro.simulation import worlds
from fasrepro.vocabulary import CUES, cues_of
from tests import synthetic
from tests.regions import box_region
from tests.report.samples import DRAWN, material


@pytest.fixture(scope="module")
def known() -> KnownWorld:
    rng = np.random.default_rng(1)
    pictures = {cue: tuple(rng.integers(0, 255, (2, 32, 32, 3), dtype=np.uint8)) for cue in list(CUES)[:9]}
    mask = np.zeros((32, 32), dtype=np.uint8)
    mask[8:20, 4:28] = 1
    return KnownWorld(worlds.tables("a", synthetic.default_plan()), {cue: (*pair, mask) for cue, pair in pictures.items()})


def test_a_cue_belongs_to_one_plate_of_at_most_seven() -> None:
    plates = world_pictures.plates()
    assert sorted(cue for names in plates.values() for cue in names) == sorted(CUES)
    assert max(map(len, plates.values())) <= 7
    assert world_pictures.family("glare") == "replay"  # two of its three species
    assert world_pictures.family("hand_on_medium") == "print"  # as many of either: the first family


def test_a_picture_is_grey_outside_a_region_and_outlined_inside() -> None:
    picture = np.full((24, 24, 3), (200, 40, 40), dtype=np.uint8)
    mask = np.zeros((24, 24), dtype=np.uint8)
    mask[:16, :16] = 1
    drawn = world_pictures.outlined(picture, mask)
    zoom = world_pictures.ZOOM
    assert drawn.shape == (24 * zoom, 24 * zoom, 3)
    outside = drawn[17 * zoom :]
    assert (outside == outside[..., :1]).all()
    assert (drawn[2 * zoom : 14 * zoom, 2 * zoom : 14 * zoom] == (200, 40, 40)).all()
    line = drawn[0, : 16 * zoom]  # along the picture's border
    assert {tuple(pixel) for pixel in line.tolist()} == {(0, 0, 0), (255, 255, 255)}


def test_the_faces_of_a_cue_show_it_as_their_strongest(world: SimpleNamespace) -> None:
    faces, truths = by_face(world.faces), by_face(world.truths)
    last = cues_of("replay_video")[2]  # the third cue is the strongest where there are three: of subject 2
    shown, strongest = world_pictures.cue_faces(last, faces, truths)
    assert strongest
    assert {face.subject.rsplit("/", 1)[1] for face, _ in shown} == {"2"}
    assert {strength for _, strength in shown} == {0.7}
    away = {key: dataclasses.replace(t, regions=(box_region(200, 160, 8, 8),) * len(t.regions)) for key, t in truths.items()}
    assert world_pictures.cue_faces(last, faces, away) == ([], False)
    weak = {key: t for key, t in truths.items() if t.cues and t.cues[-1] != "moire"}
    shown, strongest = world_pictures.cue_faces("moire", faces, weak)
    assert shown
    assert not strongest


def given(world: SimpleNamespace, known: KnownWorld, folder: Path, **sections: SimpleNamespace) -> Material:
    inputs = {"faces": by_face(world.faces), "truths": by_face(world.truths), "world": known}
    one = material(folder, "world", params=sections, **inputs)
    one.pictures = lambda: gallery.Pictures(world.crops, folder, "x", DRAWN)  # type: ignore[method-assign]
    return one


def test_every_figure_is_drawn_the_same_twice(world: SimpleNamespace, known: KnownWorld, tmp_path: Path) -> None:
    rendered = {}
    for copy in ("a", "b"):
        rendered = world_pictures.render(given(world, known, tmp_path / copy))
        world = SimpleNamespace(**{**vars(world), "faces": world.faces[::-1]})
    named = {name for text in rendered.values() for name in re.findall(r"_generated/world/figures/(\w+\.png)", text)}
    assert named == {path.name for path in (tmp_path / "a/figures").iterdir()}
    assert len(named) >= 6
    assert all((tmp_path / "a/figures" / n).read_bytes() == (tmp_path / "b/figures" / n).read_bytes() for n in named)
    assert "In no face of the index" in rendered["cues"]


def test_no_picture_is_drawn_if_none_may_be_printed(world: SimpleNamespace, known: KnownWorld, tmp_path: Path) -> None:
    portraits = given(world, known, tmp_path, synthetic=SimpleNamespace(people="portraits"))
    assert set(world_pictures.render(portraits).values()) == {f"{printing.PORTRAITS}\n"}
    licensed = given(world, KnownWorld({}, {}), tmp_path, archives=SimpleNamespace(source="licensed", datasets={}, printable=[]))
    licensed._loaded["truths"] = {}
    rendered = world_pictures.render(licensed)
    assert rendered["pairs"] == rendered["cues"] == rendered["look_alike_faces"] == world_pictures.UNKNOWN
    assert rendered["species"] == f"{licensed.printing.why_omitted(world.faces)}\n" != "\n"
    assert not list(tmp_path.iterdir())

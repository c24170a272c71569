"""The world's pictures: a cue's faces show it, a mask is where it should be, and no face is drawn that may not be."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fasrepro.report import gallery, specimens
from fasrepro.report.pages import by_id
from fasrepro.report.world import Known
from fasrepro.simulation import worlds
from fasrepro.vocabulary import CUES, cues_of
from tests.regions import box_region

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def known() -> Known:
    rng = np.random.default_rng(1)
    pictures = {cue: tuple(rng.integers(0, 255, (2, 32, 32, 3), dtype=np.uint8)) for cue in list(CUES)[:9]}
    mask = np.zeros((32, 32), dtype=np.uint8)
    mask[8:20, 4:28] = 1
    return Known(worlds.tables("a"), {cue: (*pair, mask) for cue, pair in pictures.items()})


def test_a_cue_belongs_to_one_plate_of_at_most_seven() -> None:
    found = specimens.plates()
    assert sorted(cue for names in found.values() for cue in names) == sorted(CUES)
    assert max(map(len, found.values())) <= 7
    assert specimens.family("glare") == "replay"  # two of its three species
    assert specimens.family("hand_on_medium") == "print"  # as many of either: the first family


def test_outside_a_mask_all_is_grey_and_inside_it_the_picture_within_a_dashed_line() -> None:
    picture = np.full((24, 24, 3), (200, 40, 40), dtype=np.uint8)
    mask = np.zeros((24, 24), dtype=np.uint8)
    mask[:16, :16] = 1
    drawn = specimens.laid_over(picture, mask)
    zoom = specimens.ZOOM
    assert drawn.shape == (24 * zoom, 24 * zoom, 3)
    outside = drawn[17 * zoom :]
    assert (outside == outside[..., :1]).all()
    assert (drawn[2 * zoom : 14 * zoom, 2 * zoom : 14 * zoom] == (200, 40, 40)).all()
    line = drawn[0, : 16 * zoom]  # along the picture's border
    assert {tuple(pixel) for pixel in line.tolist()} == {(0, 0, 0), (255, 255, 255)}


def test_the_faces_of_a_cue_have_it_as_their_strongest_in_the_crop(world: SimpleNamespace) -> None:
    faces, truths = by_id(world.faces), by_id(world.truths)
    last = cues_of("replay_video")[2]  # the third cue is the strongest where there are three: of subject 2
    found, strongest = specimens.cue_faces(last, faces, truths)
    assert strongest
    assert {face.subject.rsplit("/", 1)[1] for face, _ in found} == {"2"}
    assert {strength for _, strength in found} == {0.7}
    away = {key: dataclasses.replace(t, regions=(box_region(200, 160, 8, 8),) * len(t.regions)) for key, t in truths.items()}
    assert specimens.cue_faces(last, faces, away) == ([], False)
    weak = {key: t for key, t in truths.items() if t.cues and t.cues[-1] != "moire"}
    found, strongest = specimens.cue_faces("moire", faces, weak)
    assert found
    assert not strongest


def test_the_page_includes_every_fragment_and_every_figure_is_drawn_the_same_twice(
    world: SimpleNamespace, known: Known, tmp_path: Path
) -> None:
    faces, truths = by_id(world.faces), by_id(world.truths)
    for copy in ("a", "b"):
        made = specimens.fragments_of(known, faces, truths, world.crops, tmp_path / copy, True)
        faces = dict(reversed(faces.items()))
    named = {name for text in made.values() for name in re.findall(r"figures/(\w+\.png)", text)}
    assert named == {path.name for path in (tmp_path / "a/figures").iterdir()}
    assert len(named) >= 6
    assert all((tmp_path / "a/figures" / n).read_bytes() == (tmp_path / "b/figures" / n).read_bytes() for n in named)
    page = (ROOT / "book" / "world.md").read_text(encoding="utf-8")
    assert made.keys() <= set(re.findall(r"_generated/(\w+)\.md", page))
    assert "In no face of the index" in made["world_cues"]


def test_no_picture_is_drawn_where_none_may_be_printed(world: SimpleNamespace, known: Known, tmp_path: Path) -> None:
    faces, truths = by_id(world.faces), by_id(world.truths)
    made = specimens.fragments_of(known, faces, truths, world.crops, tmp_path, False)
    assert set(made.values()) == {f"{gallery.HIDDEN}\n"}
    licensed = specimens.fragments_of(Known({}, {}), faces, {}, world.crops, tmp_path, False)
    assert licensed["world_pairs"] == licensed["world_cues"] == licensed["world_look_alike_faces"] != f"{gallery.HIDDEN}\n"
    assert licensed["world_species"] == f"{gallery.HIDDEN}\n"
    assert not list(tmp_path.iterdir())

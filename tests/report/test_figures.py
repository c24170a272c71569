"""Figures: the same bytes twice, nothing of versions or dates in them, and a mark where the number is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from fasrepro.records import Face, Label, Truth
from fasrepro.report import figures, pictures

RUNS = ["label_only", "vanilla", "reasoning"]
DRAWINGS: dict[str, Callable[..., None]] = {
    "measure": functools.partial(figures.measure, runs=RUNS, name="hter_dev", chance=0.5),
    "readers": functools.partial(figures.readers, runs=RUNS, name="hter"),
    "species": functools.partial(figures.species, runs=RUNS),
    "thresholds": functools.partial(figures.thresholds, runs=RUNS),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_figure_has_the_same_bytes_twice_and_no_version_in_them(name: str, world: SimpleNamespace, tmp_path: Path) -> None:
    for copy in ("a.png", "b.png"):
        DRAWINGS[name](world.metrics, path=tmp_path / copy)
    content = (tmp_path / "a.png").read_bytes()
    assert content == (tmp_path / "b.png").read_bytes()
    assert b"Software" not in content
    assert b"tEXt" not in content
    assert np.asarray(Image.open(tmp_path / "a.png").convert("L")).std() > 5  # something is drawn


def test_a_figure_is_closed_and_no_file_left_when_drawing_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        figures.measure({"jobs": {"j": {"protocol": "oci_m", "run": "vanilla"}}}, ["vanilla"], "auc", tmp_path / "f.png")
    assert not list(tmp_path.iterdir())
    assert not plt.get_fignums()


def test_an_interval_stands_at_its_value_and_none_is_drawn_for_a_missing_one() -> None:
    _, axes = plt.subplots()
    series = {
        "a": {"x": {"value": 0.3, "low": 0.2, "high": 0.5}, "y": {"value": 0.4, "low": None, "high": None}},
        "b": {"x": {"value": None, "low": None, "high": None}},
    }
    figures.draw_intervals(axes, series, ["x", "y"])
    (container,) = axes.containers
    line, _, (bars,) = container.lines
    assert line.get_ydata().tolist() == [0.3, 0.4]
    reach = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert reach == [pytest.approx([0.2, 0.5]), pytest.approx([0.4, 0.4])]
    plt.close("all")


def test_runs_differ_by_more_than_colour() -> None:
    assert len(set(figures.MARKERS[:8])) == 8
    greys = [np.dot(colour, (0.299, 0.587, 0.114)) for colour in (figures.BONA_FIDE_COLOUR, figures.ATTACK_COLOUR)]
    assert abs(greys[0] - greys[1]) > 0.1


def test_scores_and_paired_differences_draw_without_any_row(tmp_path: Path) -> None:
    figures.score_distributions({}, {}, tmp_path / "scores.png")
    figures.paired([], "difference", tmp_path / "paired.png")
    row = {"protocol": "oci_m", "run": "reasoning", "baseline": "vanilla", "difference": -0.1, "low": None, "high": None}
    assert figures.png(figures.paired, [row], "difference").startswith(b"\x89PNG")


def face(name: str, subject: str, species: str = "print") -> Face:
    label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
    presentation = f"msu/{name}"
    return Face(
        f"{presentation}#0000", "msu", "test", subject, presentation, 0, label, species, "photo", "cam", (10, 20, 40, 50),
        "sidecar", f"{name}.png", "0",
    )  # fmt: skip


def test_chosen_faces_are_of_different_people_first() -> None:
    faces = [face(f"{subject}{number}", subject) for subject in "ab" for number in range(4)]
    assert {found.subject for found in pictures.chosen(faces, 2, "salt")} == {"a", "b"}
    assert len(set(pictures.chosen(faces, 5, "salt"))) == 5
    assert pictures.chosen(faces, 3, "salt") == pictures.chosen(faces[::-1], 3, "salt")


def test_the_example_of_a_cue_is_the_strongest_in_the_crop_and_its_region_is_clipped_to_it() -> None:
    faces = {f.face_id: f for f in (face("a", "a"), face("b", "b"), face("c", "c"))}
    truths = {
        "msu/a#0000": Truth("msu/a#0000", ("halftone",), (0.4,), ("0 10 30 30",), (), "{}"),
        "msu/b#0000": Truth("msu/b#0000", ("halftone",), (0.9,), ("0 10 30 30",), (), "{}"),
        "msu/c#0000": Truth("msu/c#0000", ("halftone",), (1.0,), ("200 200 30 30",), (), "{}"),  # out of the crop
    }
    example = pictures.cue_example("halftone", faces, truths)
    assert example is not None
    assert example.face.face_id == "msu/b#0000"
    assert example.boxes == ((0, 0, 20, 20),)  # by hand: x 0..30 less 10 is 0..20 in the crop, y 10..40 less 20 is 0..20
    assert pictures.cue_example("glare", faces, truths) is None


def test_the_example_of_a_border_has_a_box_a_side_that_lies_in_the_crop() -> None:
    faces = {f.face_id: f for f in (face("a", "a"), face("b", "b"))}
    truths = {
        "msu/a#0000": Truth("msu/a#0000", ("bezel",), (0.5,), ("5 20 10 50;45 20 10 50;0 0 5 5",), (), "{}"),
        "msu/b#0000": Truth("msu/b#0000", ("bezel",), (0.7,), ("5 20 10 50",), (), "{}"),  # 0.7 x 5 is less than 0.5 x (5 + 5)
    }
    example = pictures.cue_example("bezel", faces, truths)
    assert example is not None
    assert example.boxes == ((0, 0, 5, 50), (35, 0, 5, 50))  # the crop is 10..50 wide and 20..70 high


def test_a_contact_sheet_names_every_instrument(world: SimpleNamespace, tmp_path: Path) -> None:
    faces = [found for found in world.faces if found.dataset == "replay"]
    shown = pictures.contact_sheet(faces, world.crops, tmp_path / "sheet.png")
    assert shown[0] == "bona fide"
    assert shown[1:] == [
        "print, print_photo",
        "replay photo, highdef_photo",
        "replay photo, mobile_photo",
        "replay video, mobile_video",
    ]
    first = (tmp_path / "sheet.png").read_bytes()
    pictures.contact_sheet(faces[::-1], world.crops, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == first

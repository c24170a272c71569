"""Sheets: faces are sampled by their ids alone, each picture has its own place, and the bytes are the same twice."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from fasrepro.report import contact_sheets
from fasrepro.report.contact_sheets import Cell, Row
from fasrepro.rows.faces import Face, Label


def face(name: str, subject: str, dataset: str = "msu", frame: int = 0) -> Face:
    presentation = f"{dataset}/{name}"
    return Face(
        f"{presentation}#{frame:04d}", dataset, "test", subject, presentation, frame, Label.ATTACK, "print", "photo", "cam",
        (10, 20, 40, 50), "sidecar", f"{name}.png", "0",
    )  # fmt: skip


def test_different_subjects_are_sampled_first() -> None:
    faces = [face(f"{subject}{number}", subject) for subject in "ab" for number in range(4)]
    assert {face.subject for face in contact_sheets.sample(faces, 2, "salt")} == {"a", "b"}
    assert len(set(contact_sheets.sample(faces, 5, "salt"))) == 5
    assert contact_sheets.sample(faces, 3, "salt") == contact_sheets.sample(faces[::-1], 3, "salt")


def test_faces_are_sampled_across_data_sets_one_a_presentation() -> None:
    faces = [face(f"m{n}", f"m{n}", "msu", frame) for n in range(5) for frame in (0, 20)]
    faces += [face(f"s{n}", f"s{n}", "siw_mv2") for n in range(2)]
    assert [face.dataset for face in contact_sheets.sample_across_datasets(faces, 4, "salt")] == [
        "msu",
        "msu",
        "siw_mv2",
        "siw_mv2",
    ]
    sampled = contact_sheets.sample_across_datasets(faces, 9, "salt")
    assert [part.dataset for part in sampled] == ["msu"] * 5 + ["siw_mv2"] * 2
    assert len({part.presentation for part in sampled}) == 7
    assert contact_sheets.sample_across_datasets(faces[::-1], 9, "salt") == sampled


def plain(height: int, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def drawn(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def bounds(picture: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Return left, right, top and bottom of all pixels of a colour."""
    rows, columns = np.nonzero((np.abs(picture - colour) < 8).all(axis=2))
    return columns.min(), columns.max() + 1, rows.min(), rows.max() + 1


def test_pictures_keep_their_shape_and_their_place_in_the_sheet(tmp_path: Path) -> None:
    red, green, blue = (200, 0, 0), (0, 150, 0), (0, 0, 200)
    rows = [Row([Cell(plain(50, 50, red)), None, Cell(plain(50, 25, green))]), Row([Cell(plain(40, 80, blue), "a title")])]
    contact_sheets.draw_sheet(tmp_path / "a.png", rows, 3, shape=1.0)
    contact_sheets.draw_sheet(tmp_path / "b.png", rows, 3, shape=1.0)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    (rl, rr, rt, rb), (gl, gr, gt, gb), (bl, br, bt, bb) = (bounds(drawn(tmp_path / "a.png"), c) for c in (red, green, blue))
    wide = rr - rl
    assert abs((rb - rt) - wide) <= 2
    assert abs((gb - gt) - 2 * (gr - gl)) <= 6
    assert abs(gt - rt) <= 2
    assert gl > rr + wide  # the empty place is kept
    assert abs((br - bl) - 2 * (bb - bt)) <= 6
    assert abs(bl - rl) <= 2
    assert bt > rb


def test_a_label_takes_the_room_beside_the_pictures_and_does_not_reach_them(tmp_path: Path) -> None:
    red = (200, 0, 0)
    rows = [Row([Cell(plain(60, 60, red))], "a long label of many words", "and many more words under it, which need some lines")]
    contact_sheets.draw_sheet(tmp_path / "a.png", rows, 4, labels=2.0)
    picture = drawn(tmp_path / "a.png")
    left, right, top, bottom = bounds(picture, red)
    assert (picture[top:bottom, left:right, 0] > 190).all()  # no letter over the picture
    dark = (picture.max(axis=2) < 100).nonzero()
    assert dark[1].max() < left
    assert len(dark[1]) > 100


def test_a_contact_sheet_has_a_column_for_every_instrument(world: SimpleNamespace, tmp_path: Path) -> None:
    faces = [one for one in world.faces if one.dataset == "replay"]
    assert list(contact_sheets.by_kind(faces)) == [
        "bona fide",
        "print\nprint_photo",
        "replay photo\nhighdef_photo",
        "replay photo\nmobile_photo",
        "replay video\nmobile_video",
    ]
    contact_sheets.draw_contact_sheet(faces, world.crops, tmp_path / "sheet.png")
    first = (tmp_path / "sheet.png").read_bytes()
    contact_sheets.draw_contact_sheet(faces[::-1], world.crops, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == first


def test_faces_of_two_kinds_are_no_larger_than_those_of_four(world: SimpleNamespace, tmp_path: Path) -> None:
    faces = [one for one in world.faces if one.dataset == "replay" and one.instrument in ("", "print_photo")]
    contact_sheets.draw_contact_sheet(faces, world.crops, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height < sheet.width  # three rows of faces that are a quarter of the page wide

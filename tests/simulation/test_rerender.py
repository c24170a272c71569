"""Faces drawn again: which faces and cues are chosen, and the crops of a pair."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fasrepro import crops
from fasrepro.config import Archives
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import rerender, truth
from tests import synthetic
from tests.regions import box_region

BOX = (20, 20, 40, 40)
ARCHIVES = Archives("synthetic", {"msu": {"train": 0, "test": 1}})


def attack(number: int, cues: tuple[str, ...], frame: int = 4) -> tuple[Face, Truth]:
    name = f"msu/v{number}"
    face_id = f"{name}#{frame:04d}"
    face = Face(face_id, "msu", "test", "s", name, frame, Label.ATTACK, "print", "x", "c", BOX, "sidecar", f"{number}.png", "")
    regions = tuple(box_region(20, 20, 40, 40) for _ in cues)
    return face, Truth(face_id, cues, (0.5,) * len(cues), regions, (), (), "{}")


def test_each_presentation_is_chosen_once_and_rare_cues_first() -> None:
    rows = [attack(n, ("moire",)) for n in range(6)] + [attack(6, ("moire", "bezel")), attack(7, ())]
    rows += [attack(n, ("moire",), frame=9) for n in range(6)]
    faces, truths = [face for face, _ in rows], {row.face_id: row for _, row in rows}
    choices = rerender.choose(faces, truths, 4)
    assert len({choice.face.presentation for choice in choices}) == 4
    assert Counter(choice.cue for choice in choices) == {"moire": 3, "bezel": 1}
    assert choices == rerender.choose(faces[::-1], truths, 4)  # in any order
    assert all(choice.strength == 0.5 and choice.share > 0.9 for choice in choices)
    assert len(rerender.choose(faces, truths, 99)) == 7  # not the one without a cue


def test_only_drawn_archives_can_be_drawn_again() -> None:
    with pytest.raises(ValueError, match="only what was drawn here can be drawn again"):
        rerender.drawn_archives(dataclasses.replace(ARCHIVES, source="licensed"), synthetic.SMALL)
    with pytest.raises(ValueError, match="msu/none: not an attack of the synthetic archives"):
        rerender.survey(rerender.drawn_archives(ARCHIVES, synthetic.SMALL), "msu/none")


def test_the_crops_of_a_pair_differ_and_are_packed(tmp_path: Path) -> None:
    archives = rerender.drawn_archives(ARCHIVES, synthetic.SMALL)
    presentation = next(p for p in archives.presentations.values() if p.species == "print")
    survey = rerender.survey(archives, presentation.id)
    cue = next(iter(survey.recording.cues))
    box = tuple(int(side) for side in truth.place(survey.recording, survey.layers, 4)[0])
    face = dataclasses.replace(attack(0, ())[0], face_id=f"{presentation.id}#0004", presentation=presentation.id, box=box)
    choice = rerender.Choice(face, cue, survey.recording.cues[cue], 0.5)

    def cut(rgb: np.ndarray, box: tuple[int, ...], eyes: object) -> np.ndarray:
        x, y, width, height = box
        return rgb[max(y, 0) : y + height, max(x, 0) : x + width]

    folder = tmp_path / "crops"
    row = rerender.write(ARCHIVES, synthetic.SMALL, [choice], cut, folder)[face.face_id]
    without, present = (
        np.asarray(crops.read_crop(folder, row[part]["crop"], row[part]["crop_sha256"])) for part in rerender.PARTS
    )
    assert without.shape == present.shape
    assert np.abs(without.astype(int) - present.astype(int)).max() > 0
    assert rerender.part_of(face, row, "with").crop_sha256 != rerender.part_of(face, row, "without").crop_sha256
    assert rerender.write(ARCHIVES, synthetic.SMALL, [], cut, tmp_path / "none") == {}

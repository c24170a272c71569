from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fasrepro import config, crops
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import rerender, truth
from tests.layout import ROOT
from tests.regions import box_region

BOX = (20, 20, 40, 40)


def attack(number: int, names: tuple[str, ...], frame: int = 4) -> tuple[Face, Truth]:
    name = f"msu/v{number}"
    face_id = f"{name}#{frame:04d}"
    face = Face(face_id, "msu", "test", "s", name, frame, Label.ATTACK, "print", "x", "c", BOX, "sidecar", f"{number}.png", "")
    masks = tuple(box_region(20, 20, 40, 40) for _ in names)
    return face, Truth(face_id, names, (0.5,) * len(names), masks, (), (), "{}")


def test_each_presentation_once_and_rare_cues_first() -> None:
    made = [attack(n, ("moire",)) for n in range(6)] + [attack(6, ("moire", "bezel")), attack(7, ())]
    made += [attack(n, ("moire",), frame=9) for n in range(6)]
    truths = {row.face_id: row for _, row in made}
    chosen = rerender.choose([face for face, _ in made], truths, 4)
    assert len({choice.face.presentation for choice in chosen}) == 4
    assert Counter(choice.cue for choice in chosen) == {"moire": 3, "bezel": 1}
    assert chosen == rerender.choose([face for face, _ in made[::-1]], truths, 4)  # whatever the order
    assert all(choice.strength == 0.5 and choice.share > 0.9 for choice in chosen)
    assert len(rerender.choose([face for face, _ in made], truths, 99)) == 7  # not the one without a cue


def test_only_what_was_drawn_is_drawn_again() -> None:
    params = config.load("archives", "synthetic", path=ROOT / "params.yaml")
    synthetic = dataclasses.asdict(params.synthetic)
    with pytest.raises(ValueError, match="only what was drawn here can be drawn again"):
        rerender.archives(dataclasses.asdict(params.archives) | {"source": "licensed"}, synthetic)
    with pytest.raises(ValueError, match="msu/none: no attack of the synthetic archives"):
        rerender.survey(rerender.archives(dataclasses.asdict(params.archives), synthetic), "msu/none")


def test_a_pair_of_one_face_differs_and_each_crop_is_found_again(tmp_path: Path) -> None:
    params = config.load("archives", "synthetic", path=ROOT / "params.yaml")
    sections = dataclasses.asdict(params.archives), dataclasses.asdict(params.synthetic)
    known = rerender.archives(*sections)
    shown = next(p for p in known.plan.values() if p.label is Label.ATTACK and p.species == "print" and p.split == "test")
    found = rerender.survey(known, shown.id)
    cue = next(iter(found.take.cues))
    box = tuple(int(v) for v in truth.place(found.take, found.layers, 4)[0])
    face = dataclasses.replace(attack(0, ())[0], face_id=f"{shown.id}#0004", presentation=shown.id, box=box)
    choice = rerender.Choice(face, cue, found.take.cues[cue], 0.5)

    def cut(rgb: np.ndarray, box: tuple[int, ...], eyes: object) -> np.ndarray:
        x, y, width, height = box
        return rgb[max(y, 0) : y + height, max(x, 0) : x + width]

    rows = rerender.write(*sections, [choice], cut, tmp_path / "crops")
    row = rows[face.face_id]
    both = [
        np.asarray(crops.read_crop(tmp_path / "crops", row[part]["crop"], row[part]["crop_sha256"])) for part in rerender.PARTS
    ]
    assert both[0].shape == both[1].shape
    assert np.abs(both[0].astype(int) - both[1].astype(int)).max() > 0
    assert rerender.part_of(face, row, "with").crop_sha256 != rerender.part_of(face, row, "without").crop_sha256
    assert rerender.write(*sections, [], cut, tmp_path / "none") == {}

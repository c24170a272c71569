"""Faces of the synthetic archives drawn again: the take behind a face, and pairs of crops without and with one of its cues.

Both crops of a pair are drawn, filmed and cut alike, so that all between them is the cue. Neither is the crop of the index: that
comes from a video in which a frame is encoded as a change of others, where a frame drawn again is encoded alone, with the same
codec and quality. So the two are compared with each other, and how far the one with the cue scores from the index's crop is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import cv2

from fasrepro import crops, regions
from fasrepro.archives.layout import Box, Eyes, Presentation
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import build_archives, cue_pairs, people, portraits, takes, truth, video
from fasrepro.simulation.layers import Array

PARTS = ("without", "with")


@dataclasses.dataclass(frozen=True, slots=True)
class Archives:
    """What it takes to draw any presentation of the archives again."""

    plan: Mapping[str, Presentation]  # by id
    sitters: Mapping[str, portraits.Sitter]  # by subject; none where people are procedural
    scene: takes.Scene
    frame_rate: int


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """A face, and which of its cues is taken out."""

    face: Face
    cue: str
    strength: float  # in (0, 1]
    share: float  # of the face's crop that the cue's mask covers, in [0, 1]


def archives(section: Any, synthetic: Any) -> Archives:
    """Return the archives that params.yaml's sections `archives` and `synthetic` ask for.

    Raises `ValueError` for archives that were not drawn, and for portraits as `build_archives.sitters` does.
    """
    if section.source != "synthetic":
        raise ValueError("params.yaml: archives.source is not 'synthetic': only what was drawn here can be drawn again")
    plan = build_archives.plan(section.datasets)
    sitters = build_archives.sitters(plan, synthetic.people)
    scene = takes.scene(dataclasses.asdict(synthetic))
    return Archives({shown.id: shown for shown in plan}, sitters, scene, synthetic.frame_rate)


def survey(known: Archives, presentation: str) -> truth.Survey:
    """Return an attack's take as the archives show it, with its layers. Raises `ValueError` where it is none of theirs."""
    shown = known.plan.get(presentation)
    if shown is None or shown.label is not Label.ATTACK:
        raise ValueError(f"{presentation}: no attack of the synthetic archives that params.yaml asks for")
    who: people.Person | portraits.Sitter = known.sitters.get(shown.subject) or takes.person_of(shown, known.scene)
    return truth.surveyed(shown, who, known.scene, known.frame_rate)


def choose(faces: Iterable[Face], truths: Mapping[str, Truth], count: int) -> list[Choice]:
    """Return up to `count` attack faces, a presentation once, each with one cue that is seen in its crop; sorted by face_id.

    Faces are dealt round the cues in hash order, rare cues first, so that each cue is taken out about equally often.
    """
    showing: dict[str, list[Face]] = {}
    for face in sorted(faces, key=lambda face: unit_hash("counterfactual", face.face_id)):
        known = truths.get(face.face_id)
        if known is not None and face.label is Label.ATTACK:
            for cue in regions.visible(face.box, known.cues, known.regions):
                showing.setdefault(cue, []).append(face)
    order = sorted(showing, key=lambda cue: (len(showing[cue]), cue))
    chosen: dict[str, Choice] = {}
    while len(chosen) < count:
        before = len(chosen)
        for cue in order:
            face = next((face for face in showing[cue] if face.presentation not in chosen), None)
            if face is not None and len(chosen) < count:
                chosen[face.presentation] = _choice(face, cue, truths[face.face_id])
        if len(chosen) == before:
            break
    return sorted(chosen.values(), key=lambda choice: choice.face.face_id)


def _choice(face: Face, cue: str, known: Truth) -> Choice:
    place = known.cues.index(cue)
    return Choice(face, cue, known.strengths[place], regions.share(face.box, known.regions[place]))


def part_of(face: Face, row: Mapping[str, Any], part: str) -> Face:
    """Return the face as a row about one of its crops drawn again; `row` is one of those that `write` returns."""
    return dataclasses.replace(face, **row[part])


def crops_of(known: Archives, choice: Choice, cut: Callable[[Array, Box, Eyes], Array]) -> dict[str, Array]:
    """Draw a face's frame without and with its cue; return the crops by `PARTS`, uint8 RGB.

    `cut` cuts the face out of a frame (uint8 RGB), given its box in the index and where its eyes were drawn.
    """
    found = survey(known, choice.face.presentation)
    shown, shot, number = found.take.shown, found.take.shot, choice.face.frame
    made = cue_pairs.pair(found.take, choice.cue, choice.strength, number, filmed=True)
    eyes = truth.place(found.take, found.layers, number)[1]
    cuts = {}
    for part, frame in zip(PARTS, (made.without, made.present), strict=True):
        back = video.recode([frame], PurePosixPath(shown.path).suffix, known.frame_rate, shot.crf, shot.quantiser)
        cuts[part] = cut(back[0], choice.face.box, eyes)
    return cuts


def write(
    section: Any,
    synthetic: Any,
    choices: Collection[Choice],
    cut: Callable[[Array, Box, Eyes], Array],
    folder: Path,
) -> dict[str, dict[str, Any]]:
    """Draw each choice's pair and pack the crops into `folder`, as `crops.packed` does; `section` and `synthetic` as `archives`.

    Returns a JSON-able row a choice, by face_id: "cue", "strength", "share", and under "without" and "with" the `face_id`, `crop`
    and `crop_sha256` that make a row of the face one of this crop (`part_of`). Without choices nothing is drawn.
    """
    cv2.setNumThreads(1)  # as the archives were drawn
    known = archives(section, synthetic) if choices else None
    rows: dict[str, dict[str, Any]] = {}
    with crops.packed(folder) as pack:
        for choice in choices:
            face = choice.face
            row: dict[str, Any] = {"cue": choice.cue, "strength": choice.strength, "share": round(choice.share, 6)}
            for part, picture in crops_of(known, choice, cut).items():
                data, sha256 = crops.encode(picture)
                name = f"{face.crop.removesuffix('.png')}_{part}.png"
                pack(name, data)
                row[part] = {"face_id": f"{face.face_id}/{part}", "crop": name, "crop_sha256": sha256}
            rows[face.face_id] = row
    return rows

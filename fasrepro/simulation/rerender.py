"""Faces of the synthetic archives drawn again: pairs of crops without and with one of the face's cues.

Both crops of a pair are drawn, filmed and cut alike, so that the cue is all that differs. Neither is the crop of the index: the
index decodes a whole video, where a frame is encoded as a change of others, while a frame drawn again is encoded alone, with the
same codec and quality. So the two are compared with each other, and the report shows how far the score of the one with the cue
lies from that of the index's crop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import cv2

from fasrepro import crops, regions
from fasrepro.archives.layout import Box, Eyes, Presentation
from fasrepro.config import Archives, Synthetic
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import archive_writer, cue_pairs, recordings, truth, video
from fasrepro.simulation.drawing.layers import Array
from fasrepro.simulation.drawing.portraits import Sitter

PARTS = ("without", "with")


@dataclasses.dataclass(frozen=True, slots=True)
class DrawnArchives:
    """What it takes to draw any presentation of the archives again.

    Args:
        presentations: of all archives, by id.
        sitters: the person of each subject who is shown by portraits; none where people are procedural.
        synthetic: settings of the synthetic world.
    """

    presentations: Mapping[str, Presentation]
    sitters: Mapping[str, Sitter]
    synthetic: Synthetic


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """A face, and the one of its cues that is removed.

    Args:
        face: of an attack.
        cue: that is removed.
        strength: of the cue, in (0, 1].
        share: of the face's crop that the cue covers, in [0, 1].
    """

    face: Face
    cue: str
    strength: float
    share: float


def drawn_archives(archives: Archives, synthetic: Synthetic) -> DrawnArchives:
    """Return the archives of params.yaml's sections `archives` and `synthetic`.

    Raises:
        ValueError: the archives are licensed; and as `archive_writer.sitters` does.
    """
    if archives.source != "synthetic":
        raise ValueError("params.yaml: archives.source is not 'synthetic': only what was drawn here can be drawn again")
    plan = archive_writer.plan(archives.datasets)
    sitters = archive_writer.sitters(plan, synthetic.people)
    return DrawnArchives({presentation.id: presentation for presentation in plan}, sitters, synthetic)


def survey(archives: DrawnArchives, presentation_id: str) -> truth.Survey:
    """Return an attack's recording as the archives show it, with its layers. Raises `ValueError` if they show no such attack."""
    presentation = archives.presentations.get(presentation_id)
    if presentation is None or presentation.label is not Label.ATTACK:
        raise ValueError(f"{presentation_id}: not an attack of the synthetic archives in params.yaml")
    person = archives.sitters.get(presentation.subject) or recordings.person_of(presentation, archives.synthetic)
    return truth.survey_presentation(presentation, person, archives.synthetic)


def choose(faces: Iterable[Face], truths: Mapping[str, Truth], count: int) -> list[Choice]:
    """Return up to `count` attack faces, one a presentation, each with one cue that its crop shows; sorted by face_id.

    Cues take turns, rare ones first, and each takes its next face in hash order, so that each cue is removed about equally often.
    """
    faces_by_cue: dict[str, list[Face]] = {}
    for face in sorted(faces, key=lambda face: unit_hash("counterfactual", face.face_id)):
        row = truths.get(face.face_id)
        if row is not None and face.label is Label.ATTACK:
            for cue in regions.visible(face.box, row.cues, row.regions):
                faces_by_cue.setdefault(cue, []).append(face)
    rare_first = sorted(faces_by_cue, key=lambda cue: (len(faces_by_cue[cue]), cue))
    choices: dict[str, Choice] = {}  # by presentation
    while len(choices) < count:
        before = len(choices)
        for cue in rare_first:
            face = next((face for face in faces_by_cue[cue] if face.presentation not in choices), None)
            if face is not None and len(choices) < count:
                choices[face.presentation] = _choice(face, cue, truths[face.face_id])
        if len(choices) == before:
            break
    return sorted(choices.values(), key=lambda choice: choice.face.face_id)


def _choice(face: Face, cue: str, row: Truth) -> Choice:
    place = row.cues.index(cue)
    return Choice(face, cue, row.strengths[place], regions.share(face.box, row.regions[place]))


def part_of(face: Face, row: Mapping[str, Any], part: str) -> Face:
    """Return the face as a row about one of its crops drawn again; `row` is its entry in what `write` returns."""
    return dataclasses.replace(face, **row[part])


def crops_of(archives: DrawnArchives, choice: Choice, cut: Callable[[Array, Box, Eyes], Array]) -> dict[str, Array]:
    """Draw a face's frame without and with its cue, and return the crops by `PARTS`, uint8 RGB.

    Args:
        archives: that hold the face.
        choice: the face and its cue.
        cut: cuts the face out of a frame (uint8 RGB), given its box in the index and where its eyes were drawn.
    """
    face = choice.face
    original = survey(archives, face.presentation)
    recording = original.recording
    pair = cue_pairs.pair(recording, choice.cue, choice.strength, face.frame)
    eyes = truth.place(recording, original.layers, face.frame)[1]
    shot, suffix = recording.shot, PurePosixPath(recording.presentation.path).suffix
    result = {}
    for part, frame in zip(PARTS, (pair.without, pair.present), strict=True):
        (decoded,) = video.recode([frame], suffix, archives.synthetic.frame_rate, shot.crf, shot.quantiser)
        result[part] = cut(decoded, face.box, eyes)
    return result


def write(
    archives: Archives,
    synthetic: Synthetic,
    choices: Collection[Choice],
    cut: Callable[[Array, Box, Eyes], Array],
    folder: Path,
) -> dict[str, dict[str, Any]]:
    """Draw the pair of each choice and pack the crops into `folder`, as `crops.packed` does. Without choices nothing is drawn.

    Args:
        archives: params.yaml's section.
        synthetic: params.yaml's section.
        choices: faces and cues.
        cut: as in `crops_of`.
        folder: of the packed crops.

    Returns:
        A JSON-able row a choice, by face_id: "cue", "strength", "share", and under "without" and "with" the `face_id`, `crop` and
        `crop_sha256` of that crop, from which `part_of` makes a row.
    """
    cv2.setNumThreads(1)  # as the archives were drawn
    drawn = drawn_archives(archives, synthetic) if choices else None
    rows: dict[str, dict[str, Any]] = {}
    with crops.packed(folder) as pack:
        for choice in choices:
            face = choice.face
            row: dict[str, Any] = {"cue": choice.cue, "strength": choice.strength, "share": round(choice.share, 6)}
            for part, picture in crops_of(drawn, choice, cut).items():
                data, sha256 = crops.encode(picture)
                name = f"{face.crop.removesuffix('.png')}_{part}.png"
                pack(name, data)
                row[part] = {"face_id": f"{face.face_id}/{part}", "crop": name, "crop_sha256": sha256}
            rows[face.face_id] = row
    return rows

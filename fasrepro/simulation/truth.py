"""What is known of a presentation because it was drawn: found out by drawing it again without each of its cues.

A cue's mask is where the picture before the camera differs without it. It counts as present if the difference survives camera,
codec and crop: then a just visible difference covers a hundredth of the face's (tight) crop in two frames, a third and five
sixths into the video, which stand for all.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import PurePosixPath

import cv2
import numpy as np

from fasrepro.archives.layout import Presentation
from fasrepro.regions import CELL, encode_region
from fasrepro.rows.faces import face_id
from fasrepro.rows.truth import Truth
from fasrepro.simulation import motion, people, portraits, render, video
from fasrepro.simulation.effects import SHEET_EFFECTS
from fasrepro.simulation.layers import Array
from fasrepro.simulation.render import Layers
from fasrepro.simulation.takes import Scene, Take, take

CROP = 96  # pixels
SURVIVING_LEVEL = 6  # of 255, in the largest of the three colours
SURVIVING_SHARE = 0.01  # of the crop
ATTEMPTS = 30


@dataclasses.dataclass(frozen=True, slots=True)
class Mask:
    """Where a cue is, in the picture and on the surface over it, which move apart: bool grids of `CELL` pixels."""

    picture: Array
    surface: Array


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """A take with its layers, and what of its cues can be seen."""

    take: Take
    layers: Layers
    present: dict[str, Mask]
    faint: tuple[str, ...]  # drawn, but lost in camera, codec or crop
    look_alikes: tuple[str, ...]  # that can be seen


@dataclasses.dataclass(slots=True)
class Frames:
    """Boxes, eyes and truth by frame."""

    boxes: dict[int, tuple[int, int, int, int]]  # x, y, width, height
    eyes: dict[int, tuple[int, int, int, int]]  # x, y of the eye at the left, then of the other
    truths: list[Truth]


def surveyed(shown: Presentation, who: people.Person | portraits.Sitter, scene: Scene, frame_rate: int) -> Survey:
    """Choose and draw a presentation; an attack's cues are chosen again until one at least is present.

    Raises `ValueError` if none is after many attempts: then the species' cues are too faint for the camera.
    """
    for attempt in range(ATTEMPTS):
        found = survey(take(shown, who, scene, attempt), frame_rate)
        if found.present or not found.take.cues:
            return found
    raise ValueError(f"{shown.id}: no cue of {shown.species} survives its camera; raise its strength in simulation/worlds.py")


def survey(chosen: Take, frame_rate: int) -> Survey:
    """Draw a take, and draw it again without each of its cues, and without each look-alike."""
    person = render.figure_of(chosen, chosen.cues)
    drawn = render.layers(chosen, chosen.cues, person)
    keys = (chosen.frames // 3, 5 * chosen.frames // 6)
    seen = _crops(chosen, drawn, keys, frame_rate)
    present, faint = {}, []
    for cue in chosen.cues:
        rest = {name: strength for name, strength in chosen.cues.items() if name != cue}
        # What is on a sheet leaves the person as they are.
        same = person if cue in SHEET_EFFECTS and _on_sheet(chosen) else None
        without = moving_as(drawn, render.layers(chosen, rest, same))
        if all(map(_differ, seen, _crops(chosen, without, keys, frame_rate, drawn))):
            present[cue] = mask_of(drawn, without)
        else:
            faint.append(cue)
    alike = []
    for name in chosen.look_alikes:
        plain = dataclasses.replace(chosen, look_alikes=tuple(other for other in chosen.look_alikes if other != name))
        if all(map(_differ, seen, _crops(plain, moving_as(drawn, render.layers(plain, chosen.cues)), keys, frame_rate, drawn))):
            alike.append(name)
    return Survey(chosen, drawn, present, tuple(faint), tuple(alike))


def moving_as(drawn: Layers, other: Layers) -> Layers:
    """Return `other` moving as `drawn` does: what a cue adds to the head's outline must not move the rest of the picture."""
    return dataclasses.replace(other, body=drawn.body)


def _on_sheet(chosen: Take) -> bool:
    return chosen.kind is not None and chosen.kind.medium == "sheet"


def _crops(chosen: Take, drawn: Layers, keys: tuple[int, ...], frame_rate: int, framed: Layers | None = None) -> list[Array]:
    """Return the face's crop in some frames as it comes back from the video; the crop is that of `framed`, if given."""
    shot = chosen.shot
    filmed = render.film(chosen, render.pictures(chosen, drawn, keys), keys)
    suffix = PurePosixPath(chosen.shown.path).suffix
    back = video.recode(filmed, suffix, frame_rate, shot.crf, shot.quantiser)
    crops = []
    for number, frame in zip(keys, back, strict=True):
        x, y, width, height = place(chosen, framed or drawn, number)[0]
        crop = frame[max(y, 0) : y + height, max(x, 0) : x + width]
        crops.append(cv2.GaussianBlur(cv2.resize(crop, (CROP, CROP), interpolation=cv2.INTER_AREA), (0, 0), 0.6))
    return crops


def _differ(one: Array, other: Array) -> bool:
    """Return whether two crops differ visibly."""
    return float((cv2.absdiff(one, other).max(axis=2) >= SURVIVING_LEVEL).mean()) >= SURVIVING_SHARE


def mask_of(drawn: Layers, without: Layers) -> Mask:
    """Return where two sets of layers of one take differ."""
    picture = (drawn.picture != without.picture).any(axis=2) | (drawn.closed != without.closed).any(axis=2)
    surface = np.zeros_like(picture)
    if drawn.sheet is not None and without.sheet is not None:
        one, other = drawn.sheet, without.sheet
        surface = (one.gain != other.gain).any(axis=2) | (one.add != other.add).any(axis=2) | (one.alpha != other.alpha)
    return Mask(cells(picture), cells(surface))


def cells(mask: Array) -> Array:
    """Return a pixel mask as a grid of cells, each True where any of its pixels is; the last ones may be cut by the frame."""
    height, width = mask.shape
    padded = np.pad(mask, ((0, -height % CELL), (0, -width % CELL)))
    return padded.reshape(padded.shape[0] // CELL, CELL, -1, CELL).any(axis=(1, 3))


def _moved(grid: Array, columns: Array, rows: Array) -> Array:
    """Return a grid as it lies in a frame, whose cells look at `columns` and `rows` of it (in cells)."""
    if grid.all() or not grid.any():
        return grid
    wide = cv2.dilate(grid.astype(np.float32), np.ones((3, 3), np.uint8))  # a cell's pixels look beyond what its middle looks at
    moved = cv2.remap(wide, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved > 0.001


def place(chosen: Take, drawn: Layers, number: int) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Return the face's box and eyes in frame `number`, in whole pixels."""
    x, y, width, height = drawn.box
    points = np.array([[x + width / 2, y + height / 2], drawn.eyes[:2], drawn.eyes[2:]])
    zoom = 1.0
    if chosen.head.turns.any():
        points = motion.follow(points, drawn.body.displacement(chosen.head, number))
        zoom /= float(np.hypot(*chosen.head.matrices[number][:, 0]))
    if drawn.sheet is not None:
        points = motion.follow_affine(points, chosen.hold.matrices[number])
        zoom /= float(np.hypot(*chosen.hold.matrices[number][:, 0]))
    (mx, my), *eyes = points.tolist()
    box = (round(mx - width * zoom / 2), round(my - height * zoom / 2), round(width * zoom), round(height * zoom))
    (ax, ay), (bx, by) = eyes
    return box, (round(ax), round(ay), round(bx), round(by))


def in_frame(mask: Mask, chosen: Take, drawn: Layers, number: int) -> Array:
    """Return the grid of a cue's cells in frame `number`: where its removal changes what is before the camera, or beside it."""
    rows, columns = np.mgrid[0 : mask.picture.shape[0], 0 : mask.picture.shape[1]].astype(np.float32)
    grid = mask.picture
    if chosen.head.turns.any():
        across, down = drawn.body.displacement(chosen.head, number)
        middle = np.s_[CELL // 2 :: CELL, CELL // 2 :: CELL]
        across, down = (cv2.resize(part[middle], grid.shape[::-1]) / CELL for part in (across, down))
        grid = _moved(grid, columns + across, rows + down)
    grid = grid | mask.surface
    if drawn.sheet is None:
        return grid
    a, b, c, d, e, f = chosen.hold.matrices[number].ravel()
    x, y = columns * CELL + CELL / 2, rows * CELL + CELL / 2
    return _moved(
        grid,
        ((a * x + b * y + c) / CELL - 0.5).astype(np.float32),
        ((d * x + e * y + f) / CELL - 0.5).astype(np.float32),
    )


def frames(found: Survey) -> Frames:
    """Return what is known of each frame of a surveyed take."""
    chosen, drawn = found.take, found.layers
    attributes = json.dumps(attributes_of(chosen), sort_keys=True)
    result = Frames({}, {}, [])
    for number in range(chosen.frames):
        result.boxes[number], result.eyes[number] = place(chosen, drawn, number)
        result.truths.append(
            Truth(
                face_id=face_id(chosen.shown.id, number),
                cues=tuple(found.present),
                strengths=tuple(chosen.cues[cue] for cue in found.present),
                regions=tuple(encode_region(in_frame(mask, chosen, drawn, number)) for mask in found.present.values()),
                faint=found.faint,
                look_alikes=found.look_alikes,
                attributes=attributes,
            )
        )
    return result


def attributes_of(chosen: Take) -> dict[str, str]:
    """Return the picture in words: person, light and scene, the camera and the quality of its picture."""
    who, where = render.seated(chosen, chosen.cues)
    return {
        **people.attributes(who if isinstance(who, people.Person) else None, where),
        "device": chosen.camera,
        "quality": chosen.shot.quality,
    }

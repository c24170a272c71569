"""The truth of a presentation, from drawing it again without each of its cues.

The region of a cue is where the picture before the camera differs without it. The cue counts as present if the difference
survives camera, codec and crop: a just visible difference must cover a hundredth of the face's tight crop in two frames, which
stand for all: a third and five sixths into the video. A still image is one frame.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import PurePosixPath

import cv2
import numpy as np

from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.regions import CELL, encode_region
from fasrepro.rows.faces import face_id
from fasrepro.rows.truth import Truth
from fasrepro.simulation import motion, render, video
from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array
from fasrepro.simulation.drawing.people import Person
from fasrepro.simulation.drawing.portraits import Sitter
from fasrepro.simulation.effects import SHEET_EFFECTS
from fasrepro.simulation.recordings import Recording, plan_recording
from fasrepro.simulation.render import Layers

CROP = 96  # pixels
SURVIVING_LEVEL = 6  # of 255, in the largest of the three colours
SURVIVING_SHARE = 0.01  # of the crop
ATTEMPTS = 30


@dataclasses.dataclass(frozen=True, slots=True)
class CueRegion:
    """Where a cue is, as bool grids of `CELL` pixels: in the picture, and on the surface over it, which move apart."""

    picture: Array
    surface: Array


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """A recording with its layers, and which of its cues can be seen.

    Args:
        recording: the choices that were drawn.
        layers: the drawing.
        present: cues that can be seen, with their regions.
        faint: cues that were drawn, but do not survive camera, codec and crop.
        look_alikes: those that can be seen.
    """

    recording: Recording
    layers: Layers
    present: dict[str, CueRegion]
    faint: tuple[str, ...]
    look_alikes: tuple[str, ...]


@dataclasses.dataclass(slots=True)
class Frames:
    """Boxes (x, y, width, height), eyes (x, y of the eye at the left, then of the other) and truth, by frame."""

    boxes: dict[int, tuple[int, int, int, int]]
    eyes: dict[int, tuple[int, int, int, int]]
    truths: list[Truth]


def survey_presentation(presentation: Presentation, person: Person | Sitter, synthetic: Synthetic) -> Survey:
    """Plan and draw a presentation; the cues of an attack are chosen again until at least one is present.

    Raises `ValueError` if none is after `ATTEMPTS`: then the cues of the species are too faint for the camera.
    """
    for attempt in range(ATTEMPTS):
        result = survey(plan_recording(presentation, person, synthetic, attempt), synthetic.frame_rate)
        if result.present or not result.recording.cues:
            return result
    raise ValueError(
        f"{presentation.id}: no cue of {presentation.species} survives its camera; raise its strength in simulation/worlds.py"
    )


def survey(recording: Recording, frame_rate: int) -> Survey:
    """Draw a recording, then draw it again without each of its cues, and without each look-alike."""
    figure = render.figure_of(recording, recording.cues)
    layers = render.draw_layers(recording, recording.cues, figure)
    keys = tuple(dict.fromkeys((recording.frames // 3, 5 * recording.frames // 6)))
    crops = _crops(recording, layers, keys, frame_rate)
    present: dict[str, CueRegion] = {}
    faint: list[str] = []
    for cue in recording.cues:
        rest = {name: strength for name, strength in recording.cues.items() if name != cue}
        # A cue on a sheet does not change the person in the picture.
        same_figure = figure if cue in SHEET_EFFECTS and _on_sheet(recording) else None
        without = moving_as(layers, render.draw_layers(recording, rest, same_figure))
        if all(map(differ, crops, _crops(recording, without, keys, frame_rate, layers))):
            present[cue] = changed_region(layers, without)
        else:
            faint.append(cue)
    look_alikes: list[str] = []
    for name in recording.look_alikes:
        others = tuple(other for other in recording.look_alikes if other != name)
        plain = dataclasses.replace(recording, look_alikes=others)
        without = moving_as(layers, render.draw_layers(plain, recording.cues))
        if all(map(differ, crops, _crops(plain, without, keys, frame_rate, layers))):
            look_alikes.append(name)
    return Survey(recording, layers, present, tuple(faint), tuple(look_alikes))


def moving_as(original: Layers, other: Layers) -> Layers:
    """Return `other` moving as `original` does: a cue that changes the head's outline must not move the rest of the picture."""
    return dataclasses.replace(other, body=original.body)


def _on_sheet(recording: Recording) -> bool:
    return recording.kind is not None and recording.kind.medium == "sheet"


def _crops(
    recording: Recording, layers: Layers, keys: tuple[int, ...], frame_rate: int, framed: Layers | None = None
) -> list[Array]:
    """Return the face's crop in the frames `keys` as it comes back from the video; the crop is that of `framed`, if given."""
    shot = recording.shot
    filmed = render.film(recording, render.pictures(recording, layers, keys), keys)
    suffix = PurePosixPath(recording.presentation.path).suffix
    decoded = video.recode(filmed, suffix, frame_rate, shot.crf, shot.quantiser)
    crops = []
    for number, frame in zip(keys, decoded, strict=True):
        x, y, width, height = place(recording, framed or layers, number)[0]
        crop = frame[max(y, 0) : y + height, max(x, 0) : x + width]
        crops.append(cv2.GaussianBlur(cv2.resize(crop, (CROP, CROP), interpolation=cv2.INTER_AREA), (0, 0), 0.6))
    return crops


def differ(one: Array, other: Array) -> bool:
    """Return whether two crops differ visibly."""
    return float((cv2.absdiff(one, other).max(axis=2) >= SURVIVING_LEVEL).mean()) >= SURVIVING_SHARE


def changed_region(layers: Layers, without: Layers) -> CueRegion:
    """Return where two sets of layers of one recording differ."""
    picture = (layers.picture != without.picture).any(axis=2) | (layers.closed != without.closed).any(axis=2)
    surface = np.zeros_like(picture)
    if layers.sheet is not None and without.sheet is not None:
        one, other = layers.sheet, without.sheet
        surface = (one.gain != other.gain).any(axis=2) | (one.add != other.add).any(axis=2) | (one.alpha != other.alpha)
    return CueRegion(cells(picture), cells(surface))


def cells(pixels: Array) -> Array:
    """Return a bool array of pixels as a grid of cells, each True where any of its pixels is; the frame may cut the last ones."""
    height, width = pixels.shape
    padded = np.pad(pixels, ((0, -height % CELL), (0, -width % CELL)))
    return padded.reshape(padded.shape[0] // CELL, CELL, -1, CELL).any(axis=(1, 3))


def _moved(grid: Array, columns: Array, rows: Array) -> Array:
    """Return a grid as it lies in a frame whose cells take their content from `columns` and `rows` of the grid (in cells)."""
    if grid.all() or not grid.any():
        return grid
    # The pixels of a cell look further than its middle does.
    wide = cv2.dilate(grid.astype(np.float32), np.ones((3, 3), np.uint8))
    moved = cv2.remap(wide, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved > 0.001


def place(recording: Recording, layers: Layers, number: int) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Return the face's box and eyes in frame `number`, in whole pixels."""
    x, y, width, height = layers.box
    points = np.array([[x + width / 2, y + height / 2], layers.eyes[:2], layers.eyes[2:]])
    zoom = 1.0
    if recording.head.turns.any():
        points = motion.follow(points, layers.body.displacement(recording.head, number))
        zoom /= float(np.hypot(*recording.head.matrices[number][:, 0]))
    if layers.sheet is not None:
        points = motion.follow_affine(points, recording.hold.matrices[number])
        zoom /= float(np.hypot(*recording.hold.matrices[number][:, 0]))
    (mx, my), *eyes = points.tolist()
    box = (round(mx - width * zoom / 2), round(my - height * zoom / 2), round(width * zoom), round(height * zoom))
    (ax, ay), (bx, by) = eyes
    return box, (round(ax), round(ay), round(bx), round(by))


def region_in_frame(region: CueRegion, recording: Recording, layers: Layers, number: int) -> Array:
    """Return the grid of a cue's cells in frame `number`: outside it, removing the cue leaves the frame before the camera as
    is."""
    rows, columns = np.mgrid[0 : region.picture.shape[0], 0 : region.picture.shape[1]].astype(np.float32)
    grid = region.picture
    if recording.head.turns.any():
        across, down = layers.body.displacement(recording.head, number)
        middle = np.s_[CELL // 2 :: CELL, CELL // 2 :: CELL]
        across, down = (cv2.resize(part[middle], grid.shape[::-1]) / CELL for part in (across, down))
        grid = _moved(grid, columns + across, rows + down)
    grid = grid | region.surface
    if layers.sheet is None:
        return grid
    a, b, c, d, e, f = recording.hold.matrices[number].ravel()
    x, y = columns * CELL + CELL / 2, rows * CELL + CELL / 2
    return _moved(
        grid,
        ((a * x + b * y + c) / CELL - 0.5).astype(np.float32),
        ((d * x + e * y + f) / CELL - 0.5).astype(np.float32),
    )


def frames_of(survey: Survey) -> Frames:
    """Return what is known of each frame of a surveyed recording."""
    recording, layers = survey.recording, survey.layers
    attributes = json.dumps(attributes_of(recording), sort_keys=True)
    frames = Frames({}, {}, [])
    for number in range(recording.frames):
        frames.boxes[number], frames.eyes[number] = place(recording, layers, number)
        regions = (region_in_frame(region, recording, layers, number) for region in survey.present.values())
        frames.truths.append(
            Truth(
                face_id=face_id(recording.presentation.id, number),
                cues=tuple(survey.present),
                strengths=tuple(recording.cues[cue] for cue in survey.present),
                regions=tuple(encode_region(region) for region in regions),
                faint=survey.faint,
                look_alikes=survey.look_alikes,
                attributes=attributes,
            )
        )
    return frames


def attributes_of(recording: Recording) -> dict[str, str]:
    """Return the picture in words: person, light and scene, the camera and the quality of its picture."""
    person, sitting = render.seated(recording, recording.cues)
    return {
        **people.attributes(person if isinstance(person, Person) else None, sitting),
        "device": recording.camera,
        "quality": recording.shot.quality,
    }

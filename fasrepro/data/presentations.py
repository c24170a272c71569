"""From one presentation to its faces and crops: of an official video, or of the crops or listed files that stand in for it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fasrepro import crops
from fasrepro.archives import archive, layout
from fasrepro.archives.layout import WHOLE, Box, Eyes, MediaFile, Presentation
from fasrepro.data import cropping, faces
from fasrepro.data.frames import Frames, VideoError, decode, decode_one, held_frames
from fasrepro.data.index_report import IndexedVideo
from fasrepro.data.settings import IndexSettings
from fasrepro.rows.faces import Face, face_id

ALL_TAKEN = 2  # pictures of a presentation: so few were chosen by whoever cut them
Indexed = tuple[IndexedVideo, list[bytes]]  # a video with its faces, and the PNG file of each crop


def of_archive(root: Path, presentation: Presentation, settings: IndexSettings) -> Indexed:
    """Return the faces of a video in an official archive.

    Args:
        root: of the archive.
        presentation: the video.
        settings: which frames are taken, and how they are cropped.

    Raises:
        VideoError: the video cannot be decoded.
        ArchiveError: its sidecar is broken.
    """
    official = archive(presentation.dataset)
    path = root / presentation.path
    sidecar = official.boxes(root, presentation.path)
    turns = official.rotation(presentation.official or presentation.path)
    if turns is None and sidecar is not None:
        turns = 0  # a sidecar refers to the frame as stored, whatever the file asks players to do
    frames = decode(path, settings.every, turns)
    eyes = functools.partial(official.eyes, root, presentation.path)
    return _of_video(path, presentation, frames, sidecar, eyes, settings)


def of_files(root: Path, presentation: Presentation, listed: list[MediaFile], settings: IndexSettings) -> Indexed:
    """Return the faces of a presentation that is given by one video or by pictures.

    Args:
        root: that the paths of the files are relative to.
        presentation: that they show.
        listed: one video, or one picture or more.
        settings: which frames are taken, and how they are cropped.

    Raises:
        VideoError: a file cannot be decoded, or its box is outside the picture or narrower than `settings.min_face`.
    """
    if layout.suffix_of(listed[0].path).lower() in layout.VIDEOS:
        return _of_listed_video(root / listed[0].path, presentation, listed[0], settings)
    return _of_pictures(root, presentation, listed, settings)


def _of_video(
    path: Path,
    presentation: Presentation,
    frames: Frames,
    sidecar: dict[int, Box] | None,
    eyes_of: Callable[[], dict[int, Eyes] | None],
    settings: IndexSettings,
) -> Indexed:
    """Return the faces of a decoded video. `eyes_of` reads the eyes beside it, if they are needed."""
    frames, boxes, source = faces.find(path, frames, sidecar, settings.min_face)
    with_face = len(boxes)
    stand_ins: faces.StandIns = {}
    if settings.neighbours and source != "centre":
        missed = [number for number in frames.candidates if number not in boxes]
        neighbours = {number: faces.neighbours(number, settings.neighbours, settings.every) for number in missed}
        boxes_by_sidecar = sidecar if source == "sidecar" else None
        stand_ins = faces.stand_ins(path, frames, boxes, neighbours, settings.min_face, boxes_by_sidecar)
        boxes |= dict(stand_ins.values())
    picked = faces.pick(list(boxes), settings.first)
    convention = cropping.CROPS[settings.crop]
    eyes = (eyes_of() if convention.place and source == "sidecar" else None) or {}
    rows, pictures, eye_sources = [], [], []
    for number, holder in held_frames(path, frames, picked):
        crop, box, eye_source = cropping.crop(holder.rgb(number), boxes[number], convention, eyes.get(number))
        row, picture = _face(presentation, number, crop, box, source)
        rows.append(row)
        pictures.append(picture)
        eye_sources.append(eye_source)
    video = IndexedVideo(
        path=presentation.path,
        rows=rows,
        candidates=len(frames.candidates),
        with_face=with_face,
        stand_ins={number: missed for missed, (number, _) in stand_ins.items() if number in picked},
        eye_sources=eye_sources,
        turns=frames.turns,
    )
    return video, pictures


def _of_listed_video(path: Path, presentation: Presentation, file: MediaFile, settings: IndexSettings) -> Indexed:
    turns = None if file.box is None else 0  # a box refers to the frame as stored
    if file.frame is None:
        frames = decode(path, settings.every, turns)
        return _of_video(path, presentation, frames, None, _no_eyes, settings)
    frames = decode_one(path, file.frame, turns)
    sidecar = None if file.box is None else {file.frame: _inside(frames, file.frame, file.box, settings)}
    return _of_video(path, presentation, frames, sidecar, _no_eyes, settings)


def _no_eyes() -> None:
    return None


def _of_pictures(root: Path, presentation: Presentation, listed: list[MediaFile], settings: IndexSettings) -> Indexed:
    rows, pictures, eye_sources, turns = [], [], [], []
    unknown: list[str] = []
    for number, file in picked(listed, settings):
        try:
            crop, box, source, eye_source, turned = _cut(root / file.path, file.box, settings)
        except VideoError as error:
            where = "" if file.path == presentation.path else f"{file.path}: "
            raise VideoError(f"{where}{error}") from None
        row, picture = _face(presentation, number, crop, box, source)
        rows.append(row)
        pictures.append(picture)
        eye_sources.append(eye_source)
        turns.append(turned)
        unknown += ["box"] if file.box == WHOLE else []
        unknown += ["frame"] if file.frame is None else []
    video = IndexedVideo(
        path=presentation.path,
        rows=rows,
        candidates=len(listed),
        with_face=len(listed),
        stand_ins={},
        eye_sources=eye_sources,
        turns=max(turns),
        unknown=unknown,
    )
    return video, pictures


def picked(listed: list[MediaFile], settings: IndexSettings) -> list[tuple[int, MediaFile]]:
    """Return the pictures of a presentation that are taken, each with the number of its frame, in order.

    Up to `ALL_TAKEN` pictures are all taken. Of more, those at least `settings.every` frames from the one before are candidates,
    and `faces.pick` chooses among them. Pictures without a frame's number are numbered in their order, and all are candidates.

    >>> settings = IndexSettings(every=5, first=4, min_face=40, neighbours=4, crop="tight", max_exclusion_rate=0.05)
    >>> [number for number, _ in picked([MediaFile(f"{n}.png", n, WHOLE) for n in range(1, 51)], settings)]
    [21, 46]
    """
    numbered = {place if file.frame is None else file.frame: file for place, file in enumerate(listed)}
    ordered = sorted(numbered)
    if len(ordered) > ALL_TAKEN:
        distance = 1 if listed[0].frame is None else settings.every
        candidates = ordered[:1]
        for number in ordered:
            if number >= candidates[-1] + distance:
                candidates.append(number)
        ordered = faces.pick(candidates, settings.first)
    return [(number, numbered[number]) for number in ordered]


def _cut(path: Path, box: Box | None, settings: IndexSettings) -> tuple[np.ndarray, Box, str, str, int]:
    """Return the crop of the face in a picture, its box, the sources of box and eyes, and the turns that made it upright.

    A picture that is a crop is taken as it is, in the size of the convention's crops. It fills its box.
    """
    convention = cropping.CROPS[settings.crop]
    frames = decode(path, every=1)
    source = "sidecar"
    if box is None:
        frames, boxes, source = faces.find(path, frames, None, settings.min_face)
        inside = boxes[0]
    else:
        inside = _inside(frames, 0, box, settings)
    [(_, holder)] = held_frames(path, frames, [0])
    rgb = holder.rgb(0)
    if box == WHOLE:
        return cropping.resized(rgb, convention), inside, "none", "", 0
    crop, covered, eye_source = cropping.crop(rgb, inside, convention, None)
    return crop, covered, source, eye_source, frames.turns


def _inside(frames: Frames, number: int, box: Box, settings: IndexSettings) -> Box:
    """Return the part of a box inside a frame. Raises `VideoError` for one that is outside or too narrow."""
    inside = faces.of_sidecar({number: box}, frames, [number], settings.min_face)
    if not inside:
        height, width = frames.size(number)
        what = "a crop" if box == WHOLE else f"its box {' '.join(map(str, box))} in a picture"
        raise VideoError(f"{what} of {width} x {height} pixels: no face of index.min_face = {settings.min_face} pixels' width")
    return inside[number]


def _face(presentation: Presentation, number: int, crop: np.ndarray, box: Box, source: str) -> tuple[Face, bytes]:
    """Return the row of a face, and the PNG file of its crop."""
    picture, sha256 = crops.encode(crop)
    row = Face(
        face_id=face_id(presentation.id, number),
        dataset=presentation.dataset,
        split=presentation.split,
        subject=presentation.subject,
        presentation=presentation.id,
        frame=number,
        label=presentation.label,
        species=presentation.species,
        instrument=presentation.instrument,
        camera=presentation.camera,
        box=box,
        box_source=source,
        crop=f"{presentation.id}_{number:04d}.png",
        crop_sha256=sha256,
    )
    return row, picture

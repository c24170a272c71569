"""From archives on disk to faces: two frames a video, a box, a crop, and a report of all that was left out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2

from fasrepro import crops, names
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError, Exclusion, Presentation, Reading
from fasrepro.data import cropping, faces, index_report, progress
from fasrepro.data.frames import VideoError, decode, look
from fasrepro.data.index_report import Indexed
from fasrepro.rows import table
from fasrepro.rows.faces import Face, face_id


class ArchivesError(ValueError):
    """Archives that cannot be indexed; the message names what and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Which frames are taken, and how: params.yaml's `index`.

    Of every `every`-th frame with a face those at `first` and half the number of them later; one of up to `neighbours` frames on
    either side stands in for a frame without a face; `crop` is a key of `cropping.CROPS`.
    """

    every: int
    first: int
    min_face: int
    neighbours: int = 0
    crop: str = "tight"

    def __post_init__(self) -> None:
        if self.crop not in cropping.CROPS:
            raise ArchivesError(f"params.yaml: index.crop: {self.crop!r} is none of {', '.join(cropping.CROPS)}")
        if self.every < 1 or self.first < 0 or self.neighbours < 0:
            raise ArchivesError("params.yaml: index: every must be at least 1, first and neighbours at least 0")


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One video to be read."""

    root: Path  # of its archive
    shown: Presentation
    rule: Rule


def read_archive(folder: Path, name: str) -> Reading:
    """Read the official tree of a data set in `folder`.

    Raises:
        ArchivesError: for a name that is no data set's, a tree that is absent or of which no video is recognised, and a subject
            in two splits.
    """
    archive = names.lookup(ARCHIVES, name, "data set", ArchivesError, "params.yaml: archives.datasets")
    root = folder / archive.FOLDER
    if not root.is_dir():
        raise ArchivesError(f"{root}: no such folder; restore the official tree, or take {name} out of archives.datasets")
    reading = archive.read(root)
    if not reading.presentations:
        raise ArchivesError(f"{root}: no video recognised; {nothing_of(reading.exclusions)}; restore the official tree")
    split_of: dict[str, str] = {}
    for shown in reading.presentations:
        if split_of.setdefault(shown.subject, shown.split) != shown.split:
            raise ArchivesError(
                f"{root / shown.path}: {shown.subject} is in {split_of[shown.subject]} and in {shown.split}: a subject in two"
                " splits; restore the official tree"
            )
    return reading


def nothing_of(exclusions: list[Exclusion]) -> str:
    """Return what is to be said of a data set that gives nothing: how much was left out, and the first of it with its reason."""
    if not exclusions:
        return "there is no file in it"
    return f"{len(exclusions)} left out, the first: {exclusions[0].path}: {exclusions[0].reason}"


def index_video(task: Task) -> tuple[Indexed, list[bytes]] | Exclusion:
    """Return the faces of one video, and their crops as PNG files; or why it gives none.

    Raises `ArchivesError` that names the video where what went wrong is no fault of a file's.
    """
    cv2.setNumThreads(1)
    try:
        return _indexed(task)
    except (VideoError, ArchiveError) as error:
        return Exclusion(task.shown.path, str(error).replace(f"{task.root}/", ""))
    except (OSError, cv2.error, ValueError) as error:  # what decoders and OpenCV make of a file that is odd
        return Exclusion(task.shown.path, f"{type(error).__name__}: {' '.join(str(error).split())}".replace(f"{task.root}/", ""))
    except Exception as error:
        raise ArchivesError(
            f"{task.root / task.shown.path}: {type(error).__name__}: {error}; if it is this video alone, take it away"
        ) from error


def _indexed(task: Task) -> tuple[Indexed, list[bytes]]:
    shown, rule, archive = task.shown, task.rule, ARCHIVES[task.shown.dataset]
    path = task.root / shown.path
    sidecar = archive.boxes(task.root, shown.path)
    # Sidecars speak of the frame as it is stored, so only a video without one is turned as its file asks players to.
    frames = decode(path, rule.every, archive.rotation(shown.path) or (None if sidecar is None else 0))
    boxes, source = faces.find(path, frames, sidecar, rule.min_face)
    found = len(boxes)
    beside = {}
    if rule.neighbours and source != "centre":
        missed = [number for number in frames.candidates if number not in boxes]
        near = {number: faces.neighbours(number, rule.neighbours, rule.every) for number in missed}
        beside = faces.stand_ins(path, frames, boxes, near, rule.min_face, sidecar if source == "sidecar" else None)
        boxes |= dict(beside.values())
    taken = faces.pick(list(boxes), rule.first)
    convention = cropping.CROPS[rule.crop]
    known = archive.eyes(task.root, shown.path) if convention.place else None
    rows, pictures, eye_sources = [], [], []
    for number, held in look(path, frames, taken):
        cut, box, eye_source = cropping.crop(held.rgb(number), boxes[number], convention, (known or {}).get(number))
        picture, sha256 = crops.encode(cut)
        pictures.append(picture)
        eye_sources.append(eye_source)
        rows.append(
            Face(
                face_id=face_id(shown.id, number),
                dataset=shown.dataset,
                split=shown.split,
                subject=shown.subject,
                presentation=shown.id,
                frame=number,
                label=shown.label,
                species=shown.species,
                instrument=shown.instrument,
                camera=shown.camera,
                box=box,
                box_source=source,
                crop=f"{shown.id}_{number:04d}.png",
                crop_sha256=sha256,
            )
        )
    instead = {number: missed for missed, (number, _) in beside.items() if number in taken}
    return Indexed(shown.path, rows, len(frames.candidates), found, instead, eye_sources, frames.turns), pictures


def build(archives: Path, name: str, folder: Path, rule: Rule, max_exclusion_rate: float) -> dict[str, Any]:
    """Index a data set into `folder` (<name>.parquet and crops/<name>.zip) and return `index_report.of_dataset`.

    One video is held in memory at a time.

    Args:
        archives: the folder that holds the official tree.
        name: of the data set.
        folder: to write to.
        rule: which frames are taken, and how.
        max_exclusion_rate: share of the videos that may be unreadable.

    Raises:
        ArchivesError: as `read_archive`, where more videos are unreadable, where the data set gives no face, and where the table
            cannot be written.
    """
    reading = read_archive(archives, name)
    root = archives / ARCHIVES[name].FOLDER
    indexed: list[Indexed] = []
    unreadable: list[Exclusion] = []
    show = progress.on_terminal(f"index {name}", len(reading.presentations))
    with crops.packed(folder / "crops") as pack:
        for done, shown in enumerate(reading.presentations, start=1):
            result = index_video(Task(root, shown, rule))
            if isinstance(result, Exclusion):
                unreadable.append(result)
            else:
                video, pictures = result
                indexed.append(video)
                for row, picture in zip(video.rows, pictures, strict=True):
                    pack(row.crop, picture)
            show(done)
    videos = len(reading.presentations)
    if len(unreadable) > max_exclusion_rate * videos:
        raise ArchivesError(
            f"{root}: {len(unreadable)} of {videos} videos unreadable, more than index.max_exclusion_rate = {max_exclusion_rate};"
            f" the first: {unreadable[0].path}: {unreadable[0].reason}"
        )
    rows = [row for video in indexed for row in video.rows]
    if not rows:
        raise ArchivesError(f"{root}: no face; {nothing_of(unreadable)}; restore the official tree")
    path = folder / f"{name}.parquet"
    try:
        table.write(path, rows, Face)
    except OSError as error:
        raise ArchivesError(f"{path}: cannot be written: {error.strerror or error}; make room and run the stage again") from None
    return index_report.of_dataset(indexed, videos, reading, unreadable)

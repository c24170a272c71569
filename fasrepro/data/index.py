"""From archives on disk to faces: two frames a video, a box, a crop, and a report of all that was left out."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from fasrepro import records
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError, Exclusion, Presentation, Reading
from fasrepro.crops import write_crop
from fasrepro.data import faces
from fasrepro.data.frames import VideoError, decode

PROCESSES = 2


class ArchivesError(ValueError):
    """Archives that cannot be indexed; the message names what and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Which frames are taken: of every `every`-th frame with a face those at `first` and half the number of them later."""

    every: int
    first: int
    min_face: int


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One video to be read."""

    root: Path  # of its archive
    shown: Presentation
    rule: Rule
    crops: Path


@dataclasses.dataclass(frozen=True, slots=True)
class Indexed:
    """What one video gave."""

    path: str  # of the video, relative to its archive's root
    rows: list[records.Face]
    candidates: int  # frames that were looked at
    with_face: int  # of these


@contextlib.contextmanager
def _written(path: Path) -> Iterator[None]:
    """Turn a failure to write `path` into an error that names it."""
    try:
        yield
    except OSError as error:
        raise ArchivesError(f"{path}: cannot be written: {error.strerror or error}; make room and run the stage again") from None


def read_archives(folder: Path, names: list[str]) -> dict[str, Reading]:
    """Read the trees of the named data sets. Raises `ArchivesError` for a subject on two sides of one archive's splits."""
    readings = {name: ARCHIVES[name].read(folder / ARCHIVES[name].FOLDER) for name in names}
    for name, reading in readings.items():
        sides: dict[str, str] = {}
        for shown in reading.presentations:
            if sides.setdefault(shown.subject, shown.split) != shown.split:
                raise ArchivesError(
                    f"{folder / ARCHIVES[name].FOLDER / shown.path}: {shown.subject} is in {sides[shown.subject]} and in"
                    f" {shown.split}: a subject in two splits; restore the official tree"
                )
    return readings


def index_video(task: Task) -> Indexed | Exclusion:
    """Write the crops of one video and return its faces, or why it gives none."""
    cv2.setNumThreads(1)
    shown, rule = task.shown, task.rule
    try:
        frames = decode(task.root / shown.path, rule.every)
        boxes, source = faces.find(frames, ARCHIVES[shown.dataset].boxes(task.root, shown.path), rule.min_face)
    except (VideoError, ArchiveError) as error:
        return Exclusion(shown.path, str(error))
    rows = []
    for number in faces.pick(list(boxes), rule.first):
        crop = f"{shown.id}_{number:04d}.png"
        with _written(task.crops / crop):
            sha256 = write_crop(task.crops / crop, faces.crop(frames.rgb(number), boxes[number]))
        rows.append(
            records.Face(
                face_id=records.face_id(shown.id, number),
                dataset=shown.dataset,
                split=shown.split,
                subject=shown.subject,
                presentation=shown.id,
                frame=number,
                label=shown.label,
                species=shown.species,
                instrument=shown.instrument,
                camera=shown.camera,
                box=boxes[number],
                box_source=source,
                crop=crop,
                crop_sha256=sha256,
            )
        )
    return Indexed(shown.path, rows, len(frames.kept), len(boxes))


def build(
    archives: Path, names: list[str], folder: Path, rule: Rule, max_exclusion_rate: float, processes: int = PROCESSES
) -> dict[str, Any]:
    """Index the named data sets under `archives` into `folder` (faces.parquet, crops/) and return the report.

    The report counts faces, videos and box sources a data set, and names every exclusion with its reason, every video that gave a
    single face, and every one whose boxes are the centre. Raises `ArchivesError` where more than `max_exclusion_rate` of a data
    set's videos are unreadable, or a subject stands in two splits.
    """
    readings = read_archives(archives, names)
    tasks = [
        Task(archives / ARCHIVES[name].FOLDER, shown, rule, folder / "crops")
        for name, reading in readings.items()
        for shown in reading.presentations
    ]
    if processes > 1:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            results = pool.map(index_video, tasks, chunksize=8)
    else:
        results = [index_video(task) for task in tasks]
    rows = [row for result in results if isinstance(result, Indexed) for row in result.rows]
    report: dict[str, Any] = {}
    for name, reading in readings.items():
        own = [result for task, result in zip(tasks, results, strict=True) if task.shown.dataset == name]
        unreadable = [result for result in own if isinstance(result, Exclusion)]
        if len(unreadable) > max_exclusion_rate * len(own):
            raise ArchivesError(
                f"{archives / ARCHIVES[name].FOLDER}: {len(unreadable)} of {len(own)} videos unreadable, more than"
                f" index.max_exclusion_rate = {max_exclusion_rate}; the first: {unreadable[0].path}: {unreadable[0].reason}"
            )
        report[name] = _report([result for result in own if isinstance(result, Indexed)], len(own), reading, unreadable)
    if not rows:
        raise ArchivesError(f"{archives}: no face in any archive")
    with _written(folder / "faces.parquet"):
        records.write(folder / "faces.parquet", rows, records.Face)
    return report


def _report(indexed: list[Indexed], videos: int, reading: Reading, unreadable: list[Exclusion]) -> dict[str, Any]:
    """Count one data set."""
    rows = [row for video in indexed for row in video.rows]
    single = {
        video.path: f"{video.with_face} of {video.candidates} candidate frames with a face"
        for video in sorted(indexed, key=lambda video: video.path)
        if len(video.rows) == 1
    }
    centre = sorted(video.path for video in indexed if any(row.box_source == "centre" for row in video.rows))
    excluded = sorted([*reading.exclusions, *unreadable], key=lambda exclusion: exclusion.path)
    by_video = {row.presentation: row for row in rows}.values()

    def counts(values: list[str]) -> dict[str, int]:
        return dict(sorted(collections.Counter(values).items()))

    return {
        "videos": videos,
        "faces": len(rows),
        "subjects": counts([split for _, split in {(row.subject, row.split) for row in rows}]),
        "videos_by_split": {
            split: counts([row.species for row in by_video if row.split == split])
            for split in records.SPLITS
            if any(row.split == split for row in by_video)
        },
        "videos_by_box_source": counts([row.box_source for row in by_video]),
        "excluded": {exclusion.path: exclusion.reason for exclusion in excluded},
        "excluded_count": len(excluded),
        "unreadable_videos": len(unreadable),
        "single_face": single,
        "single_face_count": len(single),
        "centre": centre,
        "centre_count": len(centre),
    }

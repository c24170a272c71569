"""From archives on disk to faces: two frames a video, a box, a crop, and a report of all that was left out."""

from __future__ import annotations

import collections
import concurrent.futures.process
import dataclasses
import itertools
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from fasrepro import crops
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError, Exclusion, Presentation, Reading
from fasrepro.data import cropping, faces, index_report, progress
from fasrepro.data.frames import VideoError, decode, look
from fasrepro.data.index_report import Indexed
from fasrepro.rows import table
from fasrepro.rows.faces import Face, face_id

PROCESSES = os.cpu_count() or 1
AHEAD = 16  # videos a process that may be worked on before the oldest is packed: what bounds the memory


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


def read_archives(folder: Path, names: list[str]) -> dict[str, Reading]:
    """Read the trees of the named data sets.

    Raises `ArchivesError` for a tree of which no video is recognised, and for a subject on two sides of one archive's splits.
    """
    readings = {name: ARCHIVES[name].read(folder / ARCHIVES[name].FOLDER) for name in names}
    for name, reading in readings.items():
        if not reading.presentations:
            left_out = nothing_of(reading.exclusions)
            raise ArchivesError(f"{folder / ARCHIVES[name].FOLDER}: no video recognised; {left_out}; restore the official tree")
        sides: dict[str, str] = {}
        for shown in reading.presentations:
            if sides.setdefault(shown.subject, shown.split) != shown.split:
                raise ArchivesError(
                    f"{folder / ARCHIVES[name].FOLDER / shown.path}: {shown.subject} is in {sides[shown.subject]} and in"
                    f" {shown.split}: a subject in two splits; restore the official tree"
                )
    return readings


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


def results(tasks: list[Task], processes: int) -> Iterator[tuple[Indexed, list[bytes]] | Exclusion]:
    """Yield what each task gives, in their order; no more than `AHEAD` a process are under way or wait to be taken."""
    if processes <= 1:
        yield from map(index_video, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(processes, context) as pool:
        waiting: collections.deque[concurrent.futures.Future[Any]] = collections.deque()
        try:
            for task in tasks:
                waiting.append(pool.submit(index_video, task))
                if len(waiting) >= AHEAD * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except concurrent.futures.process.BrokenProcessPool:
            raise ArchivesError(
                "a process of the index was killed; see that there is memory enough and run the stage again"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def build(
    archives: Path, names: list[str], folder: Path, rule: Rule, max_exclusion_rate: float, processes: int = PROCESSES
) -> dict[str, Any]:
    """Index the named data sets under `archives` into `folder` (faces.parquet, crops/) and return the report.

    The report is `index_report.of_dataset`'s, a data set. Raises `ArchivesError` where more than `max_exclusion_rate` of a data
    set's videos are unreadable, where a data set gives no face, or a subject stands in two splits.
    """
    readings = read_archives(archives, names)
    tasks = [
        Task(archives / ARCHIVES[name].FOLDER, shown, rule)
        for name, reading in readings.items()
        for shown in reading.presentations
    ]
    indexed: dict[str, list[Indexed]] = {name: [] for name in names}
    unreadable: dict[str, list[Exclusion]] = {name: [] for name in names}
    show = progress.on_terminal("index", len(tasks))
    with crops.packed(folder / "crops") as pack:
        for done, (task, result) in enumerate(zip(tasks, results(tasks, processes), strict=True), start=1):
            name = task.shown.dataset
            if isinstance(result, Exclusion):
                unreadable[name].append(result)
            else:
                found, pictures = result
                indexed[name].append(found)
                for row, picture in zip(found.rows, pictures, strict=True):
                    pack(row.crop, picture)
            show(done)
    report: dict[str, Any] = {}
    for name, reading in readings.items():
        own, videos = unreadable[name], len(reading.presentations)
        if len(own) > max_exclusion_rate * videos:
            raise ArchivesError(
                f"{archives / ARCHIVES[name].FOLDER}: {len(own)} of {videos} videos unreadable, more than"
                f" index.max_exclusion_rate = {max_exclusion_rate}; the first: {own[0].path}: {own[0].reason}"
            )
        if not any(found.rows for found in indexed[name]):
            raise ArchivesError(f"{archives / ARCHIVES[name].FOLDER}: no face; {nothing_of(own)}; restore the official tree")
        report[name] = index_report.of_dataset(indexed[name], videos, reading, own)
    rows = [row for found in itertools.chain(*indexed.values()) for row in found.rows]
    try:
        table.write(folder / "faces.parquet", rows, Face)
    except OSError as error:
        path = folder / "faces.parquet"
        raise ArchivesError(f"{path}: cannot be written: {error.strerror or error}; make room and run the stage again") from None
    return report

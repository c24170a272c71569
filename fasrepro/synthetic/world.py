"""All synthetic archives on disk, in the official layouts: videos, sidecars, split lists and the frames' truth."""

from __future__ import annotations

import dataclasses
import multiprocessing
from pathlib import Path

import cv2

from fasrepro import records
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import Presentation
from fasrepro.synthetic import people, portraits, render
from fasrepro.synthetic.video import write_video

PROCESSES = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One video to be made."""

    folder: Path  # of its archive
    shown: Presentation
    scene: render.Scene
    frame_rate: int
    sitter: portraits.Sitter | None  # None: a procedural person


def plan(sizes: dict[str, dict[str, int]]) -> list[Presentation]:
    """Return the presentations of all archives, given what each archive's `plan` asks for."""
    return [shown for name, counts in sizes.items() for shown in ARCHIVES[name].plan(**counts)]


def make_video(task: Task) -> list[records.Truth]:
    """Render one presentation and write its video and sidecar; return what is known of its frames."""
    cv2.setNumThreads(1)
    shown = task.shown
    who = task.sitter or people.person(people.seed_of(task.scene.seed, shown.dataset, shown.split, shown.subject))
    recording = render.render(shown, who, task.scene)
    write_video(task.folder / shown.path, recording.frames, task.frame_rate, recording.quality)
    ARCHIVES[shown.dataset].write_sidecar(task.folder, shown.path, recording.boxes, recording.eyes)
    return recording.truths


def build(
    folder: Path,
    sizes: dict[str, dict[str, int]],
    scene: render.Scene,
    frame_rate: int,
    people_from: str,
    processes: int = PROCESSES,
) -> None:
    """Write all archives and truth.parquet under `folder`.

    `people_from` is "procedural" or "portraits". The result does not depend on `processes`.
    Raises `ValueError` for another word, `PortraitError` for portraits that are missing or too few.
    """
    if people_from not in ("procedural", "portraits"):
        raise ValueError(f"params.yaml: synthetic.people: {people_from!r} is none of procedural, portraits")
    presentations = plan(sizes)
    sitters: dict[str, portraits.Sitter] = {}
    if people_from == "portraits":
        subjects = list(dict.fromkeys(shown.subject for shown in presentations))
        sitters = portraits.archive_sitters(portraits.sitters(portraits.folder()), subjects)
    tasks = [Task(folder / ARCHIVES[p.dataset].FOLDER, p, scene, frame_rate, sitters.get(p.subject)) for p in presentations]
    if processes > 1:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            truths = pool.map(make_video, tasks, chunksize=4)
    else:
        truths = [make_video(task) for task in tasks]
    for name in sizes:
        ARCHIVES[name].write_lists(folder / ARCHIVES[name].FOLDER, [p for p in presentations if p.dataset == name])
    records.write(folder / "truth.parquet", [row for rows in truths for row in rows], records.Truth)

"""All synthetic archives on disk, in the official layouts: videos, sidecars, split lists and the frames' truth."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fasrepro import paths
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import Presentation
from fasrepro.rows import table
from fasrepro.rows.truth import Truth
from fasrepro.simulation import cue_pairs, portraits, render, takes, truth
from fasrepro.simulation.takes import Scene
from fasrepro.simulation.video import write_video

PROCESSES = os.cpu_count() or 1


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One video to be made."""

    folder: Path  # of its archive
    shown: Presentation
    scene: Scene
    frame_rate: int
    sitter: portraits.Sitter | None  # None: a procedural person


def plan(sizes: dict[str, dict[str, int]]) -> list[Presentation]:
    """Return the presentations of all archives, given what each archive's `plan` asks for."""
    return [shown for name, counts in sizes.items() for shown in ARCHIVES[name].plan(**counts)]


def sizes(archives: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return what params.yaml's `archives` section asks of each archive."""
    return {name: size for name, size in archives.items() if name in ARCHIVES}


def sitters(presentations: list[Presentation], people_from: str) -> dict[str, portraits.Sitter]:
    """Return the portraits' person of each subject; none where people are procedural.

    Raises `ValueError` for another word, `PortraitError` for portraits that are missing or too few.
    """
    if people_from not in ("procedural", "portraits"):
        raise ValueError(f"params.yaml: synthetic.people: {people_from!r} is none of procedural, portraits")
    if people_from == "procedural":
        return {}
    subjects = list(dict.fromkeys(shown.subject for shown in presentations))
    return portraits.archive_sitters(portraits.sitters(portraits.folder()), subjects)


def make_video(task: Task) -> list[Truth]:
    """Render one presentation and write its video and sidecar; return what is known of its frames."""
    cv2.setNumThreads(1)
    shown, archive = task.shown, ARCHIVES[task.shown.dataset]
    found = truth.surveyed(shown, task.sitter or takes.person_of(shown, task.scene), task.scene, task.frame_rate)
    known = truth.frames(found)
    filmed = render.film(found.take, render.pictures(found.take, found.layers))
    turned = archive.rotation(shown.path)
    if turned:
        filmed = (np.ascontiguousarray(np.rot90(frame, -turned)) for frame in filmed)
    write_video(task.folder / shown.path, filmed, task.frame_rate, found.take.shot.crf, found.take.shot.quantiser)
    archive.write_sidecar(task.folder, shown.path, known.boxes, known.eyes)
    return known.truths


def build(
    folder: Path,
    sizes: dict[str, dict[str, int]],
    scene: Scene,
    frame_rate: int,
    people_from: str,
    processes: int = PROCESSES,
) -> None:
    """Write all archives, truth.parquet and an example of each cue (cue_pairs.npz) under `folder`.

    `people_from` is "procedural" or "portraits", as in `sitters`, which says what it raises. The result does not depend on
    `processes`.
    """
    presentations = plan(sizes)
    faces = sitters(presentations, people_from)
    tasks = [Task(folder / ARCHIVES[p.dataset].FOLDER, p, scene, frame_rate, faces.get(p.subject)) for p in presentations]
    if processes > 1:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            truths = pool.map(make_video, tasks, chunksize=4)
    else:
        truths = [make_video(task) for task in tasks]
    for name in dict.fromkeys(shown.dataset for shown in presentations):
        ARCHIVES[name].write_lists(folder / ARCHIVES[name].FOLDER, [p for p in presentations if p.dataset == name])
    table.write(folder / paths.TRUTH.name, [row for rows in truths for row in rows], Truth)
    cue_pairs.write(folder / paths.CUE_PAIRS.name, cue_pairs.examples(presentations, scene))

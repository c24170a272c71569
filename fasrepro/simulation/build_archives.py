"""All synthetic archives on disk, in the official layouts: videos, sidecars, split lists and the frames' truth."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fasrepro import names
from fasrepro.archives import ARCHIVES, archive
from fasrepro.archives.layout import ArchiveError, Presentation
from fasrepro.rows.truth import Truth
from fasrepro.simulation import portraits, render, takes, truth
from fasrepro.simulation.takes import Scene
from fasrepro.simulation.video import write_video


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One video to be made."""

    folder: Path  # of its archive
    shown: Presentation
    scene: Scene
    frame_rate: int
    sitter: portraits.Sitter | None  # None: a procedural person


def plan(sizes: Mapping[str, Mapping[str, Any]]) -> list[Presentation]:
    """Return the presentations of all archives, given what each archive's `plan` takes, in the order of `ARCHIVES`.

    Raises `ArchiveError` for a data set that is not known, and a size that its `plan` does not take.
    """
    for name, counts in sizes.items():
        taken = inspect.signature(archive(name).plan).parameters
        for key in counts:
            names.lookup(taken, key, "key", ArchiveError, f"params.yaml: archives.datasets.{name}")
        if missing := [key for key in taken if key not in counts]:
            raise ArchiveError(f"params.yaml: archives.datasets.{name}: missing {', '.join(missing)}")
    return [shown for name in ARCHIVES if name in sizes for shown in ARCHIVES[name].plan(**sizes[name])]


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
    shown, official = task.shown, ARCHIVES[task.shown.dataset]
    found = truth.surveyed(shown, task.sitter or takes.person_of(shown, task.scene), task.scene, task.frame_rate)
    known = truth.frames(found)
    filmed = render.film(found.take, render.pictures(found.take, found.layers))
    turned = official.rotation(shown.path)
    if turned:
        filmed = (np.ascontiguousarray(np.rot90(frame, -turned)) for frame in filmed)
    write_video(task.folder / shown.path, filmed, task.frame_rate, found.take.shot.crf, found.take.shot.quantiser)
    official.write_sidecar(task.folder, shown.path, known.boxes, known.eyes)
    return known.truths


def build(
    folder: Path, name: str, sizes: Mapping[str, Mapping[str, Any]], scene: Scene, frame_rate: int, people_from: str
) -> list[Truth]:
    """Write the official tree of one data set under `folder` and return what is known of its frames.

    Args:
        folder: that will hold the tree.
        name: of the data set.
        sizes: of all data sets, as their `plan` takes them: portraits are dealt over the subjects of all.
        scene: the world and its settings.
        frame_rate: of the videos.
        people_from: "procedural" or "portraits", as in `sitters`, which says what it raises.
    """
    presentations = plan(sizes)
    faces = sitters(presentations, people_from)
    own = [shown for shown in presentations if shown.dataset == name]
    root = folder / ARCHIVES[name].FOLDER
    truths = [make_video(Task(root, shown, scene, frame_rate, faces.get(shown.subject))) for shown in own]
    if own:
        ARCHIVES[name].write_lists(root, own)
    return [row for rows in truths for row in rows]

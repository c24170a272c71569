"""A synthetic archive on disk in its official layout: videos or still images, sidecars, split lists, and the truth of frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fasrepro import archives
from fasrepro.archives import ARCHIVES, hdf5, layout
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.rows.truth import Truth
from fasrepro.simulation import recordings, render, truth, video
from fasrepro.simulation.drawing import portraits
from fasrepro.simulation.drawing.people import Person
from fasrepro.simulation.drawing.portraits import Sitter

PEOPLE = ("procedural", "portraits")  # what params.yaml's synthetic.people may be


def plan(sizes: Mapping[str, Mapping[str, Any]]) -> list[Presentation]:
    """Return the presentations of all synthetic archives, in the order of `ARCHIVES`.

    Args:
        sizes: params.yaml's `archives.datasets`.

    Raises:
        ArchiveError: as `archives.plan` does.
    """
    planned = {name: archives.plan(name, size) for name, size in sizes.items()}
    return [presentation for name in ARCHIVES for presentation in planned.get(name, [])]


def sitters(presentations: list[Presentation], people: str) -> dict[str, Sitter]:
    """Return the person of each subject who is shown by portraits; none where people are procedural.

    Args:
        presentations: of *all* archives, because portraits are dealt over the subjects of all.
        people: params.yaml's `synthetic.people`.

    Raises:
        ValueError: `people` is unknown.
        PortraitError: portraits are missing or too few.
    """
    if people not in PEOPLE:
        raise ValueError(f"params.yaml: synthetic.people: {people!r} is none of {', '.join(PEOPLE)}")
    if people == "procedural":
        return {}
    subjects = list(dict.fromkeys(presentation.subject for presentation in presentations))
    return portraits.archive_sitters(portraits.sitters(portraits.folder()), subjects)


def write_archive(folder: Path, name: str, sizes: Mapping[str, Mapping[str, Any]], synthetic: Synthetic) -> list[Truth]:
    """Draw one synthetic archive under `folder`, and return the truth of its frames.

    Args:
        folder: that will hold the official tree.
        name: of the data set.
        sizes: params.yaml's `archives.datasets`, whole, because portraits are dealt over the subjects of all archives.
        synthetic: settings of the synthetic world.

    Raises:
        ArchiveError: as `plan` does.
        ValueError: as `sitters` and `recordings.plan_recording` do.
    """
    presentations = plan(sizes)
    sitter_of = sitters(presentations, synthetic.people)
    own = [presentation for presentation in presentations if presentation.dataset == name]
    root = folder / ARCHIVES[name].FOLDER
    truths: list[Truth] = []
    for presentation in own:
        person = sitter_of.get(presentation.subject) or recordings.person_of(presentation, synthetic)
        truths += write_presentation(root, presentation, person, synthetic)
    if own:
        ARCHIVES[name].write_lists(root, own)
    return truths


def write_presentation(root: Path, presentation: Presentation, person: Person | Sitter, synthetic: Synthetic) -> list[Truth]:
    """Draw one presentation, write its file and its sidecar under `root`, and return the truth of its frames."""
    cv2.setNumThreads(1)
    official = ARCHIVES[presentation.dataset]
    survey = truth.survey_presentation(presentation, person, synthetic)
    frames = truth.frames_of(survey)
    recording = survey.recording
    shot = recording.shot
    filmed = render.film(recording, render.pictures(recording, survey.layers))
    turns = official.rotation(presentation.path)
    if turns:
        filmed = (np.ascontiguousarray(np.rot90(frame, -turns)) for frame in filmed)
    path = root / presentation.path
    suffix = path.suffix.lower()
    if suffix in hdf5.SUFFIXES:
        official.write_frames(path, filmed)
    elif suffix in layout.STILLS:
        video.write_still(path, next(filmed), shot.crf)
    else:
        video.write_video(path, filmed, synthetic.frame_rate, shot.crf, shot.quantiser)
    official.write_sidecar(root, presentation.path, frames.boxes, frames.eyes)
    return frames.truths

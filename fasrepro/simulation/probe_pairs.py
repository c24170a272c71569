"""Pictures to ask an encoder with which cues it can see: the same face without and with one cue, all else equal.

A probe that is fitted on an archive may read the scene that goes with a label there. Both pictures of a pair have the same scene,
person, camera and other cues, so a probe that is fitted on pairs can use the cue alone, and a pair of another person shows
whether it does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from fasrepro import files
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Label
from fasrepro.simulation import archive_writer, attacks, cue_pairs, recordings, truth, video
from fasrepro.simulation.drawing.layers import Array
from fasrepro.simulation.worlds import WORLDS
from fasrepro.vocabulary import CUES

# Sizes of the archives whose attacks may be drawn: as many subjects as the official ones have, so that few appear twice.
SIZES: dict[str, dict[str, Any]] = {
    "msu": {"train": 15, "test": 20},
    "casia": {"train": 20, "test": 30},
    "replay": {"train": 15, "devel": 15, "test": 20},
    "oulu": {"train": 20, "dev": 15, "test": 20, "phones": 6, "sessions": 3},
    "siw_mv2": {"share": 1.0},
}


@dataclasses.dataclass(frozen=True, slots=True)
class ProbePair:
    """Two tight crops of a face, uint8 RGB of (size, size, 3), and the cue in which they differ.

    Args:
        cue: of `vocabulary.CUES`.
        subject: the person's name with its data set.
        is_fitted: whether probes are fitted on this person; otherwise they are tested on it.
        without: the face.
        present: the same with the cue.
        is_visible: whether the difference survives camera, codec and crop (`truth.differ`).
    """

    cue: str
    subject: str
    is_fitted: bool
    without: Array
    present: Array
    is_visible: bool


def draw(synthetic: Synthetic, fitted: int, tested: int, size: int) -> list[ProbePair]:
    """Draw pairs of every cue: `fitted` of people to fit probes on, `tested` of others, as crops of `size` pixels a side.

    Pairs are drawn in the world of `synthetic`, from attacks that may show the cue, with strengths as the world has them. The
    attack's other cues are as in an archive. Fewer pairs are drawn where fewer attacks can show the cue.
    """
    cv2.setNumThreads(1)
    plan = [row for row in archive_writer.plan(SIZES) if row.label is Label.ATTACK]
    pairs: list[ProbePair] = []
    for cue in CUES:
        possible = [row for row in plan if cue in attacks.CUE_RATES[row.species]]
        possible.sort(key=lambda row: unit_hash("probe pairs", cue, row.id))
        for is_fitted, count in ((True, fitted), (False, tested)):
            people = [row for row in possible if _is_fitted(row.subject) is is_fitted]
            pairs += [_pair(row, cue, is_fitted, synthetic, size) for row in people[:count]]
    return pairs


def write(path: Path, pairs: Sequence[ProbePair]) -> None:
    """Write pairs as a .npz file with an array a field, whose rows are pairs."""
    arrays = {field.name: np.array([getattr(pair, field.name) for pair in pairs]) for field in dataclasses.fields(ProbePair)}
    with files.replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _is_fitted(subject: str) -> bool:
    """Return whether probes are fitted on a person: half of all people, by a hash."""
    return unit_hash("probe people", subject) < 0.5


def _pair(presentation: Presentation, cue: str, is_fitted: bool, synthetic: Synthetic, size: int) -> ProbePair:
    person = recordings.person_of(presentation, synthetic)
    recording = recordings.plan_recording(presentation, person, synthetic)
    low, high = WORLDS[synthetic.world].strength
    strength = low + (high - low) * unit_hash("probe strength", cue, presentation.id)
    recording = dataclasses.replace(recording, cues={**recording.cues, cue: strength})
    drawn = cue_pairs.pair(recording, cue, strength, recording.frames // 3)
    crops = []
    suffix, shot = PurePosixPath(presentation.path).suffix, recording.shot
    for frame in (drawn.without, drawn.present):
        (decoded,) = video.recode([frame], suffix, synthetic.frame_rate, shot.crf, shot.quantiser)
        crops.append(drawn.cut(decoded))
    without, present = (cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA) for crop in crops)
    return ProbePair(cue, presentation.subject, is_fitted, without, present, truth.differ(without, present))

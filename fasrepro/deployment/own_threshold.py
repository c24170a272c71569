"""A threshold chosen on one's own labelled pictures, for one exported model: with an interval, and never on too few.

The rule is that of dev: the threshold at which APCER and BPCER are equal on these pictures. The interval is of the percentile
bootstrap over people, and the threshold is chosen again in each replicate. Figures on the pictures that a threshold was chosen on
flatter: new pictures of the same camera have more errors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fasrepro import files, schema
from fasrepro.deployment.exported import About, identity
from fasrepro.evaluation import bootstrap, roc
from fasrepro.evaluation.metrics import LABELS
from fasrepro.evaluation.results import Figure

FORMAT = 1
# Least scored pictures of each label. Of fewer people, too, an interval is much too narrow: see `bootstrap`.
LEAST = 20
REPLICATES, CONFIDENCE, SEED = 1000, 0.95, 9
STREAM = "own_threshold"


class ThresholdError(ValueError):
    """A threshold that cannot be chosen or used; the message names the remedy."""


@dataclasses.dataclass(frozen=True)
class Labelled:
    """A scored picture or video of one's own; `label`: 0 bona fide, 1 attack; `person`: whom it shows, as far as folders say."""

    path: str
    label: int
    person: str
    p_attack: float


@dataclasses.dataclass(frozen=True)
class LabelCounts:
    """Scored pictures of a label, the people that they show, and how many files have no score, by state."""

    pictures: int
    people: int
    unscored: dict[str, int]


@dataclasses.dataclass(frozen=True)
class OwnThreshold:
    """What a file of a threshold holds.

    Args:
        format: version of this file.
        job: that was exported.
        model: what the scores depend on, as `exported.identity` returns it.
        threshold: from which a score is called an attack.
        eer: APCER and BPCER at the threshold, on the pictures that it was chosen on.
        auc: on these pictures.
        counts: by label, "bona fide" and "attack".
        confidence: of the intervals.
        replicates: of the bootstrap.
        seed: of the bootstrap.
    """

    format: int
    job: str
    model: str
    threshold: Figure
    eer: Figure
    auc: Figure
    counts: dict[str, LabelCounts]
    confidence: float
    replicates: int
    seed: int

    @property
    def value(self) -> float:
        """The threshold."""
        assert self.threshold.value is not None  # `read` and `choose` hold it
        return self.threshold.value

    @property
    def source(self) -> str:
        """Whose pictures the threshold was chosen on, in words."""
        return "your own " + " and ".join(f"{self.counts[name].pictures} {name}" for name in LABELS.values())


def person_of(path: Path, folder: Path) -> str:
    """Return whom a labelled picture shows: the first folder below `folder`, and without one the picture alone.

    >>> person_of(Path("live/ann/1.jpg"), Path("live")), person_of(Path("live/2.jpg"), Path("live"))
    ('ann', 'live/2.jpg')
    """
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else str(path)


def choose(rows: Sequence[Labelled], unscored: dict[str, dict[str, int]], about: About) -> OwnThreshold:
    """Return the threshold of equal errors on one's own pictures.

    Args:
        rows: the scored pictures.
        unscored: label's name -> state -> number of files without a score.
        about: of the model that scored them.

    Raises:
        ThresholdError: for fewer than `LEAST` scored pictures of a label.
    """
    labels = np.array([row.label for row in rows], int)
    scores = np.array([row.p_attack for row in rows], float)
    people = [row.person for row in rows]
    counts = {}
    for label, name in LABELS.items():
        own = [row.person for row in rows if row.label == label]
        counts[name] = LabelCounts(len(own), len(set(own)), unscored.get(name, {}))
        if len(own) < LEAST:
            without = "".join(f", {number} {state}" for state, number in sorted(counts[name].unscored.items()))
            fault = f"{len(own)} scored {name} pictures{without}"
            raise ThresholdError(f"{fault}: a threshold needs at least {LEAST} of each label, better of as many people; add some")

    def measure(weights: np.ndarray) -> bootstrap.Values:
        curve = roc.curve(labels, scores, weights)
        eer, threshold = roc.equal_error(curve)
        return {"threshold": threshold, "eer": eer, "auc": curve.auc}

    draws = bootstrap.draw_subjects(people, labels, REPLICATES, SEED, STREAM)
    point, replicates = bootstrap.point_and_replicates(measure, *draws)
    fewest = min(one.people for one in counts.values())
    figures = {name: bootstrap.figure(point[name], replicates[name], CONFIDENCE, fewest) for name in point}
    return OwnThreshold(
        format=FORMAT,
        job=about.job,
        model=identity(about),
        threshold=figures["threshold"],
        eer=figures["eer"],
        auc=figures["auc"],
        counts=counts,
        confidence=CONFIDENCE,
        replicates=REPLICATES,
        seed=SEED,
    )


def warnings(own: OwnThreshold) -> list[str]:
    """Return sentences about what makes a threshold worth less than it looks."""
    sentences = []
    if own.auc.low is None or own.auc.low <= 0.5:
        sentences.append(f"AUC is {shown(own.auc)}: the scores do not separate your pictures, and no threshold helps.")
    fewest = min(one.people for one in own.counts.values())
    if fewest < LEAST:
        sentences.append(f"The pictures of a label show {fewest} people: intervals over fewer than {LEAST} are much too narrow.")
    return sentences


def shown(figure: Figure, digits: int = 3) -> str:
    """Return a figure and its interval as text.

    >>> shown(Figure(0.5, 0.25, 0.75)), shown(Figure(0.5, None, None))
    ('0.500 (0.250 to 0.750)', '0.500 (no interval)')
    """
    interval = "no interval" if figure.low is None else f"{figure.low:.{digits}f} to {figure.high:.{digits}f}"
    return f"{figure.value:.{digits}f} ({interval})"


def text(own: OwnThreshold) -> str:
    """Return a threshold as lines of text."""
    lines = [
        f"threshold {shown(own.threshold, 4)} on {own.source} pictures, for {own.job}",
        f"  there: EER {shown(own.eer)}, AUC {shown(own.auc)}; intervals {own.confidence * 100:g} %, bootstrap over people",
        "  New pictures of this camera have more errors than these, and another camera needs a threshold of its own.",
    ]
    for name in LABELS.values():
        counts = own.counts[name]
        without = "".join(f", {number} {state}" for state, number in sorted(counts.unscored.items()))
        lines.append(f"  {name}: {counts.pictures} pictures of {counts.people} people{without}")
    return "\n".join(lines)


def write(path: Path, own: OwnThreshold) -> None:
    """Write a threshold's file."""
    files.write_json(path, schema.plain(own))


def read(path: Path, about: About) -> OwnThreshold:
    """Read the threshold's file for a model.

    Raises:
        ThresholdError: it is missing or broken, or was chosen on the scores of another model.
    """
    if not path.is_file():
        raise ThresholdError(f"{path}: no such file; `fasrepro threshold` writes it")
    try:
        content = files.read_json(path)
    except ValueError:
        raise ThresholdError(f"{path}: not JSON; write it again by `fasrepro threshold`") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ThresholdError(f"{path}: no threshold of format {FORMAT}; write it again by `fasrepro threshold`")
    own: OwnThreshold = schema.build(OwnThreshold, content, str(path), ThresholdError)
    if own.threshold.value is None or own.counts.keys() != set(LABELS.values()):
        raise ThresholdError(f"{path}: it holds no threshold of both labels; write it again by `fasrepro threshold`")
    if own.model != identity(about):
        fault = f"chosen on the scores of another model ({own.job}) than this one ({about.job})"
        raise ThresholdError(f"{path}: {fault}; run `fasrepro threshold` again")
    return own

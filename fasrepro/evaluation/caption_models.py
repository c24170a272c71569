"""What a caption model can read, apart from its form: parse rate, accuracy where the form holds, and log-odds of the conclusion.

On a verdict of two words, pass@8 says nothing: a coin has 99.6 %. So the figures are about single texts: a greedy one, the
distribution over faces of the share of right samples, and the samples' majority. A text without the form is wrong in all figures
but those that name another rule.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Sequence

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap, metrics, roc
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.metrics import UNDECIDED
from fasrepro.evaluation.results import Counts, EvaluationSettings
from fasrepro.evaluation.results.caption_models import Gate, PartFigures
from fasrepro.evaluation.roc import ratio
from fasrepro.rows.faces import Face

TITLES: dict[str, str] = {
    "parse_rate": "texts in the form",
    "accuracy": "balanced accuracy, given the form",
    "accuracy_all": "both together",
    "auc": "AUC of the conclusion's log-odds",
    "mixed": "faces with mixed outcomes",
    "success": "right samples",
    "majority": "balanced accuracy of the samples' majority",
    "precision": "precision of named cues",
    "recall": "recall of cues",
    "distinct": "distinct texts",
    "copied": "sentences that stand in gold",
    "exploited": "empty or double conclusions",
}
_SENTENCE = re.compile(r"[^.!?<>]+[.!?]")


@dataclasses.dataclass(frozen=True)
class FaceTexts:
    """What a model wrote about a face.

    Args:
        face: it is about.
        text: decoded greedily.
        verdict: of that text: 0 bona fide, 1 attack, -1 for a text without the form.
        samples: verdicts of sampled texts.
        attack_log_odds: at the conclusion of the greedy text.
        present: cues that are visible in the crop; None where they are not known.
        exploits: whether a lenient reward takes it for right whatever the label: its conclusion is empty, or holds both words.
    """

    face: Face
    text: str
    verdict: int
    samples: tuple[int, ...]
    attack_log_odds: float
    present: frozenset[str] | None
    exploits: bool = False


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in tags, in small letters.

    >>> sentences("<Caption>A face. Soft light.</Caption><Conclusion>Yes</Conclusion>")
    ['a face.', 'soft light.']
    """
    return [" ".join(sentence.lower().split()) for sentence in _SENTENCE.findall(text)]


def summarise(rows: Sequence[FaceTexts], gold: Collection[str], settings: EvaluationSettings, stream: str) -> PartFigures:
    """Return the figures of one part.

    Args:
        rows: one a face, of both labels, all with as many samples.
        gold: sentences of the captions that were learnt.
        settings: of the bootstrap over subjects.
        stream: the name of its draws, the same for all models that are compared.

    Raises:
        MetricError: where a label has no face.
    """
    measured = _Measured(rows, gold)
    counts, subject_of_row = bootstrap.draw_subjects(
        [row.face.subject for row in rows], measured.labels, settings.replicates, settings.seed, stream
    )
    point, replicates = bootstrap.point_and_replicates(measured.measure, counts, subject_of_row)
    people = len({row.face.subject for row in rows})
    figures = {name: bootstrap.figure(value, replicates[name], settings.confidence, people) for name, value in point.items()}
    figures["distinct"] = bootstrap.without_interval(len({row.text for row in rows}) / len(rows))
    attacks = int(measured.labels.sum())
    return PartFigures(Counts(len(rows) - attacks, attacks, people), figures, _successes(measured.right))


def shifted(rows: Sequence[FaceTexts], shift: float) -> list[FaceTexts]:
    """Return rows with the verdicts of log-odds from a shift on, where the form holds.

    Samples say nothing of such a model, and the order of the log-odds, by which AUC goes, is what it was.
    """
    return [
        dataclasses.replace(
            row,
            verdict=row.verdict if row.verdict == UNDECIDED else int(row.attack_log_odds >= shift),
            samples=(),
        )
        for row in rows
    ]


def best_shift(rows: Sequence[FaceTexts]) -> float:
    """Return the log-odds from which on to say attack, with the best balanced accuracy on these rows; to be chosen on dev."""
    labels = np.array([int(row.face.label) for row in rows])
    odds = np.array([row.attack_log_odds for row in rows])
    ranks = np.unique(odds)
    between = np.concatenate([[ranks[0] - 1.0], (ranks[:-1] + ranks[1:]) / 2, [ranks[-1] + 1.0]])
    said = odds[None, :] >= between[:, None]
    accuracy = (said[:, labels == 1].mean(axis=1) + (~said[:, labels == 0]).mean(axis=1)) / 2
    best = np.flatnonzero(accuracy == accuracy.max())
    return float(between[best[np.argmin(np.abs(between[best]))]])


def missed(dev: PartFigures, gate: Gate) -> list[str]:
    """Return the conditions of the gate that figures of the caption model's dev people miss, in words; none where all are met."""
    bounds = {
        "parse_rate": (gate.parse_rate, 1.0),
        "accuracy": (gate.min_accuracy, gate.max_accuracy),
        "auc": (gate.auc, 1.0),
        "mixed": (gate.mixed, 1.0),
    }
    misses = []
    for name, (low, high) in bounds.items():
        value = dev.figures[name].value
        if value is None or not low <= value <= high:
            shown = "not defined" if value is None else f"{value:.2f}"
            bound = f"at least {low:.2f}" if high == 1.0 else f"{low:.2f} to {high:.2f}"
            misses.append(f"{TITLES[name]}: {shown}, asked is {bound}")
    return misses


class _Measured:
    """Arrays of the rows, and their figures under weights."""

    def __init__(self, rows: Sequence[FaceTexts], gold: Collection[str]) -> None:
        self.labels = np.array([int(row.face.label) for row in rows])
        self.verdicts = np.array([row.verdict for row in rows])
        self.odds = np.array([row.attack_log_odds for row in rows])
        self.exploits = np.array([row.exploits for row in rows])
        samples = np.array([row.samples for row in rows], int).reshape(len(rows), -1)
        self.right = samples == self.labels[:, None]
        attacks = (samples == 1).sum(axis=1)
        bona_fide = (samples == 0).sum(axis=1)
        self.majority = np.where(attacks > bona_fide, 1, np.where(bona_fide > attacks, 0, UNDECIDED))
        written = [sentences(row.text) for row in rows]
        self.sentences = np.array([[len(own), sum(one in gold for one in own)] for own in written], float)
        self.hits = None
        if all(row.present is not None for row in rows):
            self.hits = np.array([grounding.hits(vocabulary.named_cues(row.text), row.present or ()) for row in rows], float)

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return every figure, each (replicates,), for weights (replicates, rows)."""
        greedy = metrics.VerdictSample(self.labels, self.verdicts, weights)
        parse_rate = greedy.share(greedy.decided, greedy.all)
        accuracy = 1 - greedy.hter(greedy.decided)
        total, copied = (weights @ self.sentences).T
        values = {
            "parse_rate": parse_rate,
            "accuracy": accuracy,
            "accuracy_all": parse_rate * accuracy,
            "auc": roc.curve(self.labels, self.odds, weights).auc,
            "copied": ratio(copied, total),
            "exploited": greedy.share(self.exploits, greedy.all),
        }
        if self.right.shape[1]:
            rates = self.right.mean(axis=1)
            mixed = (rates > 0) & (rates < 1)
            most = metrics.VerdictSample(self.labels, self.majority, weights)
            values |= {
                "mixed": greedy.share(mixed, greedy.all),
                "success": ratio(weights @ rates, weights.sum(axis=1)),
                "majority": 1 - most.hter(most.all),
            }
        if self.hits is not None:
            cues = metrics.CueSample(self.labels, self.hits, weights)
            values |= {"precision": cues.precision, "recall": cues.recall}
        return values


def _successes(right: np.ndarray) -> list[float]:
    """Return the share of faces with 0, 1, ... right samples; `right` (faces, samples), bool."""
    if not right.shape[1]:
        return []
    return (np.bincount(right.sum(axis=1), minlength=right.shape[1] + 1) / len(right)).tolist()

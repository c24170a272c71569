"""Bootstrap replicates of the figures of many videos: a million of them, 1,000 times, in half a minute.

The distribution is that of `bootstrap.draw_subjects`, and every figure equals that of `metrics` under the same weights: a test
compares them. What does not depend on a replicate is done once: the sorting of scores, the search for equal ones, and which
videos are wrong at which threshold. EER is found by bisection, since FAR - FRR rises with the threshold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.rescoring.videos import Videos

FIRST = "first"  # the name of the rates of first frames


@dataclasses.dataclass(frozen=True)
class VideosOfLabel:
    """The bona fide videos, or the attacks, by ascending score.

    Args:
        units: of each video, (videos,).
        below: how many of these videos are below each distinct score, and then all; (distinct scores + 1,).
        kinds: of each video: videos of one kind have one species, and are right and wrong at the same thresholds.
        wrong: whether a kind is wrong, by name of the threshold, (kinds,).
        species: of a kind, (kinds,).
    """

    units: np.ndarray
    below: np.ndarray
    kinds: np.ndarray
    wrong: dict[str, np.ndarray]
    species: np.ndarray

    @property
    def lowest(self) -> np.ndarray:
        """The place of each video's score among the distinct scores, (videos,)."""
        return np.repeat(np.arange(len(self.below) - 1), np.diff(self.below))

    def rates(self, weights: np.ndarray) -> tuple[dict[str, float], dict[int, float]]:
        """Return the share that is wrong at each threshold, and that of each species at the threshold "dev", if there is one."""
        by_kind = np.bincount(self.kinds, weights, len(self.species))
        total = by_kind.sum()
        shares = {name: float(by_kind[wrong].sum() / total) for name, wrong in self.wrong.items()}
        by_species = {}
        if "dev" in self.wrong:
            for species in np.unique(self.species):
                own = by_kind * (self.species == species)
                by_species[int(species)] = float(own[self.wrong["dev"]].sum() / own.sum()) if own.any() else np.nan
        return shares, by_species


@dataclasses.dataclass(frozen=True)
class Sample:
    """The videos of one training, prepared.

    Args:
        bona_fide: see `VideosOfLabel`.
        attack: see `VideosOfLabel`.
        below: places in the cumulated weights of bona fide videos of what is below each attack, (attacks,).
        not_above: of what is below each attack or equal to it, (attacks,).
        tied: whether there is an attack that scores as a bona fide video does.
    """

    bona_fide: VideosOfLabel
    attack: VideosOfLabel
    below: np.ndarray
    not_above: np.ndarray
    tied: bool

    def figures(self, counts: np.ndarray) -> dict[str, float]:
        """Return the figures of one replicate, or none if it lacks a label.

        Args:
            counts: how often each unit was drawn, (units,).
        """
        bona_fide, attack = counts[self.bona_fide.units], counts[self.attack.units]
        bona_fide_sums, attack_sums = _sums(bona_fide), _sums(attack)
        totals = int(bona_fide_sums[-1]), int(attack_sums[-1])
        if not all(totals):
            return {}
        wins = 2 * np.dot(attack, bona_fide_sums[self.below])
        if self.tied:
            wins = np.dot(attack, bona_fide_sums[self.below] + bona_fide_sums[self.not_above])
        figures = {
            "auc": float(wins) / 2 / (totals[0] * totals[1]),
            "oracle_eer": _equal_error(bona_fide_sums, self.bona_fide.below, attack_sums, self.attack.below),
        }
        false_alarms, _ = self.bona_fide.rates(bona_fide)
        passed, by_species = self.attack.rates(attack)
        for name, bpcer in false_alarms.items():
            figures |= {f"bpcer@{name}": bpcer, f"apcer@{name}": passed[name], f"hter@{name}": (passed[name] + bpcer) / 2}
        return figures | {f"apcer/{species}": rate for species, rate in by_species.items()}


def _sums(weights: np.ndarray) -> np.ndarray:
    sums = np.zeros(len(weights) + 1, np.int64)
    np.cumsum(weights, out=sums[1:])
    return sums


def _equal_error(bona_fide: np.ndarray, bona_fide_below: np.ndarray, attack: np.ndarray, attack_below: np.ndarray) -> float:
    """Return the EER, as `roc.equal_error` does: FAR - FRR rises with the threshold, so its smallest size is beside its zero."""
    all_bona_fide, all_attack = int(bona_fide[-1]), int(attack[-1])

    def errors(place: int) -> tuple[int, int]:
        """Return FAR and FRR, each times both totals."""
        passed = int(attack[attack_below[place]])
        alarms = all_bona_fide - int(bona_fide[bona_fide_below[place]])
        return passed * all_bona_fide, alarms * all_attack

    low, high = 0, len(attack_below) - 1  # FAR < FRR at the lowest threshold, and FAR > FRR above all scores
    while high - low > 1:
        middle = (low + high) // 2
        far, frr = errors(middle)
        low, high = (middle, high) if far < frr else (low, middle)
    gap_and_total = [(abs(far - frr), far + frr) for far, frr in (errors(low), errors(high))]
    return min(gap_and_total)[1] / (2 * all_bona_fide * all_attack)


def prepare(videos: Videos, thresholds: Mapping[str, float], first: float | None = None) -> Sample:
    """Return a sample.

    Args:
        videos: by ascending score.
        thresholds: at which rates are asked for, by name; "dev" also gives the rates by species.
        first: the threshold at which first frames are judged; None where they are not.
    """
    starts = np.flatnonzero(np.diff(videos.scores, prepend=-np.inf))
    by_label = []
    for label in (0, 1):
        own = videos.labels == label
        cumulated = np.concatenate([[0], np.cumsum(own)])
        called = {name: videos.scores[own] >= threshold for name, threshold in thresholds.items()}
        if first is not None:
            called[FIRST] = videos.first[own] >= first
        wrong = {name: one if label == 0 else ~one for name, one in called.items()}
        by_label.append(_of_label(videos.units[own], np.append(cumulated[starts], cumulated[-1]), videos.species[own], wrong))
    bona_fide, attack = by_label
    below, not_above = bona_fide.below[:-1][attack.lowest], bona_fide.below[1:][attack.lowest]
    return Sample(bona_fide, attack, below, not_above, bool((below != not_above).any()))


def _of_label(units: np.ndarray, below: np.ndarray, species: np.ndarray, wrong: dict[str, np.ndarray]) -> VideosOfLabel:
    kinds = species.astype(np.int64)
    for one in wrong.values():
        kinds = 2 * kinds + one
    distinct, example, kind = np.unique(kinds, return_index=True, return_inverse=True)
    kind = kind.astype(np.min_scalar_type(len(distinct)))
    return VideosOfLabel(units, below, kind, {name: one[example] for name, one in wrong.items()}, species[example])


def replicated(samples: Sequence[Sample], units: int, replicates: int, seed: int, stream: str) -> dict[str, np.ndarray]:
    """Return figures by name, (samples, replicates): the same units are drawn for all samples.

    A replicate that lacks a label is drawn again; more than a third of them have both, whatever the units.
    """
    random = bootstrap.generator(seed, f"{stream}/subjects")
    drawn: list[list[dict[str, float]]] = []
    while len(drawn) < replicates:
        counts = np.bincount(random.integers(units, size=units, dtype=np.int32), minlength=units)
        figures = [sample.figures(counts) for sample in samples]
        if all(figures):
            drawn.append(figures)
    return {name: np.array([[one[name] for one in figures] for figures in drawn]).T for name in drawn[0][0]}

"""The test that decides a verdict: the mean difference of two runs over targets, trainings and people, and how sure it is.

The difference g is run minus baseline, averaged over targets, seeds and subjects. New people, new trainings and new dev people
would each give another g, so its variance is a sum of three kinds of components:

- **people**: of each set of people, the variance over its subjects of their contributions, averaged over seeds and summed over
  the targets that share these people (four protocols tested on one data set share them). Subjects - 1 degrees of freedom.
- **trainings**: of each training set, the variance over seeds of the difference, summed over the targets of that training (eleven
  targets of one training share it). Seeds - 1 degrees of freedom.
- **dev people**: the variance of g when the dev people are drawn again and the thresholds are computed from them
  (`dev_people`). The fewest dev people of a source - 1 degrees of freedom. Readers' verdicts and the AUC use no threshold.

Noise that belongs to one subject in one training enters both of the first two, which errs on the cautious side. Adding variances
of single targets instead, as if they shared nothing, would call a difference seen in 22 to 37 of 100 cases without one.

g divided by its standard error is compared with Student's t, whose degrees of freedom are Satterthwaite's (Biometrics Bulletin 2,
110-114, 1946). The page *Calibration* shows how often this rule errs where no difference exists.

**What the interval leaves out.** It is about these training sets, these targets and this foundation, with other trainings, other
people and other dev people. It says nothing about another data set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fasrepro.evaluation.metrics import MetricError

Array = np.ndarray
PEOPLE, TRAININGS, DEV_PEOPLE = KINDS = ("people", "trainings", "dev people")  # of components
POWER = 0.8  # the share of repetitions in which a difference of `detectable` is detected: the usual choice
NAN = float("nan")


@dataclasses.dataclass(frozen=True)
class TargetDifference:
    """Run minus baseline on one target of one training set, by seed and subject.

    Args:
        people: the data set that the subjects belong to: equal names are the same persons wherever `people` is equal.
        training_set: the protocol that both runs were trained on.
        subjects: names, (subjects,), each once.
        values: differences of contributions (`contributions`), (seeds, subjects); their mean is the difference.
    """

    people: str
    training_set: str
    subjects: Sequence[str]
    values: Array


@dataclasses.dataclass(frozen=True)
class Component:
    """A part of the variance of a mean difference, with its degrees of freedom.

    `kind` is one of `KINDS`; `name` that of the set of people or the training set.
    """

    kind: str
    name: str
    variance: float
    degrees: float


@dataclasses.dataclass(frozen=True)
class MeanDifference:
    """A mean difference in [-1, 1], its components of variance, and what follows from them."""

    value: float
    components: tuple[Component, ...]

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(sum(component.variance for component in self.components)))

    @property
    def degrees(self) -> float:
        """Satterthwaite's degrees of freedom; NaN where no component varies."""
        parts = sum(component.variance**2 / component.degrees for component in self.components if component.variance > 0)
        return self.error**4 / parts if parts > 0 else NAN

    @property
    def p(self) -> float:
        """The two-sided p of no difference; NaN where no component varies."""
        return two_sided_p(self.value, self.error, self.degrees)

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Return the interval at a confidence in (0, 1); None where no component varies."""
        return interval(self.value, self.error, self.degrees, confidence)


def mean_difference(targets: Sequence[TargetDifference], thresholds: Component | None = None) -> MeanDifference:
    """Return the mean over `targets` with its components; `thresholds` is that of the dev people.

    A set of people with one subject, or a training set with one seed, has no variance that its rows could show and adds no
    component: `MeanDifference` says nothing then about other people, or other trainings.

    Raises:
        MetricError: without targets, and where values are not one row a seed and one column a subject.
    """
    if not targets:
        raise MetricError("a mean difference needs at least one target")
    for target in targets:
        if target.values.ndim != 2 or target.values.shape[1] != len(target.subjects) or target.values.size == 0:
            raise MetricError(f"differences of shape {target.values.shape} for {len(target.subjects)} subjects")
    components = [*_people(targets), *_trainings(targets)]
    if thresholds is not None:
        components.append(thresholds)
    return MeanDifference(float(np.mean([target.values.mean() for target in targets])), tuple(components))


def _people(targets: Sequence[TargetDifference]) -> Iterable[Component]:
    """Yield the component of each set of people.

    A subject's share of g is the sum over its targets of the deviation of its contribution from the target's mean, divided by the
    subjects and the targets; the variance of a sum of n independent shares is n / (n - 1) times the sum of their squares.
    """
    shares: dict[str, dict[str, float]] = {}
    for target in targets:
        by_subject = target.values.mean(axis=0)
        deviations = (by_subject - by_subject.mean()) / (by_subject.size * len(targets))
        of_people = shares.setdefault(target.people, {})
        for subject, deviation in zip(target.subjects, deviations.tolist(), strict=True):
            of_people[subject] = of_people.get(subject, 0.0) + deviation
    for people, of_people in shares.items():
        size = len(of_people)
        if size > 1:
            variance = size / (size - 1) * float(np.square(list(of_people.values())).sum())
            yield Component(PEOPLE, people, variance, size - 1)


def _trainings(targets: Sequence[TargetDifference]) -> Iterable[Component]:
    """Yield the component of each training set. Raises `MetricError` where its targets have unequal numbers of seeds."""
    by_training: dict[str, list[Array]] = {}
    for target in targets:
        by_training.setdefault(target.training_set, []).append(target.values.mean(axis=1) / len(targets))
    for training_set, by_seed in by_training.items():
        seeds = len(by_seed[0])
        if any(len(values) != seeds for values in by_seed):
            raise MetricError(f"{training_set}: its targets have unequal numbers of seeds; run `dvc repro`")
        if seeds > 1:
            total = np.sum(by_seed, axis=0)
            yield Component(TRAININGS, training_set, float(total.var(ddof=1)) / seeds, seeds - 1)


def two_sided_p(value: float, error: float, degrees: float) -> float:
    """Return the two-sided p of a value by Student's t; NaN where the error is 0 or undefined."""
    return float(2 * stats.t.sf(abs(value) / error, degrees)) if error > 0 else NAN


def interval(value: float, error: float, degrees: float, confidence: float) -> tuple[float, float] | None:
    """Return the interval of a value by Student's t; None where the error is 0 or undefined.

    >>> [round(bound, 3) for bound in interval(0.1, 0.02, 4, 0.95)]
    [0.044, 0.156]
    """
    if not error > 0:
        return None
    half = float(stats.t.ppf((1 + confidence) / 2, degrees)) * error
    return value - half, value + half


def detectable(error: float, degrees: float, confidence: float, power: float = POWER) -> float:
    """Return the smallest difference that would be detected in a share `power` of repetitions, in the metric's own unit, >= 0.

    (t(1 - alpha / 2) + t(power)) * standard error, with alpha = 1 - `confidence`: the minimum detectable effect of Bloom
    (Evaluation Review 19, 547-556, 1995). It assumes the same spread whatever the size of the difference, which near 0 and 1 a
    rate does not have, and that the p is not adjusted: a family of several claims needs a larger one.

    Returns:
        NaN where the error is 0 or undefined.

    Raises:
        MetricError: unless both shares lie between 0 and 1.
    """
    if not (0 < confidence < 1 and 0 < power < 1):
        raise MetricError(f"confidence {confidence} and power {power} must lie between 0 and 1")
    if not error > 0:
        return NAN
    return float(stats.t.ppf((1 + confidence) / 2, degrees) + stats.t.ppf(power, degrees)) * error


def of_draws(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the standard error and the degrees of freedom of the mean of independent values; None for fewer than two.

    So differences in several worlds are averaged, or on several targets as if these were drawn at random: what varies inside a
    world varies between worlds as well, and needs no component of its own.
    """
    if len(values) < 2:
        return None
    return float(np.std(values, ddof=1) / np.sqrt(len(values))), len(values) - 1


def over_draws(values: Sequence[float], confidence: float) -> tuple[float, float] | None:
    """Return the interval of the mean of independent values by Student's t; None for fewer than two, or where all are equal."""
    draws = of_draws(values)
    return None if draws is None else interval(float(np.mean(values)), *draws, confidence)


def holm(p_values: ArrayLike) -> list[float]:
    """Return Holm's step-down adjusted p-values (Scandinavian Journal of Statistics 6, 65-70, 1979), in the order given.

    The k-th smallest of m is multiplied by m - k + 1; it is at least as large as those before it, and at most 1. A NaN (an
    undefined test) stays NaN, and m does not count it. Raises `MetricError` for a value outside [0, 1].

    >>> holm([0.25, 0.125])
    [0.25, 0.25]
    """
    values = np.asarray(p_values, float)
    if ((values < 0) | (values > 1)).any():
        raise MetricError(f"Holm: p-values must be in [0, 1], not {values.tolist()}")
    defined = np.flatnonzero(~np.isnan(values))
    order = defined[np.argsort(values[defined], kind="stable")]
    adjusted = np.full(values.shape, NAN)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted.tolist()

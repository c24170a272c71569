"""How often the verdict's test errs where two runs do not differ, and how often it sees a difference that is there.

Simulated decisions, with everything known: two runs are drawn from one recipe, so each difference that `inference` calls real is
false. What varies is set by a *regime* (people, trainings, both, or nothing but chance) and by a *layout*: which targets share
their people, and which share a training. Power is the share of trials in which a run whose HTER is lower by `EFFECT` is seen.

The margin by which a run decides a presentation is normal: its mean, plus what the run makes of this person, plus what this
training makes of everything, plus the person's own shift, plus chance. A negative margin is an error. So the HTER is known
exactly, and the mean margin can be set for any HTER.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy import special

from fasrepro.evaluation import bootstrap, dev_people, inference, metrics
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.inference import Component, MeanDifference, TargetDifference
from fasrepro.evaluation.results.calibration import CalibrationCase

EFFECT = 0.15  # of the baseline's HTER: about what paper 1 claims
NULL_HTER = 0.20  # at which false verdicts are counted
POWER_HTERS = (0.10, 0.20)
CONFIDENCE = 0.95
BONA_FIDE, ATTACKS = 2, 4  # presentations of a subject
PERSON = 0.7  # how far a person shifts the scores of both runs; the chance of one presentation is 1
SOURCES, DEV_PEOPLE = 3, 8  # data sets of the dev people, and people of each
SEEDS = (3, 5, 8)
SUBJECTS = (5, 8, 20, 67)
WORLDS = 3

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Regime:
    """Standard deviations of a run's margin: between people, and between trainings; the chance of one presentation is 1."""

    people: float
    trainings: float


REGIMES = {
    "chance alone": Regime(0.0, 0.0),
    "people": Regime(1.0, 0.0),
    "trainings": Regime(0.0, 0.5),
    "people and trainings": Regime(0.7, 0.35),
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a trial simulates.

    Args:
        regime: what varies.
        seeds: of each training set.
        subjects: of each set of people.
        hter: of the baseline.
        effect: by which share of it the run's HTER is lower.
    """

    regime: Regime
    seeds: int
    subjects: int
    hter: float
    effect: float

    @property
    def margins(self) -> Array:
        """The mean margins of run and baseline, (2,)."""
        return np.array([mean_margin(self.hter * (1 - self.effect), self.regime), mean_margin(self.hter, self.regime)])


def mean_margin(hter: float, regime: Regime) -> float:
    """Return the mean margin at which the expected HTER is `hter`."""
    spread = np.sqrt(regime.people**2 + regime.trainings**2 + PERSON**2 + 1)
    return float(spread * special.ndtri(1 - hter))


def targets(random: np.random.Generator, places: Sequence[tuple[str, str]], setting: Setting) -> list[TargetDifference]:
    """Return simulated differences on some targets; `places`: the people and the training set of each."""
    regime, seeds, subjects = setting.regime, setting.seeds, setting.subjects
    of_person, of_run, of_training = {}, {}, {}
    for people in dict.fromkeys(people for people, _ in places):
        of_person[people] = random.normal(0, PERSON, subjects)
        of_run[people] = random.normal(0, regime.people, (2, 1, subjects))
    for training_set in dict.fromkeys(training_set for _, training_set in places):
        of_training[training_set] = random.normal(0, regime.trainings, (2, seeds, 1))
    differences, margins = [], setting.margins[:, None, None]
    for people, training_set in places:
        margin = margins + of_run[people] + of_training[training_set]
        shares = []
        for sign, presentations in ((-1, BONA_FIDE), (1, ATTACKS)):
            wrong = special.ndtr(-(margin + sign * of_person[people]))
            shares.append(random.binomial(presentations, wrong) / presentations)
        run, baseline = np.mean(shares, axis=0)
        differences.append(TargetDifference(people, training_set, range(subjects), run - baseline))
    return differences


def known_thresholds(random: np.random.Generator, places: Sequence[tuple[str, str]], setting: Setting) -> MeanDifference:
    """Return the mean difference of one trial in which the threshold is known."""
    return inference.mean_difference(targets(random, places, setting))


def over_worlds(random: np.random.Generator, places: Sequence[tuple[str, str]], setting: Setting) -> MeanDifference:
    """Return the mean difference of one trial over `WORLDS` worlds, by Student's t over worlds."""
    values = [np.mean([one.values.mean() for one in targets(random, places, setting)]) for _ in range(WORLDS)]
    error, degrees = inference.of_draws(values) or (0.0, 0)
    return MeanDifference(float(np.mean(values)), (Component("worlds", "", error**2, degrees),))


def dev_thresholds(random: np.random.Generator, places: Sequence[tuple[str, str]], setting: Setting) -> MeanDifference:
    """Return the difference of one trial on one target, each training judged at the threshold of its own few dev people.

    What a run makes of a person shifts the person's scores, so that other dev people give the run another threshold.
    """
    ((people, training_set),) = places
    trainings = random.normal(0, setting.regime.trainings, (2, setting.seeds))
    margins = setting.margins[:, None] + trainings
    dev = _scores(random, [f"source {number}" for number in range(SOURCES)], DEV_PEOPLE, margins, setting.regime)
    test = _scores(random, [people], setting.subjects, margins, setting.regime)
    drawn = dev_people.weights(dev[0][0], int(random.integers(2**31)))
    values, redrawn = np.zeros((2, setting.seeds, setting.subjects)), np.zeros((2, setting.seeds, len(drawn)))
    for run, seed in np.ndindex(2, setting.seeds):
        scores, rows = dev[run][seed], test[run][seed]
        cut = metrics.dev_threshold(scores.labels, scores.values, scores.datasets)
        wrong = ((rows.values >= cut) != (rows.labels == 1)).reshape(setting.subjects, -1)
        values[run, seed] = (wrong[:, :BONA_FIDE].mean(axis=1) + wrong[:, BONA_FIDE:].mean(axis=1)) / 2
        redrawn[run, seed] = dev_people.hter(rows.labels, rows.values, dev_people.thresholds(scores, drawn))
    variance = float((redrawn[0] - redrawn[1]).mean(axis=0).var(ddof=1))
    target = TargetDifference(people, training_set, range(setting.subjects), values[0] - values[1])
    return inference.mean_difference([target], Component(inference.DEV_PEOPLE, "sources", variance, DEV_PEOPLE - 1))


def _scores(
    random: np.random.Generator, datasets: Sequence[str], people: int, margins: Array, regime: Regime
) -> list[list[Columns]]:
    """Return the scores of each run and seed on so many people of each data set; `margins`: (runs, seeds)."""
    labels = np.tile([0] * BONA_FIDE + [1] * ATTACKS, len(datasets) * people)
    person = np.repeat(np.arange(len(datasets) * people), BONA_FIDE + ATTACKS)
    names = np.char.mod("%04d", person)
    of_dataset = np.repeat(datasets, people * (BONA_FIDE + ATTACKS))
    own = random.normal(0, PERSON, person.max() + 1)
    scores = []
    for by_seed in margins:
        shifts = (own + random.normal(0, regime.people, own.size))[person]
        logits = [(2 * labels - 1) * margin + shifts + random.normal(0, 1, labels.size) for margin in by_seed]
        scores.append([Columns(person, labels, labels, names, of_dataset, special.expit(values)) for values in logits])
    return scores


@dataclasses.dataclass(frozen=True)
class Layout:
    """Which targets a mean is over: the people and the training set of each; and how a trial goes."""

    places: Sequence[tuple[str, str]]
    trial: Callable[[np.random.Generator, Sequence[tuple[str, str]], Setting], MeanDifference] = known_thresholds

    @property
    def training_sets(self) -> int:
        """How many training sets the mean rests on."""
        return len({training_set for _, training_set in self.places})


FOUR_PROTOCOLS = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]
LAYOUTS = {
    "one target": Layout([("a", "1")]),
    "four protocols": Layout(FOUR_PROTOCOLS),
    "eleven targets of one training": Layout([(people, "1") for people in "abcdefghijk"]),
    "four protocols on one set of people": Layout([("a", training_set) for training_set in "1234"]),
    "one target, dev thresholds": Layout([("a", "1")], dev_thresholds),
    f"{WORLDS} worlds of four protocols": Layout(FOUR_PROTOCOLS, over_worlds),
}


def cases(min_seeds_alone: int) -> Iterator[tuple[str, str, int, int]]:
    """Yield each (layout, regime, seeds, subjects) in which the rule may decide: `min_seeds_alone` for one training set."""
    for layout, regime, seeds, subjects in itertools.product(LAYOUTS, REGIMES, SEEDS, SUBJECTS):
        if LAYOUTS[layout].training_sets > 1 or seeds >= min_seeds_alone:
            yield layout, regime, seeds, subjects


def simulate(layout: str, regime: str, seeds: int, subjects: int, trials: int, seed: int) -> CalibrationCase:
    """Return the error rate of one case over so many trials, and its power over a quarter of them; `seed`: of the draws."""
    random = bootstrap.generator(seed, f"calibration/{layout}/{regime}/{seeds}/{subjects}")
    least, places, trial = 1 - CONFIDENCE, LAYOUTS[layout].places, LAYOUTS[layout].trial

    def differences(hter: float, effect: float, count: int) -> Iterator[MeanDifference]:
        setting = Setting(REGIMES[regime], seeds, subjects, hter, effect)
        return (trial(random, places, setting) for _ in range(count))

    false = sum(one.p <= least for one in differences(NULL_HTER, 0.0, trials))
    power, count = {}, max(1, trials // 4)
    for hter in POWER_HTERS:
        seen = sum(one.p <= least and one.value < 0 for one in differences(hter, EFFECT, count))
        power[f"{hter:g}"] = seen / count
    return CalibrationCase(layout, regime, seeds, subjects, false / trials, power)

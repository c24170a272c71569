"""calibration.json, which `fasrepro calibrate` writes: how often the verdict's test errs, and what it sees."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class CalibrationCase:
    """One case of the simulation.

    Args:
        layout: which targets share their people and their training.
        regime: what varies.
        seeds: of each training set.
        subjects: of each set of people.
        false_verdicts: the share of trials without a difference that are called one.
        power: the share of trials, of a quarter as many, in which a lower error is seen; by the baseline's HTER as text.
    """

    layout: str
    regime: str
    seeds: int
    subjects: int
    false_verdicts: float
    power: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Calibration:
    """calibration.json.

    Args:
        trials: of each share of false verdicts.
        confidence: of the test, in (0, 1).
        effect: the share of the baseline's HTER by which a run is better where power is counted.
        hter: of both runs where false verdicts are counted.
        dev_people: of each source, where thresholds come from dev.
        cases: in the order of the layouts.
        code_md5: of every module that the record comes from.
    """

    trials: int
    confidence: float
    effect: float
    hter: float
    dev_people: int
    cases: list[CalibrationCase]
    code_md5: dict[str, str]

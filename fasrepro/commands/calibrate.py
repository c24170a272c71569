"""`fasrepro calibrate`: simulate how often the verdict's test errs, and keep that in results/calibration.json, in git.

It takes an hour or more, so that no stage runs it. A case that was simulated is kept in .work/calibration until the test's code
changes, so a stopped run goes on where it was. `fasrepro doctor` says whether that code has changed since the record.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
from pathlib import Path
from typing import TypeAlias

from fasrepro import config, files, hashing, paths, schema
from fasrepro.evaluation import calibration
from fasrepro.evaluation.results.calibration import Calibration, CalibrationCase
from fasrepro.report import recorded

Place: TypeAlias = tuple[str, str, int, int]  # layout, regime, seeds, subjects

TRIALS = 2000
DIGITS = 4
MODULES = ("bootstrap", "calibration", "dev_people", "inference", "metrics", "roc")  # of evaluation/


def code_md5(root: Path) -> dict[str, str]:
    """Return the MD5 of every module that the record comes from, in the project at `root`."""
    names = [f"fasrepro/evaluation/{module}.py" for module in MODULES]
    return {name: recorded.md5(root / name) for name in names}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--trials", type=int, default=TRIALS, help="of each case (default %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="how many cases at once (default %(default)s)")


def kept_case(place: Place, trials: int, seed: int, folder: Path) -> CalibrationCase:
    """Return one case, from `folder` if it was simulated before with as many trials; no number depends on who simulates it."""
    path = folder / f"{hashing.sha256_json([*place, trials, seed])[:16]}.json"
    if not path.is_file():
        files.write_json(path, schema.plain(calibration.simulate(*place, trials, seed)))
    case: CalibrationCase = schema.build(CalibrationCase, files.read_json(path), str(path))
    return case


def run(arguments: argparse.Namespace) -> int:
    """Simulate every case, and write the record when all are done."""
    if arguments.trials < 1:
        raise ValueError(f"--trials must be at least 1, not {arguments.trials}")
    if arguments.workers < 1:
        raise ValueError(f"--workers must be at least 1, not {arguments.workers}")
    params = config.load("evaluation", "ledger")
    code = code_md5(Path())
    folder = paths.WORK / "calibration" / hashing.sha256_json(code)[:16]
    places = list(calibration.cases(params.ledger.min_seeds_alone))
    simulate = functools.partial(kept_case, trials=arguments.trials, seed=params.evaluation.seed, folder=folder)
    cases = []
    with concurrent.futures.ProcessPoolExecutor(arguments.workers) as pool:
        for case in pool.map(simulate, places):
            print(f"{case.layout}, {case.regime}, {case.seeds} seeds, {case.subjects} subjects: {case.false_verdicts:.3f}")
            cases.append(case)
    entry = Calibration(
        trials=arguments.trials,
        confidence=calibration.CONFIDENCE,
        effect=calibration.EFFECT,
        hter=calibration.NULL_HTER,
        dev_people=calibration.DEV_PEOPLE,
        cases=cases,
        code_md5=code,
    )
    files.write_json(paths.CALIBRATION, files.rounded(schema.plain(entry), DIGITS))
    print(f"{paths.CALIBRATION}: {len(cases)} cases")
    return 0

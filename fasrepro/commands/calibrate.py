"""`fasrepro calibrate`: simulate how often the verdict's test errs, and keep that in results/calibration.json, in git.

It takes about an hour, so that no stage runs it. `fasrepro doctor` says whether the test's code has changed since.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import config, files, paths, schema
from fasrepro.evaluation import calibration
from fasrepro.evaluation.results.calibration import Calibration
from fasrepro.report import recorded

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


def run(arguments: argparse.Namespace) -> int:
    """Simulate every case, and write the record when all are done."""
    if arguments.trials < 1:
        raise ValueError(f"--trials must be at least 1, not {arguments.trials}")
    params = config.load("evaluation", "ledger")
    cases = []
    for place in calibration.cases(params.ledger.min_seeds_alone):
        case = calibration.simulate(*place, arguments.trials, params.evaluation.seed)
        print(
            f"{case.layout}, {case.regime}, {case.seeds} seeds, {case.subjects} subjects: {case.false_verdicts:.3f}", flush=True
        )
        cases.append(case)
    entry = Calibration(
        trials=arguments.trials,
        confidence=calibration.CONFIDENCE,
        effect=calibration.EFFECT,
        hter=calibration.NULL_HTER,
        dev_people=calibration.DEV_PEOPLE,
        cases=cases,
        code_md5=code_md5(Path()),
    )
    files.write_json(paths.CALIBRATION, files.rounded(schema.plain(entry), DIGITS))
    print(f"{paths.CALIBRATION}: {len(cases)} cases")
    return 0

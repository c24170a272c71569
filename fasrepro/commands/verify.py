"""`fasrepro verify`: compare what this machine computed with what is recorded, a row a figure."""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import config, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics
from fasrepro.report import comparison, recorded, shown

BYTES = {True: "the same", False: "differ", None: "not recorded"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--profile", default=shown.STUDY, help="the recorded run to compare with (default %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Print the rows; exit 1 if a figure lies outside the tolerance, or if nothing can be compared."""
    by_name = {one.profile: one for one in recorded.load(paths.RECORDED)}
    if arguments.profile not in by_name:
        raise ValueError(f"{paths.RECORDED}: no recorded run {arguments.profile!r}; there are: {', '.join(by_name)}")
    record = by_name[arguments.profile]
    differing = recorded.differing(record, recorded.sections(config.read_yaml(paths.PARAMS)))
    if differing:
        raise ValueError(f"{paths.PARAMS}: {', '.join(differing)} differ from those of the recorded run {record.profile}")
    compared = comparison.rows(record, results.read(paths.METRICS, Metrics), recorded.outputs_md5(Path()))
    if not compared:
        raise ValueError(f"no training here is in the recorded run {record.profile}")
    print(f"{'training':<32} {'target':<10} {'figure':<22} {'recorded':>8} {'here':>8} {'differ':>8}  bytes")
    for row in compared:
        mark = "" if row.is_within else f"  MORE THAN {row.tolerance:g}"
        print(
            f"{row.name:<32} {row.target:<10} {row.measure:<22} {row.recorded:8.4f} {row.here:8.4f} {row.difference:+8.4f}"
            f"  {BYTES[row.same_bytes] if row.target else ''}{mark}"
        )
    outside = sum(not row.is_within for row in compared)
    same = sum(row.same_bytes is True for row in compared)
    print(
        f"{len(compared)} figures: {outside} differ by more than {comparison.TOLERANCE:g} (a training) or"
        f" {comparison.MEAN_TOLERANCE:g} (a mean); of {same} the predictions have the same bytes"
    )
    return int(outside > 0)

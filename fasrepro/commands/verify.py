"""`fasrepro verify`: compare what this machine computed with what is recorded, a row a figure."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from fasrepro import config, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics
from fasrepro.evaluation.results.metrics import SeedMetrics
from fasrepro.report import recorded

PROFILE = "study"
# By how much a figure may differ where the bytes do: another processor rounds otherwise, and a training carries that on.
TOLERANCE = 0.05
MEASURES = (("head", "video", "hter_dev"), ("head", "video", "auc"), ("lexical", "frame", "hter"))  # channel, level, metric


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure of one training: as recorded and as computed here, in [0, 1]; and whether its predictions have the same bytes.

    `same_bytes` is None where the record does not know the bytes.
    """

    job: str
    target: str
    measure: str
    recorded: float
    here: float
    same_bytes: bool | None

    @property
    def difference(self) -> float:
        """Here minus recorded."""
        return self.here - self.recorded

    @property
    def is_within(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.difference) <= TOLERANCE


def rows(record: recorded.Run, metrics: Metrics, outputs_md5: Mapping[str, str]) -> Iterator[Row]:
    """Yield a row for each figure of each training that is both recorded and here.

    Args:
        record: the recorded run.
        metrics: of this machine.
        outputs_md5: of this machine, by path, as `recorded.Run.outputs_md5`.
    """
    for name, cell in sorted(record.metrics.cells.items()):
        own = metrics.cells.get(name)
        for seed in sorted(cell.by_seed.keys() & own.by_seed.keys()) if own else ():
            job = f"{cell.protocol}-{cell.run}-{seed}"
            path = str(paths.PREDICTIONS / job)
            known = record.outputs_md5.get(path)
            same = None if known is None else known == outputs_md5.get(path)
            for measure in MEASURES:
                then, now = (_figure(one.by_seed[seed], *measure) for one in (cell, own))
                if then is not None and now is not None:
                    yield Row(job, cell.target, f"{measure[2]} ({measure[0]})", then, now, same)


def _figure(entry: SeedMetrics, channel: str, level: str, metric: str) -> float | None:
    levels = entry if channel == results.HEAD else entry.readers.get(channel)
    figure = getattr(levels, level).figures.get(metric) if levels is not None else None
    return None if figure is None else figure.value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--profile", default=PROFILE, help="the recorded run to compare with (default %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Print the rows; exit 1 if a figure lies outside the tolerance, or if nothing can be compared."""
    by_name = {one.profile: one for one in recorded.load(paths.RECORDED)}
    if arguments.profile not in by_name:
        raise ValueError(f"{paths.RECORDED}: no recorded run {arguments.profile!r}; there are: {', '.join(by_name)}")
    record = by_name[arguments.profile]
    differing = recorded.differing(record, recorded.sections(config.read_yaml(paths.PARAMS)))
    if differing:
        raise ValueError(f"{paths.PARAMS}: {', '.join(differing)} differ from those of the recorded run {record.profile}")
    compared = list(rows(record, results.read(paths.METRICS, Metrics), recorded.outputs_md5(Path())))
    if not compared:
        raise ValueError(f"no training here is in the recorded run {record.profile}")
    print(f"{'training':<32} {'target':<10} {'figure':<22} {'recorded':>8} {'here':>8} {'differ':>8}  bytes")
    words = {True: "the same", False: "differ", None: "not recorded"}
    for row in compared:
        mark = "" if row.is_within else f"  MORE THAN {TOLERANCE:g}"
        print(
            f"{row.job:<32} {row.target:<10} {row.measure:<22} {row.recorded:8.4f} {row.here:8.4f} {row.difference:+8.4f}"
            f"  {words[row.same_bytes]}{mark}"
        )
    outside = sum(not row.is_within for row in compared)
    same = sum(row.same_bytes is True for row in compared)
    print(f"{len(compared)} figures: {outside} differ by more than {TOLERANCE:g}; of {same} the predictions have the same bytes")
    return int(outside > 0)

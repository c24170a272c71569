"""What this machine computed against a recorded run: figure by figure, for single trainings and for means over them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from fasrepro import paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics
from fasrepro.evaluation.results.metrics import SeedMetrics
from fasrepro.report.recorded import Run

# By how much a figure may differ where the bytes do: another processor rounds otherwise, and a training carries that on. All
# trainings of one study on two processors differed by 0.026 on average and 0.12 at most, and means over three seeds by 0.016 on
# average and 0.058 at most. The tolerances are a quarter above these maxima.
TOLERANCE = 0.15
MEAN_TOLERANCE = 0.075
LEAST_TRAININGS = 3  # of a mean: what its tolerance was measured with
MEASURES = (("head", "video", "hter_dev"), ("head", "video", "auc"), ("lexical", "frame", "hter"))  # channel, level, metric


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure in [0, 1], as recorded and as computed here.

    Args:
        name: of the training, or of the mean.
        target: of the training; "" of a mean over several.
        measure: the metric and its channel, in words.
        recorded: the figure of the record.
        here: this machine's.
        tolerance: by how much the two may differ.
        same_bytes: whether the training's predictions have the same bytes; None of a mean, and where that is not known.
    """

    name: str
    target: str
    measure: str
    recorded: float
    here: float
    tolerance: float
    same_bytes: bool | None = None

    @property
    def difference(self) -> float:
        """Here minus recorded."""
        return self.here - self.recorded

    @property
    def is_within(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.difference) <= self.tolerance


def rows(record: Run, metrics: Metrics, outputs_md5: Mapping[str, str]) -> list[Row]:
    """Return a row for each figure of each training that is both recorded and here, then one for each mean over them.

    A mean is over all trainings and targets of a run that both have, if these are at least `LEAST_TRAININGS`.

    Args:
        record: the recorded run.
        metrics: of this machine.
        outputs_md5: of this machine, by path, as `recorded.Run.outputs_md5`; empty where nobody asks for the bytes.
    """
    single = list(_trainings(record, metrics, outputs_md5))
    groups: dict[tuple[str, str], list[Row]] = {}
    for run, row in single:
        groups.setdefault((run, row.measure), []).append(row)
    means = []
    for (run, measure), group in sorted(groups.items()):
        if len(group) >= LEAST_TRAININGS:
            then = sum(row.recorded for row in group) / len(group)
            now = sum(row.here for row in group) / len(group)
            means.append(Row(f"{run}, mean of {len(group)}", "", measure, then, now, MEAN_TOLERANCE))
    return [*(row for _, row in single), *means]


def _trainings(record: Run, metrics: Metrics, outputs_md5: Mapping[str, str]) -> Iterator[tuple[str, Row]]:
    """Yield the run and the row of each figure of each training that both have."""
    for name, cell in sorted(record.metrics.cells.items()):
        own = metrics.cells.get(name)
        for seed in sorted(cell.by_seed.keys() & own.by_seed.keys()) if own else ():
            job = f"{cell.protocol}-{cell.run}-{seed}"
            path = str(paths.PREDICTIONS / job)
            known = record.outputs_md5.get(path)
            same = None if known is None or not outputs_md5 else known == outputs_md5.get(path)
            for measure in MEASURES:
                then, now = (_figure(one.by_seed[seed], *measure) for one in (cell, own))
                if then is not None and now is not None:
                    title = f"{measure[2]} ({measure[0]})"
                    yield cell.run, Row(job, cell.target, title, then, now, TOLERANCE, same)


def _figure(entry: SeedMetrics, channel: str, level: str, metric: str) -> float | None:
    levels = entry if channel == results.HEAD else entry.readers.get(channel)
    measured = getattr(levels, level) if levels is not None else None
    figure = measured.figures.get(metric) if measured is not None else None
    return None if figure is None else figure.value

"""Which stages wait for which, in what order they run side by side, and how long that takes.

A stage that is ready runs as soon as a worker is free. Of several, the one with the longest way to the end goes first (Graham,
SIAM Journal on Applied Mathematics 17, 416-429, 1969): what much else waits for does not wait itself.
"""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Collection, Mapping
from pathlib import Path

# Seconds of a stage of each kind in the default profile, the median where two ran side by side on 2 cores. They decide the order
# of a first run, and what `fasrepro plan` expects of it. `tune` compares no rates there. Stages of caption models,
# which it lacks, are estimated from the seconds of a step.
TYPICAL = {
    "archives": 89.0,
    "world": 13.0,
    "index": 13.0,
    "splits": 4.0,
    "audit": 25.0,
    "foundation": 827.0,
    "probe_pairs": 148.0,
    "probes": 98.0,
    "annotate": 16.0,
    "derive": 3.0,
    "join": 3.0,
    "caption": 120.0,
    "trainset": 4.0,
    "sft": 160.0,
    "grpo": 180.0,
    "caption_samples": 240.0,
    "caption_models": 15.0,
    "caption_detector": 300.0,
    "caption_detectors": 20.0,
    "tune": 19.0,
    "train": 132.0,
    "predict": 40.0,
    "readers": 23.0,
    "evaluate": 35.0,
    "verdict_agreement": 32.0,
    "grounding": 16.0,
    "annotators": 38.0,
    "unseen": 11.0,
    "fairness": 10.0,
    "baselines": 60.0,
    "counterfactual": 63.0,
    "faithfulness": 11.0,
    "encoders": 45.0,
    "encoder_gains": 25.0,
    "pair_orders": 40.0,
    "pair_gains": 6.0,
    "read_outs": 600.0,
    "read_out_figures": 15.0,
    "training_losses": 5.0,
    "snapshots": 165.0,
    "optimism": 15.0,
    "own_pictures": 20.0,
    "pictures": 12.0,
    "report": 43.0,
    "notebook": 15.0,
    "book": 21.0,
}
UNKNOWN = 10.0  # of any other kind
# Gigabytes of the largest process of a stage of each kind, where it is more than `USUAL_PEAK`. Seen in a run of `one_to_eleven`,
# which draws more faces than the default profile; a kind that did not run there is taken to be usual.
PEAKS = {"sft": 1.5, "grpo": 2.6, "tune": 1.3, "train": 1.3, "encoders": 1.1, "snapshots": 1.4}
USUAL_PEAK = 1.0
DVC_PEAK = 0.3  # of the DVC that waits for a stage

WaitsFor = dict[str, frozenset[str]]  # stage -> the stages that must end first; in an order in which they could run


def stages_to_run(root: Path, every: bool = False) -> WaitsFor:
    """Return the stages that have changed, and all that depend on them, each with those of them that it waits for.

    `every`: all stages, changed or not. Raises `ValueError` with DVC's words, for example where another DVC holds the lock.
    """
    import networkx  # here, with DVC, because both take a second that no other command needs
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    again: dict[object, str] = {}
    waits_for: WaitsFor = {}
    try:
        with Repo(str(root)) as repo, repo.lock:
            graph = repo.index.graph  # an edge leads from a stage to one that it depends on
            for stage in networkx.topological_sort(graph.reverse(copy=False)):
                needed = frozenset(again[other] for other in graph.successors(stage) if other in again)
                if every or needed or stage.changed():
                    again[stage] = stage.name
                    waits_for[stage.name] = needed
    except DvcException as error:
        raise ValueError(f"DVC: {error}") from None
    return waits_for


def estimates(stages: Collection[str], times: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds of each stage: as timed, else the median of its like (`train@...`), else its kind's share of `TYPICAL`.

    The share is how long the kinds that were timed took against `TYPICAL`, at the median: another profile is shorter in most.

    >>> estimates(["train@a", "train@b"], {"train@a": 4.0})
    {'train@a': 4.0, 'train@b': 4.0}
    """
    by_kind: dict[str, list[float]] = {}
    for stage, seconds in times.items():
        by_kind.setdefault(_kind(stage), []).append(seconds)
    middles = {kind: statistics.median(seconds) for kind, seconds in by_kind.items()}
    shares = [middle / TYPICAL[kind] for kind, middle in middles.items() if kind in TYPICAL]
    share = statistics.median(shares) if shares else 1.0
    guesses = {kind: seconds * share for kind, seconds in TYPICAL.items()} | middles
    return {stage: times.get(stage, guesses.get(_kind(stage), UNKNOWN * share)) for stage in stages}


def memory(stages: Collection[str], peaks: Mapping[str, float], workers: int) -> float:
    """Return the gigabytes of memory that stages take at most, so many at once: those of the largest, and a DVC beside each.

    A stage takes what it took before, else what is typical of its kind.

    >>> memory(["train@a", "train@b", "book"], {"train@a": 2.0, "train@b": 0.5, "book": 0.5}, workers=2)
    3.1
    """
    largest = sorted((peaks.get(stage, PEAKS.get(_kind(stage), USUAL_PEAK)) for stage in stages), reverse=True)[:workers]
    return round(sum(largest) + DVC_PEAK * len(largest), 3)


def _kind(stage: str) -> str:
    return stage.partition("@")[0]


def ways_to_the_end(waits_for: WaitsFor, seconds: Mapping[str, float]) -> dict[str, float]:
    """Return for each stage the seconds of the longest chain that begins with it."""
    after: dict[str, float] = dict.fromkeys(waits_for, 0.0)
    for stage in reversed(waits_for):
        for needed in waits_for[stage]:
            after[needed] = max(after[needed], seconds[stage] + after[stage])
    return {stage: seconds[stage] + after[stage] for stage in waits_for}


def next_stage(waits_for: WaitsFor, ways: Mapping[str, float], done: Collection[str], begun: Collection[str]) -> str | None:
    """Return the stage to begin next: ready, not begun, with the longest way to the end; None if none is ready."""
    ready = [stage for stage, needed in waits_for.items() if stage not in begun and needed.issubset(done)]
    return max(ready, key=lambda stage: ways[stage], default=None)


def wall_clock(waits_for: WaitsFor, seconds: Mapping[str, float], workers: int) -> float:
    """Return the seconds that the stages take with so many workers, if each takes its own seconds whatever runs beside it."""
    ways = ways_to_the_end(waits_for, seconds)
    now, done, begun = 0.0, set[str](), set[str]()
    running: list[tuple[float, str]] = []
    while len(done) < len(waits_for):
        while len(running) < workers and (stage := next_stage(waits_for, ways, done, begun)) is not None:
            begun.add(stage)
            heapq.heappush(running, (now + seconds[stage], stage))
        now, ended = heapq.heappop(running)
        done.add(ended)
    return now


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds, or hours and minutes.

    >>> clock(7), clock(75.4), clock(3725)
    ('0:07', '1:15', '1 h 02')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left:02}" if hours else f"{minutes}:{rest:02}"

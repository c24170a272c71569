"""What the notebooks share: frames of metrics.json, and what to type for results that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from fasrepro import files, paths
from fasrepro.evaluation.metrics import LABELS
from fasrepro.report import recorded
from fasrepro.report.paired import oriented
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score

ALL_THERE = "Every run named above has results."
MEASURES = ("hter_dev", "auc", "apcer_max", "bpcer", "acer")


def _by_run(metrics: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(job["protocol"], job["run"]): job for job in metrics["jobs"].values()}


def results_frame(
    metrics: Mapping[str, Any],
    protocols: Sequence[str],
    runs: Sequence[str],
    level: str = "video",
    measures: Sequence[str] = MEASURES,
) -> pd.DataFrame:
    """Return one row per protocol, run and measure: protocol, run, seeds, measure, value, low, high; none for what is missing."""
    jobs = _by_run(metrics)
    rows = [
        {
            "protocol": protocol,
            "run": run,
            "seeds": len(jobs[protocol, run]["seeds"]),
            "measure": name,
            **_bounds(protocol, run, name, jobs, level),
        }
        for protocol in protocols
        for run in runs
        if (protocol, run) in jobs
        for name in measures
    ]
    return pd.DataFrame(rows, columns=["protocol", "run", "seeds", "measure", "value", "low", "high"])


def _bounds(
    protocol: str, run: str, name: str, jobs: Mapping[tuple[str, str], Mapping[str, Any]], level: str
) -> dict[str, float | None]:
    entry = jobs[protocol, run]["mean"][level][name]
    return {key: entry[key] for key in ("value", "low", "high")}


def paired_frame(
    metrics: Mapping[str, Any],
    protocols: Sequence[str],
    runs: Sequence[str],
    baseline: str,
    metric: str = "hter_dev",
    level: str = "video",
    channel: str = "head",
) -> pd.DataFrame:
    """Return run minus baseline per protocol and run: protocol, run, baseline, metric, difference, low, high, seeds, subjects.

    Any run may be the baseline. By frame there are differences in `evaluation.summary.FRAME_PAIRS` alone.
    """
    columns = ["protocol", "run", "baseline", "metric", "difference", "low", "high", "seeds", "subjects"]
    wanted = {"metric": metric, "level": level, "channel": channel}
    found = {
        (row["protocol"], run): row
        for run in runs
        for row in oriented(metrics["paired"], run, baseline)
        if all(row[key] == value for key, value in wanted.items())
    }
    rows = [{name: found[key][name] for name in columns} for key in ((p, run) for p in protocols for run in runs) if key in found]
    return pd.DataFrame(rows, columns=columns)


def videos_frame(scores: Iterable[Score], faces: Mapping[str, Face], target: str, seed: int) -> pd.DataFrame:
    """Return one row a test video of `target` (a short data set name): video, species, label, score, of one seed of a job.

    `label` is "bona fide" or "attack"; `score` the mean of p_attack, in [0, 1], over the video's faces. `faces` by face_id.
    """
    rows = [
        {"video": face.presentation, "species": face.species, "label": LABELS[face.label], "score": row.p_attack}
        for row in scores
        if row.seed == seed and (face := faces[row.face_id]).dataset == target and face.split == "test"
    ]
    frame = pd.DataFrame(rows, columns=["video", "species", "label", "score"])
    return frame.groupby(["video", "species", "label"], as_index=False)["score"].mean()


def decisions_frame(videos: pd.DataFrame, cuts: Mapping[str, float]) -> pd.DataFrame:
    """Return `videos` with a column of decisions, "bona fide" or "attack", for each of `cuts`, a threshold by its name."""
    return videos.assign(**{name: videos["score"].ge(cut).map({True: LABELS[1], False: LABELS[0]}) for name, cut in cuts.items()})


def results(protocols: Sequence[str], runs: Sequence[str], profile: str = "") -> tuple[dict[str, Any], str]:
    """Return the metrics that a notebook shows and a sentence about them.

    Those of results/metrics.json; where they lack a run on a protocol, those recorded of `profile`, if they lack none and were
    made by the same params. Where both lack one, the sentence is that of `missing`.
    """
    metrics = files.read_json(paths.METRICS)
    lacking = missing(metrics, protocols, runs)
    for one in recorded.load(paths.RECORDED) if lacking and profile else []:
        alike = recorded.alike(one, recorded.sections(paths.PARAMS), runs)
        if one.name == profile and alike and not missing(one.metrics, protocols, runs):
            return dict(one.metrics), f"A recorded run of profile {profile}, by the same params, which took {one.hours:g} hours."
    return metrics, lacking or ALL_THERE


def missing(metrics: Mapping[str, Any], protocols: Sequence[str], runs: Sequence[str], name: str = "my_ablation") -> str:
    """Return "" if every run has results on every protocol, else what to put into params.yaml and to type.

    The seeds of the entry are those that results are there for, so that the new ones can be compared with them.
    """
    jobs = _by_run(metrics)
    lacking = [(protocol, run) for protocol in protocols for run in runs if (protocol, run) not in jobs]
    if not lacking:
        return ""
    seeds = sorted({int(seed) for job in jobs.values() for seed in job["seeds"]}) or [0]
    places = ", ".join(dict.fromkeys(protocol for protocol, _ in lacking))
    new = ", ".join(dict.fromkeys(run for _, run in lacking))
    listed = "\n".join(f"  {run} on {protocol}" for protocol, run in lacking)
    return f"""No results for
{listed}

Add to params.yaml, under experiments: (a run of a new name also needs its entry under runs:)

  {name}: {{protocols: [{places}], runs: [{new}], seeds: [{", ".join(map(str, seeds))}]}}

then run

  fasrepro jobs
  dvc repro
"""

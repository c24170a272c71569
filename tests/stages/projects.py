"""Small projects for tests of stages: params.yaml, jobs.yaml, faces, splits and scores in the places where stages read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fasrepro import config, paths
from fasrepro.data import splits
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.truth import Truth
from tests.splits import split_faces

ROOT = Path(__file__).parents[2]


def write_params(**sections: Mapping[str, Any]) -> None:
    """Write the project's own params.yaml, with some keys of some sections changed."""
    params = yaml.safe_load((ROOT / paths.PARAMS).read_text(encoding="utf-8"))
    for name, changes in sections.items():
        params[name] |= changes
    paths.PARAMS.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def write_jobs(
    sides: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    runs: Iterable[tuple[str, str]],
    seeds: Sequence[int],
    trainset: str = "t",
    snapshots: str = "",
    tunings: Iterable[tuple[str, str]] = (),
) -> list[config.Job]:
    """Write jobs.yaml, and return its jobs.

    Args:
        sides: by protocol, the data sets of train and of test.
        runs: (protocol, run), each trained with every seed.
        seeds: of every run.
        trainset: of every job.
        snapshots: the name of the job that has them.
        tunings: (protocol, run) of every run that chose a learning rate.
    """

    def job(protocol: str, run: str, seed: int) -> dict[str, Any]:
        test = list(sides[protocol][1])
        names = {"protocol": protocol, "run": run, "seed": seed}
        return {**names, "test": test, "trainset": trainset, "tuned": run, "recipe": {}}

    jobs = {f"{protocol}-{run}-{seed}": job(protocol, run, seed) for protocol, run in runs for seed in seeds}
    contents = {
        "written": [],
        "silver": {},
        "derived": {},
        "joined": {},
        "splits": {name: {"train": list(train), "test": list(test)} for name, (train, test) in sides.items()},
        "captioned": [],
        "trainsets": {},
        "tunings": {run: job(protocol, run, 0) for protocol, run in tunings},
        "jobs": jobs,
        "snapshot_jobs": {snapshots: jobs[snapshots]} if snapshots else {},
        "read_out_jobs": {},
        "two_stage_jobs": [],
        "sft_jobs": {},
        "grpo_jobs": {},
        "captioner_names": [],
        "caption_detectors": {},
        "skipped": [],
    }
    paths.JOBS.write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf-8")
    return list(config.load_jobs().values())


def write_faces(faces: Sequence[Face]) -> None:
    """Write the faces of each data set, and the splits of every protocol of jobs.yaml."""
    for dataset in sorted({face.dataset for face in faces}):
        table.write(paths.faces(dataset), [face for face in faces if face.dataset == dataset], Face)
    for name, protocol in config.load_protocols().items():
        split = split_faces(faces, protocol)
        for part in splits.PARTS:
            table.write(paths.split(name, part), getattr(split, part), Face)


def write_truths(truths: Sequence[Truth], dataset: str = "all") -> None:
    """Write the truth of all faces as one table."""
    table.write(paths.truth(dataset), list(truths), Truth)


def write_scores(job: config.Job, p_attack: Callable[[Face], float]) -> None:
    """Write a job's scores of dev and of its targets."""
    split = splits.read(job.protocol)
    rows = [Score(job.protocol, job.run, job.seed, face.face_id, p_attack(face)) for face in (*split.dev, *split.test)]
    table.write(paths.scores(job.name), rows, Score)


def write_explanations(job: config.Job, text: Callable[[Face], str]) -> None:
    """Write a job's explanations of its targets."""
    table.write(paths.explanations(job.name), _explained(job, splits.read(job.protocol).test, text), Explanation)


def write_dev_explanations(job: config.Job, text: Callable[[Face], str]) -> None:
    """Write a job's explanations of the sources' dev."""
    table.write(paths.dev_explanations(job.name), _explained(job, splits.read(job.protocol).dev, text), Explanation)


def _explained(job: config.Job, faces: Sequence[Face], text: Callable[[Face], str]) -> list[Explanation]:
    return [Explanation(job.protocol, job.run, job.seed, face.face_id, text(face), 9, True) for face in faces]

"""Stage `unseen`: attacks unlike those of the sources, by species and the cues they share with them -> results/unseen.json."""

from __future__ import annotations

import argparse

from fasrepro import config, files, names, paths, regions, stages
from fasrepro.data import protocols
from fasrepro.evaluation.analyses import cue_overlap, misplaced_cues, unseen
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth


def scored(name: str, job: config.Job, cells: dict[str, dict[str, float]]) -> unseen.Scored:
    """Return what a job scored; `cells` by seed, as metrics.json has them."""
    scores: dict[int, dict[str, float]] = {seed: {} for seed in job.seeds}
    for row in table.read(paths.scores(name), Score):
        if row.seed in scores:
            scores[row.seed][row.face_id] = row.p_attack
    return unseen.Scored(job.protocol, job.run, scores, {seed: cells[str(seed)]["threshold_dev"] for seed in job.seeds})


def written(name: str) -> dict[int, dict[str, str]]:
    texts: dict[int, dict[str, str]] = {}
    for row in table.read(paths.explanations(name), Explanation):
        texts.setdefault(row.seed, {})[row.face_id] = row.text
    return texts


def main(argv: list[str] | None = None) -> None:
    """Write results/unseen.json: an entry a target that has a family of attacks which its sources lack."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "runs", "unseen")
    runs = params.unseen.run, params.unseen.baseline
    if lacking := [run for run in runs if run not in params.runs]:
        raise config.ConfigError(f"{paths.PARAMS}: unseen: {names.unknown(lacking[0], params.runs, 'run')}")
    faces = {face.face_id: face for face in table.read(paths.FACES, Face)}
    truths = {row.face_id: row for row in table.read(paths.TRUTH, Truth)}
    seen = {i: regions.visible(faces[i].box, row.cues, row.regions) for i, row in truths.items() if i in faces} or None
    cells, targets, found = files.read_json(paths.METRICS)["jobs"], {}, {}
    for name, job in config.load_jobs().items():
        target, rows = protocols.protocol(job.protocol).target, table.read(paths.trainset(job.trainset), TrainRow)
        test = [face for face in faces.values() if (face.dataset, face.split) == (target, "test")]
        if cue_overlap.families(test) <= cue_overlap.families(trained := [faces[row.face_id] for row in rows]):
            continue
        entry = targets.setdefault(target, {"test": test, "jobs": [], "shared": {}, "texts": {}})
        entry["jobs"].append(scored(name, job, cells[name]["seeds"]))
        entry["shared"][job.protocol] = cue_overlap.shared(test, trained, seen)
        if any(row.caption for row in rows):
            entry["texts"][job.protocol, job.run] = written(name)
    how = params.evaluation.replicates, params.evaluation.confidence, params.evaluation.seed
    for target, entry in sorted(targets.items()):
        named = {"named": misplaced_cues.summarise(entry["texts"], faces, seen, *runs, target, *how)}
        if known := unseen.summarise(entry["jobs"], entry["test"], entry["shared"], *runs, target, *how):
            found[target] = known | named
    report = {"run": runs[0], "baseline": runs[1], "targets": found}
    files.write_json(paths.UNSEEN, files.rounded(report, params.evaluation.digits))


if __name__ == "__main__":
    stages.run(main)

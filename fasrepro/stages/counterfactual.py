"""Stage `counterfactual`: attacks drawn without and with one of their cues, and what models make of both."""

from __future__ import annotations

import argparse
from typing import Any

from fasrepro import config, files, names, paths, stages
from fasrepro.config import ConfigError, Job
from fasrepro.data import cropping, splits
from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.truth import Truth
from fasrepro.simulation import rerender
from fasrepro.stages import jobs


def asked_jobs(asked: config.Counterfactual, all_jobs: dict[str, Job]) -> list[Job]:
    """Return the jobs of each run on each protocol that params.yaml names, skipping protocols that cannot be run."""
    groups = config.by_run(all_jobs)
    job_groups = {f"{protocol}-{run}": group for (protocol, run), group in groups.items()}
    present = {protocol for protocol, _ in groups}
    wanted = [f"{protocol}-{run}" for protocol in asked.protocols if protocol in present for run in asked.runs]
    where = "params.yaml: counterfactual"
    return [job for name in wanted for job in names.lookup(job_groups, name, "protocol and run", ConfigError, where)]


def predicted(job: Job, own: list[Face], both: list[Face], images: dict[str, Any], params: Any) -> tuple[list[Any], list[Any]]:
    """Return a job's scores of all faces, and its explanations of `both`.

    Args:
        job: whose model predicts.
        own: faces as the index has them.
        both: the same faces drawn again, without and with a cue.
        images: crops by face_id.
        params: params.yaml's index and prediction.
    """
    model, processor, recipe = jobs.load_model(job, params.index.crop)
    batch, key = params.prediction.batch_size, (job.protocol, job.run, job.seed)

    def read_image(face: Face) -> Any:
        return images[face.face_id]

    scores = predict.score(scoring.scorer(model, processor, recipe), own + both, read_image, batch)
    texts = predict.explain(model, processor, both, read_image, recipe.prompt, batch, params.prediction.max_new_tokens)
    print(f"counterfactual {job.name}: {len(own)} pairs")
    return (
        [Score(*key, *score) for score in scores.items()],
        [Explanation(*key, face_id, *text) for face_id, text in texts.items()],
    )


def main(argv: list[str] | None = None) -> None:
    """Write results/counterfactual. It is empty for licensed archives, which cannot be drawn again."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "archives", "synthetic", "index", "prediction", "counterfactual")
    backbones.use_threads(params.threads)
    synthetic = params.archives.source == "synthetic"
    wanted = asked_jobs(params.counterfactual, config.load_jobs()) if synthetic else []
    truths = {row.face_id: row for row in table.read_all(paths.TRUTH, Truth)} if wanted else {}
    choices = {}
    for job in wanted:
        if job.protocol not in choices:
            faces = splits.read(job.protocol).of_target(job.test[0])
            choices[job.protocol] = rerender.choose(faces, truths, params.counterfactual.faces)
    each_once = {choice.face.face_id: choice for of_protocol in choices.values() for choice in of_protocol}.values()
    convention = cropping.CROPS[params.index.crop]
    scores: list[Score] = []
    explanations: list[Explanation] = []
    with files.replaced_folder(paths.COUNTERFACTUAL, paths.WORK / "counterfactual") as work:
        folder = work / paths.PAIR_CROPS.name
        rows = rerender.write(
            params.archives,
            params.synthetic,
            each_once,
            lambda rgb, box, eyes: cropping.crop(rgb, box, convention, eyes)[0],
            folder,
        )
        read_own, read_pair = jobs.crop_reader(), jobs.crop_reader(folder)
        for job in wanted:
            own = [choice.face for choice in choices[job.protocol]]
            both = [rerender.part_of(face, rows[face.face_id], part) for face in own for part in rerender.PARTS]
            images = {face.face_id: read_own(face) for face in own} | {face.face_id: read_pair(face) for face in both}
            of_job = predicted(job, own, both, images, params)
            scores += of_job[0]
            explanations += of_job[1]
        files.write_json(work / paths.PAIRS.name, rows)
        table.write(work / paths.PAIR_SCORES.name, scores, Score)
        table.write(work / paths.PAIR_EXPLANATIONS.name, explanations, Explanation)


if __name__ == "__main__":
    stages.run(main)

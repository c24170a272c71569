"""Stage `caption_detector@name`: a caption model as a detector -> results/caption_detectors/<name>.parquet.

The score of a face is P(attack) at the conclusion of the text that the model writes greedily about it. A text without a
conclusion is asked for one (`completions.yes_log_odds`), so every face has a score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from fasrepro import config, names, paths, stages
from fasrepro.data import splits
from fasrepro.evaluation.analyses import read_outs
from fasrepro.models import backbones
from fasrepro.models.inputs import generate
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.scores import Score
from fasrepro.stages import captioner_checkpoint, jobs
from fasrepro.training import completions
from fasrepro.training.captioners import entry_of

DIGITS = 7  # as of a detector's score


def main(argv: list[str] | None = None) -> None:
    """Write results/caption_detectors/<name>.parquet: scores of some dev faces and of one face a presentation of every target."""
    name = stages.name_argument(argv, __doc__, "a caption model of jobs.yaml's caption_detectors")
    plan = config.read_jobs()
    detector = names.lookup(plan.caption_detectors, name, "caption model", config.ConfigError, f"{paths.JOBS}: caption_detectors")
    seed = {**plan.sft_jobs, **plan.grpo_jobs}[name].seed
    params = config.load("threads", "index", "prediction", "caption_models", "read_outs")
    backbones.use_threads(params.threads)
    model, processor, prompt = captioner_checkpoint.load(name, params.index.crop)
    split = splits.read(detector.protocol)
    dev_faces = read_outs.balanced(split.dev, params.read_outs.dev_faces)
    faces = [*dev_faces, *read_outs.one_a_presentation(split.test)]
    read_image, batch, limit = jobs.crop_reader(), params.prediction.batch_size, params.caption_models.max_new_tokens
    yes_log_odds: list[float] = []
    for start in range(0, len(faces), batch):
        images = [read_image(face) for face in faces[start : start + batch]]
        texts = [text for text, _, _ in generate(model, processor, images, prompt, limit)]
        yes_log_odds += completions.yes_log_odds(model, processor, images, prompt, texts, limit)
    p_attack = attack_probabilities(yes_log_odds, Verdict(detector.conclusion_yes))
    rows = [
        Score(detector.protocol, entry_of(name), seed, face.face_id, value) for face, value in zip(faces, p_attack, strict=True)
    ]
    table.write(paths.caption_detector(name), rows, Score)
    print(f"caption_detector {name}: {len(rows)} scores")


def attack_probabilities(yes_log_odds: Sequence[float], conclusion_yes: Verdict) -> list[float]:
    """Return P(attack) in [0, 1], rounded to `DIGITS`, from the log-odds of Yes against No at a conclusion.

    >>> attack_probabilities([0.0, 100.0], Verdict.BONA_FIDE)
    [0.5, 0.0]
    """
    sign = 1 if conclusion_yes is Verdict.ATTACK else -1
    return np.round(expit(sign * np.array(yes_log_odds)), DIGITS).tolist()


if __name__ == "__main__":
    stages.run(main)

"""Stage `caption_detector@name`: a caption model as a detector -> results/caption_detectors/<name>.parquet.

Its score is P(attack) at the conclusion of what it writes. The sources are the data sets whose people it was trained on, and it
is tested on the targets of their protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import expit
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import config, names, paths, stages
from fasrepro.data import splits
from fasrepro.evaluation.analyses import read_outs
from fasrepro.models import backbones
from fasrepro.models.inputs import generate
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.stages import captioner_checkpoint, captioners, jobs
from fasrepro.training import completions
from fasrepro.training.captioners import entry_of

DIGITS = 7  # as of a detector's score


def main(argv: list[str] | None = None) -> None:
    """Write results/caption_detectors/<name>.parquet: scores of some dev faces and of one face a presentation of every target."""
    name = stages.name_argument(argv, __doc__, "a caption model of jobs.yaml's caption_detectors")
    known = config.read_jobs()
    tested = names.lookup(known.caption_detectors, name, "caption model", config.ConfigError, f"{paths.JOBS}: caption_detectors")
    seed = {**known.sft_jobs, **known.grpo_jobs}[name].seed
    params = config.load("threads", "index", "caption_models", "read_outs")
    backbones.use_threads(params.threads)
    model, processor, prompt = captioner_checkpoint.load(name, params.index.crop)
    split, limit = splits.read(tested.protocol), params.caption_models.max_new_tokens
    faces = [*read_outs.balanced(split.dev, params.read_outs.dev_faces), *read_outs.one_a_presentation(split.test)]
    odds = np.array(list(attack_log_odds(model, processor, faces, prompt, limit, Verdict(tested.conclusion_yes))))
    key = tested.protocol, entry_of(name), seed
    values = np.round(expit(odds), DIGITS).tolist()
    rows = [Score(*key, face.face_id, value) for face, value in zip(faces, values, strict=True)]
    table.write(paths.caption_detector(name), rows, Score)
    print(f"caption_detector {name}: {len(rows)} scores")


def attack_log_odds(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    faces: Sequence[Face],
    prompt: str,
    limit: int,
    conclusion_yes: Verdict,
) -> Iterator[float]:
    """Yield the log-odds of attack where a model's greedy text about each face concludes.

    Every face has them: a text that never concludes is asked for its conclusion (`completions.yes_log_odds`).

    Args:
        model: a caption model in evaluation mode.
        processor: of its backbone.
        faces: in order.
        prompt: that it was trained on.
        limit: of a text's tokens.
        conclusion_yes: what Yes means in a conclusion.
    """
    read_image, sign = jobs.crop_reader(), 1 if conclusion_yes is Verdict.ATTACK else -1
    for batch in captioners.batches(faces):
        images = [read_image(face) for face in batch]
        texts = [text for text, _, _ in generate(model, processor, images, prompt, limit)]
        yield from (sign * odd for odd in completions.yes_log_odds(model, processor, images, prompt, texts, limit))


if __name__ == "__main__":
    stages.run(main)

"""Stage `read_outs@job`: P(attack) at the Conclusion of chains: the model's own, sampled ones, and other people's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from PIL import Image
from transformers import ProcessorMixin

from fasrepro import config, names, paths, stages
from fasrepro.captions.layouts import CONCLUSION, NO, YES
from fasrepro.data import splits
from fasrepro.evaluation import predict
from fasrepro.evaluation.analyses import read_outs
from fasrepro.evaluation.analyses.read_outs import GREEDY, UNREAD, ChainScore
from fasrepro.models import backbones
from fasrepro.models.backbones import BackboneError
from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.models.vlm import FasVlm, unwrapped
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation
from fasrepro.stages import jobs
from fasrepro.training import completions, sampling


class Chain(NamedTuple):
    """A text in tags behind an image; `donor`: the face that it was written about; `number`: as in `ChainScore`."""

    image: Face
    donor: Face
    number: int
    text: str


def up_to_conclusion(text: str) -> str | None:
    """Return a chain up to and including the tag that opens its Conclusion; None for a chain that never reaches one.

    >>> up_to_conclusion("<Caption>A face.</Caption><Conclusion>Yes</Conclusion>")
    '<Caption>A face.</Caption><Conclusion>'
    >>> up_to_conclusion("<Caption>A face.") is None
    True
    """
    before, opening, _ = text.partition(f"<{CONCLUSION}>")
    return before + opening if opening else None


@dataclasses.dataclass(frozen=True)
class Detector:
    """A trained model that writes chains in tags.

    Args:
        model: in evaluation mode.
        processor: of its backbone.
        prompt: that asks for a chain.
        conclusion_yes: what Yes means in a Conclusion.
        read_image: returns the crop of a face.
        batch: images at once.
        max_new_tokens: of a chain.
    """

    model: FasVlm
    processor: ProcessorMixin
    prompt: str
    conclusion_yes: Verdict
    read_image: Callable[[Face], Image.Image]
    batch: int
    max_new_tokens: int

    def write(self, faces: Sequence[Face]) -> dict[str, str]:
        """Return the greedy chain about each face, by face_id."""
        texts = predict.explain(self.model, self.processor, faces, self.read_image, self.prompt, self.batch, self.max_new_tokens)
        return {face_id: text for face_id, (text, _, _) in texts.items()}

    def sample(self, faces: Sequence[Face], count: int, temperature: float, stream: tuple[object, ...]) -> Iterator[Chain]:
        """Yield `count` sampled chains about each face; `stream` names their draws, which no batch changes."""
        size = max(1, self.batch // count)
        for part in (faces[start : start + size] for start in range(0, len(faces), size)):
            texts = completions.sample(
                unwrapped(self.model.body),
                self.processor,
                [self.read_image(face) for face in part],
                self.prompt,
                count=count,
                temperature=temperature,
                limit=self.max_new_tokens,
                seeds=[sampling.stream("read-outs", *stream, face.face_id) for face in part],
            )
            for face, own in zip(part, texts, strict=True):
                for number, text in enumerate(own, GREEDY + 1):
                    yield Chain(face, face, number, text)

    def read(self, chains: Sequence[Chain]) -> list[ChainScore]:
        """Return P(attack) at the Conclusion of each chain, behind its image."""
        opened = [(chain, up_to_conclusion(chain.text)) for chain in chains]
        finished = [(chain.image, text) for chain, text in opened if text is not None]
        values: list[float] = []
        for part in (finished[start : start + self.batch] for start in range(0, len(finished), self.batch)):
            images = [self.read_image(image) for image, _ in part]
            values += p_attack(self.model, self.processor, images, self.prompt, [text for _, text in part], self.conclusion_yes)
        in_turn = iter(values)
        return [
            ChainScore(
                chain.image.face_id,
                chain.donor.face_id,
                chain.number,
                text is not None,
                UNREAD if text is None else next(in_turn),
            )
            for chain, text in opened
        ]


@torch.inference_mode()
def p_attack(
    model: FasVlm,
    processor: ProcessorMixin,
    images: Sequence[Image.Image],
    prompt: str,
    opened: Sequence[str],
    conclusion_yes: Verdict,
) -> list[float]:
    """Return P(attack) as the word of each image's Conclusion, among Yes and No alone, rounded to 7 digits, by one prefill.

    Both words are tokenised with all that stands around them, as in training. They are compared at the first token in which the
    two texts differ; no state before it depends on what follows.

    Args:
        model: in evaluation mode.
        processor: of its backbone.
        images: RGB, one batch.
        prompt: that asks for a chain.
        opened: a chain an image, up to and including the tag that opens its Conclusion.
        conclusion_yes: what Yes means there.

    Raises:
        BackboneError: where the tokenizer cannot tell the words apart.
    """
    concluded = {word: [f"{text}{word}</{CONCLUSION}>" for text in opened] for word in (YES, NO)}
    yes, no = (processor.tokenizer(texts, add_special_tokens=False)["input_ids"] for texts in concluded.values())
    places = [
        next((place for place, (one, other) in enumerate(zip(*both, strict=False)) if one != other), None)
        for both in zip(yes, no, strict=True)
    ]
    if None in places:
        raise BackboneError(f"the tokenizer does not tell {YES} from {NO} behind <{CONCLUSION}>: take another backbone")
    prompts = encode_prompts(processor, images, prompt)
    inputs = append_captions(prompts, concluded[YES], processor, max(map(len, yes)))
    del inputs["labels"]
    given = {name: value.to(model.body.device) for name, value in inputs.items()}
    logits = model(prompt_tokens=prompts["input_ids"].shape[1], **given).logits.float()
    sign = 1 if conclusion_yes is Verdict.ATTACK else -1
    odds = [
        sign * (row[place, own[place]] - row[place, other[place]])
        for row, place, own, other in zip(logits, places, yes, no, strict=True)
    ]
    return [round(value, 7) for value in torch.sigmoid(torch.stack(odds)).tolist()]


def main(argv: list[str] | None = None) -> None:
    """Write results/read_outs/<job>.parquet: chains about dev faces, and about a face of each explained video of the targets."""
    job = config.load_job(stages.name_argument(argv, __doc__, "a job of jobs.yaml's read_out_jobs"))
    where = f"{paths.JOBS}: read_out_jobs"
    chains = names.lookup(config.read_jobs().read_out_jobs, job.name, "job", config.ConfigError, where)
    params = config.load("threads", "index", "prediction", "read_outs")
    if params.read_outs.samples < 1 or params.read_outs.temperature <= 0:
        raise config.ConfigError(f"{paths.PARAMS}: read_outs: samples must be at least 1, and temperature above 0")
    backbones.use_threads(params.threads)
    split = splits.read(job.protocol)
    written = {row.face_id: row.text for row in table.read(paths.explanations(job.name), Explanation)}
    model, processor, recipe = jobs.load_model(job, params.index.crop)
    detector = Detector(
        model,
        processor,
        recipe.prompt,
        Verdict(chains.conclusion_yes),
        jobs.crop_reader(),
        params.prediction.batch_size,
        params.prediction.max_new_tokens,
    )
    dev = read_outs.balanced(split.dev, params.read_outs.dev_faces)
    written |= detector.write(dev)
    by_target = [
        read_outs.one_a_presentation(face for face in split.of_target(target) if face.face_id in written) for target in job.test
    ]
    rows: list[ChainScore] = []
    for faces in (dev, *by_target):
        rows += detector.read([Chain(face, face, GREEDY, written[face.face_id]) for face in faces])
        stream = job.protocol, job.seed
        sampled = detector.sample(faces, params.read_outs.samples, params.read_outs.temperature, stream)
        rows += detector.read(list(sampled))
    finished = {row.face_id for row in rows if row.number == GREEDY and row.finished}
    for faces in by_target:
        pairs = read_outs.force_chains([face for face in faces if face.face_id in finished])
        rows += detector.read([Chain(pair.image, pair.donor, GREEDY, written[pair.donor.face_id]) for pair in pairs])
    table.write(paths.read_outs(job.name), rows, ChainScore)
    unfinished = sum(not row.finished for row in rows)
    print(f"read_outs {job.name}: {len(rows)} chains, {unfinished} of them without a Conclusion")


if __name__ == "__main__":
    stages.run(main)

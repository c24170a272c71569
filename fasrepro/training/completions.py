"""What a caption model writes about faces: sampled texts, and how it leans at the conclusion of a text."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image
from torch import nn
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro.captions.layouts import NO, YES
from fasrepro.models.inputs import generate
from fasrepro.models.likelihood import log_likelihood
from fasrepro.training import sampling
from fasrepro.training.texts import with_conclusion


def sample(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    images: Sequence[Image.Image],
    prompt: str,
    *,
    count: int,
    temperature: float,
    limit: int,
    seeds: Sequence[int],
) -> list[list[str]]:
    """Return `count` sampled texts about each image, which do not depend on the other images.

    Args:
        model: a backbone in evaluation mode.
        processor: of the model.
        images: RGB, one batch.
        prompt: that asks about an image.
        count: texts an image.
        temperature: of sampling, over the whole vocabulary.
        limit: of a text's tokens.
        seeds: of the draws about each image.
    """
    streams = [sampling.stream(seed, number) for seed in seeds for number in range(count)]
    repeated = [image for image in images for _ in range(count)]
    texts = [text for text, _, _ in generate(sampling.Sampler(model, temperature, streams), processor, repeated, prompt, limit)]
    return [texts[start : start + count] for start in range(0, len(texts), count)]


def yes_log_odds(
    model: nn.Module, processor: ProcessorMixin, images: Sequence[Image.Image], prompt: str, texts: Sequence[str], limit: int
) -> list[float]:
    """Return the log-odds of Yes against No as the conclusion of each image's text, rounded to 6 digits.

    Every text has them, whether it concludes or not, so that an AUC of them is about all faces: what stands before a conclusion
    is kept, and a text without one is asked for it.

    Args:
        model: a backbone in evaluation mode.
        processor: of the model.
        images: RGB, one batch.
        prompt: that asks about an image.
        texts: one an image.
        limit: of a text's tokens, its conclusion included.
    """
    tokenizer = processor.tokenizer
    totals = []
    for word in (YES, NO):
        concluded = [with_conclusion(text, word) for text in texts]
        counts = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) + 1 for text in concluded]
        means = log_likelihood(model, processor, images, prompt, concluded, max(limit, *counts)).tolist()
        totals.append([mean * count for mean, count in zip(means, counts, strict=True)])
    return [round(yes - no, 6) for yes, no in zip(*totals, strict=True)]

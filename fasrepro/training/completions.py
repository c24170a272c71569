"""What a caption model writes about faces: sampled texts, and how it leans at the conclusion of a text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image
from torch import nn
from transformers import GenerationConfig, ProcessorMixin

from fasrepro.captions.layouts import NO, YES
from fasrepro.models.inputs import encode_prompts
from fasrepro.models.likelihood import log_likelihood
from fasrepro.training.texts import with_conclusion


@torch.inference_mode()
def sample(
    model: nn.Module,
    processor: ProcessorMixin,
    images: Sequence[Image.Image],
    prompt: str,
    *,
    count: int,
    temperature: float,
    limit: int,
    seed: int,
) -> list[list[str]]:
    """Return `count` sampled texts about each image.

    Args:
        model: a backbone in evaluation mode.
        processor: of the model.
        images: RGB, one batch; what is drawn for one depends on the others.
        prompt: that asks about an image.
        count: texts an image.
        temperature: of sampling, over the whole vocabulary.
        limit: of a text's tokens.
        seed: of the draws.
    """
    tokenizer = processor.tokenizer
    inputs = {name: value.to(model.device) for name, value in encode_prompts(processor, images, prompt).items()}
    settings = GenerationConfig(
        max_new_tokens=limit,
        do_sample=True,
        temperature=temperature,
        top_k=0,
        top_p=1.0,
        num_return_sequences=count,
        suppress_tokens=[model.config.image_token_id],
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    written = model.generate(**inputs, generation_config=settings)[:, inputs["input_ids"].shape[1] :]
    texts = [text.strip() for text in tokenizer.batch_decode(written, skip_special_tokens=True)]
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

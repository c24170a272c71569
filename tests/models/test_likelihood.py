from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from fasrepro.models import backbones, inputs
from fasrepro.models.likelihood import log_likelihood
from tests.small_models import PROMPT

TEXTS = ["a moire pattern over the face", "nothing is over the face"]


def test_a_texts_likelihood_is_the_models_own_loss(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = backbones.load(str(checkpoint))
    pictures = [picture(1), picture(2)]
    likelihoods = log_likelihood(model.eval(), processor, pictures, PROMPT, TEXTS, 64)
    for image, text, value in zip(pictures, TEXTS, likelihoods.tolist(), strict=True):
        batch = inputs.append_captions(inputs.encode_prompts(processor, [image], PROMPT), [text], processor, 64)
        with torch.inference_mode():
            assert value == pytest.approx(-float(model(**batch).loss), abs=1e-5)

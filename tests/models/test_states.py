from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fasrepro.models import backbones, states
from tests.small_models import PROMPT


def test_states_are_the_encoders_and_the_projectors_own(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = backbones.load(str(checkpoint))
    pictures = [picture(seed) for seed in range(3)]
    by_site = states.pooled_states(model.eval(), processor, pictures, PROMPT, batch=2)
    assert set(by_site) == set(states.SITES)
    with torch.inference_mode():
        pixels = processor.image_processor(images=[[pictures[2]]], return_tensors="pt")["pixel_values"][0]
        own = model.model.vision_model(pixel_values=pixels).last_hidden_state[0]
        projected = model.model.connector(own[None])[0]
    for site, part in (("encoder", own), ("projector", projected)):
        expected = np.concatenate([part.mean(dim=0), part.std(dim=0, correction=0), part.amax(dim=0)])
        assert by_site[site].shape == (3, 3 * part.shape[1])
        assert by_site[site][2] == pytest.approx(expected, abs=1e-5)


def test_no_number_depends_on_the_batch(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = backbones.load(str(checkpoint))
    pictures = [picture(seed) for seed in range(3)]
    one, three = (states.pooled_states(model.eval(), processor, pictures, PROMPT, batch) for batch in (1, 3))
    for site in states.SITES:
        assert one[site] == pytest.approx(three[site], abs=1e-5)

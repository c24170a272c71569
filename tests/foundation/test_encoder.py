from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import Idefics3ForConditionalGeneration, Idefics3Processor

from fasrepro.foundation import encoder, shape, tokenizer
from fasrepro.training.trainer import Optimisation

SHAPE = {"image_size": 32, "patch_size": 8, "scale_factor": 2}
CAPTIONS = ["a red wall", "a green wall", "a red door", "a red door"]


def small() -> tuple[Idefics3ForConditionalGeneration, Idefics3Processor]:
    trained = tokenizer.train_tokenizer(CAPTIONS * 50, 320)
    model = shape.build_model(trained, **SHAPE, hidden_size=32, vision_layers=1, text_layers=1, heads=2, seed=1)
    return model, tokenizer.build_processor(trained, **SHAPE)


def optimisation(steps: int) -> Optimisation:
    return Optimisation(steps, 4, learning_rate=0.01, warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, seed=1)


def test_a_rarer_word_is_more_of_a_description_and_one_that_all_have_is_none() -> None:
    _, processor = small()
    tokens = processor.tokenizer
    shares = encoder.word_shares(CAPTIONS, tokens)
    column = {word: tokens(f" {word}", add_special_tokens=False)["input_ids"][0] for word in ("red", "green", "wall", "door")}
    red, green, wall = math.log(4 / 3), math.log(4 / 1), math.log(4 / 2)
    assert shares[0, column["red"]].item() == pytest.approx(red / (red + wall))
    assert shares[1, column["green"]].item() == pytest.approx(green / (green + wall))
    assert shares.sum(dim=1).tolist() == pytest.approx([1.0] * 4)
    assert shares[:, tokens("a", add_special_tokens=False)["input_ids"][0]].tolist() == [0.0] * 4
    assert encoder.word_shares(["a wall", "a wall"], tokens).sum().item() == 0.0  # nothing tells the two apart


class MeanPixels(nn.Module):
    """An encoder with one state a picture, its mean red and green."""

    def forward(self, pixel_values: Tensor) -> MeanPixels:
        self.last_hidden_state = pixel_values[:, :2].mean(dim=(2, 3))[:, None]
        return self


def test_the_loss_is_the_cross_entropy_of_the_mean_state() -> None:
    classifier = encoder.WordClassifier(MeanPixels(), 2, 2)
    with torch.no_grad():
        classifier.linear.weight.copy_(torch.eye(2))
        classifier.linear.bias.zero_()
    pixels = torch.zeros(1, 3, 4, 4)
    pixels[:, 0] = 1.0  # the layer norm makes (1, -1) of (1, 0)
    assert classifier(pixels, torch.tensor([[0.75, 0.25]])).item() == pytest.approx(
        math.log(1 + math.exp(-2)) + 0.25 * 2, abs=1e-4
    )


def test_standardised_states_have_mean_0_and_deviation_1(picture: Callable[[int], Image.Image]) -> None:
    model, processor = small()
    images = [picture(number) for number in range(3)]
    before = encoder.encoded(model, processor, images)
    encoder.standardise(model, processor, images)
    after = encoder.encoded(model, processor, images)
    mean, deviation = before.flatten(0, 1).mean(dim=0), before.flatten(0, 1).std(dim=0)
    torch.testing.assert_close(after, (before - mean) / deviation, rtol=0, atol=1e-4)


def test_words_are_taught_to_the_vision_encoder_alone_and_the_same_way_again(
    picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    trained = []
    for attempt in range(2):
        model, processor = small()
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        images = [picture(number) for number in range(4)]
        losses = encoder.teach_words(
            model, processor, images, CAPTIONS, optimisation=optimisation(40), work=tmp_path / str(attempt)
        )
        moved = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
        assert moved and all("vision_model" in name for name in moved)
        assert losses[-1] < losses[0]
        trained.append(model.state_dict())
    assert all(torch.equal(weight, trained[1][name]) for name, weight in trained[0].items())

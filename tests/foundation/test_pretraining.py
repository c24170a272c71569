from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from fasrepro import vocabulary
from fasrepro.foundation import pretraining, shape
from fasrepro.foundation import tokenizer as tokenizer_module
from fasrepro.training.trainer import Optimisation

SHAPE = {"image_size": 32, "patch_size": 8, "scale_factor": 2}
TEXTS = ["a person with brown hair in soft light", "someone with grey hair before a green wall"]


def test_the_tokenizer_gives_back_any_text() -> None:
    tokenizer = tokenizer_module.train_tokenizer(TEXTS, 320)
    for text in (*TEXTS, "moiré – 100 % ünknown", *(cue.phrasings[0] for cue in vocabulary.CUES.values())):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]).strip() == text
    assert len(tokenizer) <= 320 + len(tokenizer_module.SPECIAL)


def test_a_prompt_holds_one_token_for_each_cell_of_the_projector(picture: Callable[[int], Image.Image]) -> None:
    from fasrepro.models.inputs import encode_prompts

    processor = tokenizer_module.build_processor(tokenizer_module.train_tokenizer(TEXTS, 320), **SHAPE)
    encoded = encode_prompts(processor, [picture(1), picture(2)], "Who is it?")
    image = processor.tokenizer.convert_tokens_to_ids("<image>")
    assert (encoded["input_ids"] == image).sum(dim=1).tolist() == [4, 4]  # (32 / 8 / 2) squared
    assert encoded["pixel_values"].shape == (2, 1, 3, 32, 32)  # squared, whatever the crop's shape, and not split


def test_patches_must_fit() -> None:
    with pytest.raises(ValueError, match="image_size 30 must be a multiple"):
        tokenizer_module.build_processor(tokenizer_module.train_tokenizer(TEXTS, 320), 30, 8, 2)


def test_pretraining_teaches_the_texts_and_the_checkpoint_loads_as_any_other(
    picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    tokenizer = tokenizer_module.train_tokenizer(TEXTS, 320)
    processor = tokenizer_module.build_processor(tokenizer, **SHAPE)
    model = shape.build_model(tokenizer, **SHAPE, hidden_size=32, vision_layers=1, text_layers=1, heads=2, seed=1)
    vision = {name: weight.clone() for name, weight in model.state_dict().items() if "vision_model" in name}
    losses = pretraining.teach_captions(
        model,
        processor,
        [picture(n) for n in range(2)] * 4,
        TEXTS * 4,
        prompt="Who is it?",
        max_caption_tokens=40,
        optimisation=Optimisation(60, 4, learning_rate=0.01, warmup_steps=5, weight_decay=0.01, max_grad_norm=1.0, seed=1),
        work=tmp_path / "work",
    )
    assert losses[-1] < 0.5 * losses[0]
    assert all(torch.equal(weight, model.state_dict()[name]) for name, weight in vision.items())
    pretraining.save(model, processor, tmp_path / "saved")
    again = AutoModelForImageTextToText.from_pretrained(tmp_path / "saved")
    assert AutoProcessor.from_pretrained(tmp_path / "saved").chat_template == processor.chat_template
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name


def test_the_words_of_captions_hold_both_papers_forms() -> None:
    words = tokenizer_module.words()
    assert set(vocabulary.STEPS.values()) <= set(words)
    assert {"<Facial Description>", "</Facial Description>", "Yes", "No"} <= set(words)
    assert len(set(words)) == len(words)

"""Sampled texts and the log-odds of a conclusion, on the small checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from fasrepro.models import backbones
from fasrepro.models.inputs import encode_prompts
from fasrepro.training import completions
from tests.small_models import PROMPT

Picture = Callable[[int], Image.Image]


def test_a_seed_decides_what_is_sampled_about_an_image_whatever_stands_beside_it(checkpoint: Path, picture: Picture) -> None:
    model, processor = backbones.load(str(checkpoint))

    def sample(numbers: list[int], seeds: list[int], temperature: float = 1.0) -> list[list[str]]:
        images = [picture(number) for number in numbers]
        return completions.sample(model.eval(), processor, images, PROMPT, count=3, temperature=temperature, limit=5, seeds=seeds)

    first = sample([0, 1], [5, 6])
    assert [len(texts) for texts in first] == [3, 3]
    assert len({text for texts in first for text in texts}) > 3
    assert sample([1, 0], [6, 5]) == first[::-1] and sample([1], [6]) == first[1:]
    assert sample([0, 1], [7, 8]) != first
    cold = sample([0, 1], [5, 6], temperature=1e-4)
    assert all(len(set(texts)) == 1 for texts in cold)


@pytest.mark.parametrize("text", ["soft light", "soft light <Conclusion>No</Conclusion>"])
def test_log_odds_are_those_of_the_two_conclusions(checkpoint: Path, picture: Picture, text: str) -> None:
    """By hand: the sum of the log-probabilities of every token behind the prompt, for either word."""
    model, processor = backbones.load(str(checkpoint))
    image, tokenizer = picture(1), processor.tokenizer
    totals = []
    for word in ("Yes", "No"):
        prompt = encode_prompts(processor, [image], PROMPT)
        before = "soft light " if "<" in text else "soft light"
        ids = tokenizer(f"{before}<Conclusion>{word}</Conclusion>", add_special_tokens=False)["input_ids"]
        tokens = torch.tensor([[*ids, tokenizer.eos_token_id]])
        whole = torch.cat([prompt["input_ids"], tokens], dim=1)
        inputs = {**prompt, "input_ids": whole, "attention_mask": torch.ones_like(whole)}
        with torch.no_grad():
            logits = model.eval()(**inputs).logits[0, prompt["input_ids"].shape[1] - 1 : -1]
        totals.append(float(torch.log_softmax(logits, dim=-1).gather(1, tokens[0][:, None]).sum()))
    [odds] = completions.yes_log_odds(model, processor, [image], PROMPT, [text], 3)
    assert odds == pytest.approx(totals[0] - totals[1], abs=1e-3)

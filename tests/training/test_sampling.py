"""A token that is sampled by noise on the logits."""

from __future__ import annotations

import torch

from fasrepro.training import sampling


def test_a_draw_has_the_probabilities_of_the_temperature() -> None:
    logits, rows = torch.tensor([1.0, 0.0, -1.0, 9.0]), 4000
    noise = sampling.GumbelNoise(0.5, range(rows), banned=3, device=torch.device("cpu"))
    drawn = noise(torch.zeros(rows, 1), logits.expand(rows, 4)).argmax(dim=1)
    shares = torch.bincount(drawn, minlength=4) / rows
    expected = torch.softmax(logits[:3] / 0.5, dim=0)
    assert shares[3] == 0 and (shares[:3] - expected).abs().max() < 0.03  # 4 standard deviations

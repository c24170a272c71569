from __future__ import annotations

import pytest
import torch

from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow
from fasrepro.training import sampling


def row(dataset: str, number: int) -> TrainRow:
    return TrainRow(f"{dataset}/v#{number}", dataset, "bona_fide", Label.BONA_FIDE, "", "", "", "")


def test_balanced_draws_fall_on_each_data_set_equally_often() -> None:
    rows = [row("oulu", n) for n in range(71)] + [row("msu", n) for n in range(19)] + [row("casia", n) for n in range(10)]
    weights = sampling.weights(rows, "balanced")
    assert weights is not None
    shares = [sum(w for r, w in zip(rows, weights, strict=True) if r.dataset == name) for name in ("oulu", "msu", "casia")]
    assert shares == pytest.approx([1.0, 1.0, 1.0])
    drawn = torch.multinomial(torch.tensor(weights), 30_000, replacement=True, generator=torch.Generator().manual_seed(1))
    assert sum(rows[n].dataset == "casia" for n in drawn.tolist()) / 30_000 == pytest.approx(1 / 3, abs=0.02)


def test_natural_draws_every_row_once() -> None:
    assert sampling.weights([row("oulu", 0)], "natural") is None
    with pytest.raises(ValueError, match=r"unknown sampling 'balancd'\. Did you mean 'balanced'\? Known: natural, balanced"):
        sampling.weights([row("oulu", 0)], "balancd")

"""Which states a head reads, and at which sites a backbone cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from fasrepro.models import backbones, sites
from tests.small_models import PROMPT


def test_states_are_dealt_out_by_row() -> None:
    tiles = torch.tensor([[[1.0], [3.0]], [[5.0], [7.0]], [[9.0], [11.0]]])  # the first row has two tiles
    counts = torch.tensor([4, 2])
    assert [part.flatten().tolist() for part in sites.split_by_image(tiles, counts)] == [[1, 3, 5, 7], [9, 11]]
    flat = torch.arange(12.0).unsqueeze(-1)  # two states a token, as before a merger
    assert [part.mean().item() for part in sites.split_by_image(flat, counts)] == [3.5, 9.5]
    with pytest.raises(ValueError, match="cannot be dealt out"):
        sites.split_by_image(flat, torch.tensor([3, 2]))


def test_the_projectors_states_are_those_at_the_rows_own_image_tokens() -> None:
    given = torch.arange(8.0).reshape(2, 4, 1)
    own = torch.tensor([[False, True, True, False], [False, False, False, True]])
    assert [part.flatten().tolist() for part in sites.at_image_tokens(given, own)] == [[1, 2], [7]]


@pytest.mark.parametrize("site", ["vision", "projector", "prompt", ""])
def test_a_backbone_whose_pictures_have_one_size_is_read_at_each_site(checkpoint: Path, site: str) -> None:
    sites.check(*backbones.load(str(checkpoint)), site, PROMPT)


@pytest.mark.parametrize(
    "wrong", [lambda states: [states[1], states[1]], lambda states: [(states[0] + states[1]) / 2, states[1]]]
)
def test_a_site_at_which_a_row_has_another_rows_states_is_refused(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[list[torch.Tensor]], list[torch.Tensor]]
) -> None:
    model, processor = backbones.load(str(checkpoint))
    split = sites.split_by_image

    def misdealt(states: torch.Tensor, image_tokens: torch.Tensor) -> list[torch.Tensor]:
        parts = list(split(states, image_tokens))
        return wrong(parts) if len(parts) == 2 else parts

    monkeypatch.setattr(sites, "split_by_image", misdealt)
    with pytest.raises(backbones.BackboneError, match=r"head_site 'vision' cannot be read .* idefics3: .* head_site 'prompt'"):
        sites.check(model, processor, "vision", PROMPT)


def test_states_of_several_calls_are_one_sequence(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = backbones.load(str(checkpoint))
    reader = sites.StateReader(model)
    pictures = [picture(1), picture(2)]
    for one in pictures:  # as an architecture that encodes each picture by itself
        pixels = processor.image_processor(images=[[one]], return_tensors="pt")["pixel_values"][0]
        model.model.vision_model(pixel_values=pixels)
    ids = torch.full((2, 4), reader.image_token)
    first, second = reader.by_picture("vision", ids)
    assert first.shape == second.shape and not torch.equal(first, second)

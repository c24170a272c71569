from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from fasrepro.models import backbones, inputs, vlm
from tests.small_models import EVERYTHING, PROMPT, save_trained


def assert_same(model: vlm.FasVlm, folder: Path, picture: Callable[[int], Image.Image]) -> None:
    merged, processor = backbones.load(str(folder))
    batch = inputs.encode_prompts(processor, [picture(1), picture(2)], PROMPT)
    with torch.no_grad():
        torch.testing.assert_close(merged(**batch).logits, model.body(**batch).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("train", [EVERYTHING, ("lora_language", "projector", "head"), ("vision", "language", "head")])
def test_a_merged_checkpoint_says_what_the_adapted_model_says(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, train: tuple[str, ...]
) -> None:
    model, _ = save_trained(checkpoint, tmp_path / "trained", train)
    vlm.merge(str(checkpoint), tmp_path / "trained", tmp_path / "merged")
    assert_same(model, tmp_path / "merged", picture)
    names = {path.name for path in (tmp_path / "merged").iterdir()}
    assert {"model.safetensors", "config.json", "generation_config.json", "chat_template.jinja"} <= names
    assert not any("adapter" in name or "head" in name for name in names)


def test_embeddings_that_were_one_with_the_head_and_were_trained_apart_stay_apart(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    base, processor = backbones.load(str(checkpoint))
    base.config.tie_word_embeddings = base.config.text_config.tie_word_embeddings = True
    base.tie_weights()
    base.save_pretrained(tmp_path / "tied")
    processor.save_pretrained(tmp_path / "tied")
    tied = backbones.load(str(tmp_path / "tied"))[0]
    assert tied.get_input_embeddings().weight.data_ptr() == tied.get_output_embeddings().weight.data_ptr()
    model, _ = save_trained(tmp_path / "tied", tmp_path / "trained")
    vlm.merge(str(tmp_path / "tied"), tmp_path / "trained", tmp_path / "merged")
    assert_same(model, tmp_path / "merged", picture)
    assert not backbones.load(str(tmp_path / "merged"))[0].config.tie_word_embeddings


def test_an_adapter_is_not_merged_into_another_backbone_of_the_same_shape(checkpoint: Path, tmp_path: Path) -> None:
    save_trained(checkpoint, tmp_path / "trained")
    base, processor = backbones.load(str(checkpoint))
    with torch.no_grad():
        base.get_output_embeddings().weight.add_(1)
    base.save_pretrained(tmp_path / "other")
    processor.save_pretrained(tmp_path / "other")
    with pytest.raises(backbones.BackboneError, match=f"other: its weights are .* was trained on {checkpoint} with weights"):
        vlm.merge(str(tmp_path / "other"), tmp_path / "trained", tmp_path / "merged")

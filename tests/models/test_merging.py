from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from fasrepro.models import backbones, inputs, merging, vlm

PROMPT = "Is it a real person? Explain."


def trained(checkpoint: Path, folder: Path, **options: bool) -> tuple[vlm.FasVlm, backbones.ProcessorMixin]:
    """Save a model whose every trained part has moved, as training would have it."""
    base, processor = backbones.load(str(checkpoint))
    settings = {"lora_vision": True, "train_embeddings": True, **options}
    model = vlm.create(base, site="vision", rank=4, alpha=8, seed=1, **settings).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    vlm.save(model, folder)
    return model, processor


def assert_same(model: vlm.FasVlm, folder: Path, picture: Callable[[int], Image.Image]) -> None:
    merged, processor = backbones.load(str(folder))
    batch = inputs.encode_prompts(processor, [picture(1), picture(2)], PROMPT)
    with torch.no_grad():
        torch.testing.assert_close(merged(**batch).logits, model.body(**batch).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("train_embeddings", [True, False])
def test_a_merged_checkpoint_says_what_the_adapted_model_says(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, train_embeddings: bool
) -> None:
    model, _ = trained(checkpoint, tmp_path / "trained", train_embeddings=train_embeddings)
    merging.merge(str(checkpoint), tmp_path / "trained", "vision", tmp_path / "merged")
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
    model, _ = trained(tmp_path / "tied", tmp_path / "trained")
    merging.merge(str(tmp_path / "tied"), tmp_path / "trained", "vision", tmp_path / "merged")
    assert_same(model, tmp_path / "merged", picture)
    assert not backbones.load(str(tmp_path / "merged"))[0].config.tie_word_embeddings

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from fasrepro.models import backbones, heads, inputs, vlm
from fasrepro.models.generate import generate

PROMPT = "Is it a real person? Explain."
CAPTIONS = ["a moire pattern over the face", "a person looks at the camera in soft light"]


def make(checkpoint: Path, site: str = "vision", **options: bool) -> tuple[vlm.FasVlm, backbones.ProcessorMixin]:
    base, processor = backbones.load(str(checkpoint))
    settings = {"lora_vision": True, "train_embeddings": True, **options}
    return vlm.create(base, site=site, rank=4, alpha=8, seed=1, **settings).eval(), processor


def encoded(processor: backbones.ProcessorMixin, picture: Callable[[int], Image.Image]) -> dict[str, torch.Tensor]:
    return inputs.encode_prompts(processor, [picture(1), picture(2)], PROMPT)


def captioned(processor: backbones.ProcessorMixin, picture: Callable[[int], Image.Image]) -> dict[str, torch.Tensor]:
    batch = inputs.append_captions(encoded(processor, picture), CAPTIONS, processor, 64)
    return {name: value for name, value in batch.items() if name != "labels"}


@pytest.mark.parametrize("site", heads.SITES)
def test_head_logits_are_the_same_with_and_without_a_caption_behind(
    checkpoint: Path, picture: Callable[[int], Image.Image], site: str
) -> None:
    model, processor = make(checkpoint, site)
    prompts = encoded(processor, picture)
    length = prompts["input_ids"].shape[1]
    bare = model(prompt_tokens=length, **prompts).head_logits
    behind = model(prompt_tokens=length, **captioned(processor, picture)).head_logits
    torch.testing.assert_close(bare, behind)
    assert bare[0] != bare[1]


def test_logits_begin_at_the_last_prompt_token(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = make(checkpoint)
    batch, length = captioned(processor, picture), encoded(processor, picture)["input_ids"].shape[1]
    found = model(prompt_tokens=length, **batch).logits
    torch.testing.assert_close(found, model.body(**batch).logits[:, length - 1 :])
    model._can_keep = False  # as with an architecture that makes them all
    torch.testing.assert_close(found, model(prompt_tokens=length, **batch).logits)


@pytest.mark.parametrize("site", heads.SITES)
def test_each_row_gets_its_own_logit(checkpoint: Path, picture: Callable[[int], Image.Image], site: str) -> None:
    model, processor = make(checkpoint, site)
    one_by_one = [model.p_attack(**inputs.encode_prompts(processor, [picture(n)], PROMPT)).item() for n in (1, 2, 3)]
    together = model.p_attack(**inputs.encode_prompts(processor, [picture(n) for n in (1, 2, 3)], PROMPT))
    assert together.tolist() == pytest.approx(one_by_one, abs=1e-5)


@pytest.mark.parametrize("site", heads.SITES)
def test_what_is_saved_and_loaded_gives_equal_logits_and_texts(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, site: str
) -> None:
    model, processor = make(checkpoint, site)
    with torch.no_grad():  # as training would: every trained part moves
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    vlm.save(model, tmp_path)
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path, site)
    batch = captioned(processor, picture)
    length = encoded(processor, picture)["input_ids"].shape[1]
    with torch.no_grad():
        first, second = model(prompt_tokens=length, **batch), again(prompt_tokens=length, **batch)
    torch.testing.assert_close(first.head_logits, second.head_logits, rtol=0, atol=0)
    torch.testing.assert_close(first.logits, second.logits, rtol=0, atol=0)
    images = [picture(1), picture(2)]
    assert generate(model, processor, images, PROMPT, 12) == generate(again, processor, images, PROMPT, 12)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json"}


def test_base_is_frozen_and_lora_projector_and_head_are_trained(checkpoint: Path) -> None:
    names = vlm.trainable(make(checkpoint, lora_vision=True, train_embeddings=False)[0])
    kinds = {"lora", "connector", "head."}
    assert all(any(kind in name for kind in kinds) for name in names)
    assert all(any(kind in name for name in names) for kind in kinds)
    assert any("vision_model" in name for name in names)


def test_options_widen_and_narrow_the_trainable_set(checkpoint: Path) -> None:
    without = vlm.trainable(make(checkpoint, lora_vision=False, train_embeddings=False)[0])
    assert not any("vision_model" in name for name in without)
    assert not any("embed_tokens" in name or "lm_head" in name for name in without)
    embeddings = vlm.trainable(make(checkpoint, lora_vision=False, train_embeddings=True)[0])
    added = set(embeddings) - set(without)
    assert added
    assert all("embed_tokens" in name or "lm_head" in name for name in added)


def test_a_checkpoint_without_its_head_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    model, _ = make(checkpoint)
    vlm.save(model, tmp_path)
    (tmp_path / vlm.HEAD_FILE).unlink()
    with pytest.raises(backbones.BackboneError, match=r"head\.safetensors"):
        vlm.load(backbones.load(str(checkpoint))[0], tmp_path, "vision")


def test_saved_adapters_hold_projector_and_embeddings(checkpoint: Path, tmp_path: Path) -> None:
    vlm.save(make(checkpoint)[0], tmp_path)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    for part in ("connector", "embed_tokens", "lm_head", "lora_A", "lora_B"):
        assert any(part in name for name in saved), part


def test_caption_labels_are_ignored_on_prompt_and_padding(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    _, processor = make(checkpoint)
    prompts = encoded(processor, picture)
    batch = inputs.append_captions(prompts, ["a moire pattern", ""], processor, 64)
    length = prompts["input_ids"].shape[1]
    assert (batch["labels"][:, :length] == inputs.IGNORED).all()
    assert (batch["labels"][1] == inputs.IGNORED).all()
    kept = batch["labels"][0][batch["labels"][0] != inputs.IGNORED].tolist()
    assert kept[-1] == processor.tokenizer.eos_token_id
    assert processor.tokenizer.decode(kept[:-1]).strip() == "a moire pattern"
    assert batch["attention_mask"][1, length:].sum() == 0


def test_pool_by_image_deals_states_out_by_row() -> None:
    tiles = torch.tensor([[[1.0], [3.0]], [[5.0], [7.0]], [[9.0], [11.0]]])  # the first row has two tiles
    counts = torch.tensor([4, 2])
    assert heads.pool_by_image(tiles, counts).flatten().tolist() == [4.0, 10.0]
    flat = torch.arange(12.0).unsqueeze(-1)  # two states a token, as before a merger
    assert heads.pool_by_image(flat, counts).flatten().tolist() == [3.5, 9.5]
    with pytest.raises(ValueError, match="cannot be dealt out"):
        heads.pool_by_image(flat, torch.tensor([3, 2]))


def test_unknown_architectures_and_missing_checkpoints_say_so(tmp_path: Path) -> None:
    with pytest.raises(backbones.BackboneError, match="cannot be loaded"):
        backbones.load(str(tmp_path))


def test_the_adapter_s_config_has_the_same_bytes_in_another_process(checkpoint: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fasrepro.models import backbones, vlm\n"
        "base, _ = backbones.load(sys.argv[1])\n"
        "model = vlm.create(base, site='vision', rank=4, alpha=8, lora_vision=True, train_embeddings=True, seed=1)\n"
        "vlm.save(model, Path(sys.argv[2]))"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(checkpoint), str(tmp_path / seed)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": seed})
    first, second = (tmp_path / seed / vlm.ADAPTER_CONFIG for seed in ("1", "2"))
    assert first.read_bytes() == second.read_bytes()

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from fasrepro import files
from fasrepro.models import backbones, inputs, vlm
from fasrepro.models.inputs import generate
from fasrepro.training.recipe import HEAD_SITES
from tests.small_models import EVERYTHING, PROMPT, made_of, model_of, move, save_trained

CAPTIONS = ["a moire pattern over the face", "a person looks at the camera in soft light"]
ADAPTERS = ("lora_language", "lora_vision", "projector", "head")


def encoded(processor: backbones.ProcessorMixin, picture: Callable[[int], Image.Image]) -> dict[str, torch.Tensor]:
    return inputs.encode_prompts(processor, [picture(1), picture(2)], PROMPT)


def captioned(processor: backbones.ProcessorMixin, picture: Callable[[int], Image.Image]) -> dict[str, torch.Tensor]:
    batch = inputs.append_captions(encoded(processor, picture), CAPTIONS, processor, 64)
    return {name: value for name, value in batch.items() if name != "labels"}


@pytest.mark.parametrize("site", HEAD_SITES)
def test_head_logits_are_the_same_with_and_without_a_caption_behind(
    checkpoint: Path, picture: Callable[[int], Image.Image], site: str
) -> None:
    model, processor = model_of(checkpoint, site=site)
    prompts = encoded(processor, picture)
    length = prompts["input_ids"].shape[1]
    bare = model(prompt_tokens=length, **prompts).head_logits
    behind = model(prompt_tokens=length, **captioned(processor, picture)).head_logits
    torch.testing.assert_close(bare, behind)
    assert bare[0] != bare[1]


def test_logits_begin_at_the_last_prompt_token(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = model_of(checkpoint)
    batch, length = captioned(processor, picture), encoded(processor, picture)["input_ids"].shape[1]
    found = model(prompt_tokens=length, **batch).logits
    torch.testing.assert_close(found, model.body(**batch).logits[:, length - 1 :])
    model._can_keep = False  # as with an architecture that makes them all
    torch.testing.assert_close(found, model(prompt_tokens=length, **batch).logits)


@pytest.mark.parametrize("site", HEAD_SITES)
def test_each_row_gets_its_own_logit(checkpoint: Path, picture: Callable[[int], Image.Image], site: str) -> None:
    model, processor = model_of(checkpoint, site=site)
    one_by_one = [model.p_attack(**inputs.encode_prompts(processor, [picture(n)], PROMPT)).item() for n in (1, 2, 3)]
    together = model.p_attack(**inputs.encode_prompts(processor, [picture(n) for n in (1, 2, 3)], PROMPT))
    assert together.tolist() == pytest.approx(one_by_one, abs=1e-5)


@pytest.mark.parametrize("site", HEAD_SITES)
def test_what_is_saved_and_loaded_gives_equal_logits_and_texts(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, site: str
) -> None:
    model, processor = model_of(checkpoint, site=site)
    move(model)
    made = made_of(checkpoint, processor, site)
    vlm.save(model, tmp_path, made)
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path, made)
    batch = captioned(processor, picture)
    length = encoded(processor, picture)["input_ids"].shape[1]
    with torch.no_grad():
        first, second = model(prompt_tokens=length, **batch), again(prompt_tokens=length, **batch)
    torch.testing.assert_close(first.head_logits, second.head_logits, rtol=0, atol=0)
    torch.testing.assert_close(first.logits, second.logits, rtol=0, atol=0)
    images = [picture(1), picture(2)]
    assert generate(model.body, processor, images, PROMPT, 12) == generate(again.body, processor, images, PROMPT, 12)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json"}


def test_base_is_frozen_and_lora_projector_and_head_are_trained(checkpoint: Path) -> None:
    names = vlm.trainable(model_of(checkpoint, ADAPTERS)[0])
    kinds = {"lora", "connector", "head."}
    assert all(any(kind in name for kind in kinds) for name in names)
    assert all(any(kind in name for name in names) for kind in kinds)
    assert any("vision_model" in name for name in names)


def test_parts_widen_and_narrow_the_trainable_set(checkpoint: Path) -> None:
    narrow = [part for part in ADAPTERS if part != "lora_vision"]
    without = vlm.trainable(model_of(checkpoint, narrow)[0])
    assert not any("vision_model" in name for name in without)
    assert not any("embed_tokens" in name or "lm_head" in name for name in without)
    added = set(vlm.trainable(model_of(checkpoint, [*narrow, "embeddings"])[0])) - set(without)
    assert added
    assert all("embed_tokens" in name or "lm_head" in name for name in added)
    assert all(name.startswith("head.") for name in vlm.trainable(model_of(checkpoint, ["head"])[0]))


@pytest.mark.parametrize("part", ["vision", "projector", "language"])
def test_a_part_trained_whole_is_the_backbones_own_weights(checkpoint: Path, part: str) -> None:
    model, _ = model_of(checkpoint, [part])
    prefix = getattr(backbones.backbone(vlm.unwrapped(model.body)), part) + "."
    assert vlm.changed_weights(model)
    assert all(name.startswith(prefix) for name in vlm.changed_weights(model))


@pytest.mark.parametrize("train", [["vision", "projector", "language", "head"], ["vision", "lora_language", "head"], EVERYTHING])
def test_weights_trained_whole_come_back_from_a_checkpoint(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, train: list[str]
) -> None:
    model, processor = save_trained(checkpoint, tmp_path, train)
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path, made_of(checkpoint, processor))
    images = [picture(1), picture(2)]
    batch = inputs.encode_prompts(processor, images, PROMPT)
    assert torch.equal(model.p_attack(**batch), again.p_attack(**batch))
    assert generate(model.body, processor, images, PROMPT, 12) == generate(again.body, processor, images, PROMPT, 12)


@pytest.mark.parametrize(
    ("part", "train"),
    [
        (vlm.HEAD_FILE, EVERYTHING),
        (vlm.ADAPTER_FILE, EVERYTHING),
        (vlm.ADAPTER_CONFIG, EVERYTHING),
        (vlm.MADE_OF, EVERYTHING),
        (vlm.WEIGHTS_FILE, ("vision", "head")),
    ],
)
def test_a_checkpoint_that_lacks_a_part_is_refused(checkpoint: Path, tmp_path: Path, part: str, train: tuple[str, ...]) -> None:
    _, processor = save_trained(checkpoint, tmp_path, train)
    (tmp_path / part).unlink()
    named = vlm.ADAPTER_FILE if part == vlm.WEIGHTS_FILE else part
    with pytest.raises(backbones.BackboneError, match=rf"no {re.escape(named)}; train the job again"):
        vlm.load(backbones.load(str(checkpoint))[0], tmp_path, made_of(checkpoint, processor))


def test_a_model_without_a_head_comes_back_without_one(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    model, processor = save_trained(checkpoint, tmp_path, ["lora_language", "projector"], site="")
    assert not (tmp_path / vlm.HEAD_FILE).exists()
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path, made_of(checkpoint, processor, site=""))
    batch = encoded(processor, picture)
    outputs = [one(prompt_tokens=batch["input_ids"].shape[1], **batch) for one in (model, again)]
    assert torch.equal(outputs[0].logits, outputs[1].logits)
    assert outputs[0].head_logits is None
    with pytest.raises(backbones.BackboneError, match="its head_site is '', not 'vision'"):
        vlm.load(backbones.load(str(checkpoint))[0], tmp_path, made_of(checkpoint, processor))


def test_a_checkpoint_tells_the_question_it_was_asked_and_no_other_has_one(checkpoint: Path, tmp_path: Path) -> None:
    model, processor = model_of(checkpoint)
    plain = made_of(checkpoint, processor)
    asked = dataclasses.replace(plain, answer_prompt="Is this a live person?", answer_yes="attack")
    for folder, contents in (("plain", plain), ("asked", asked)):
        vlm.save(model, tmp_path / folder, contents)
        assert vlm.read_made_of(tmp_path / folder) == contents
    assert not any("answer" in name for name in files.read_json(tmp_path / "plain" / vlm.MADE_OF))


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("answer_prompt", "Is this a live person?"),
        ("answer_yes", "attack"),
        ("backbone_sha256", "of other weights"),
        ("head_site", "prompt"),
        ("prompt", "What is this?"),
        ("crop", "ssdg/aligned_256"),
        ("image_backend", "Idefics3ImageProcessor"),
    ],
)
def test_a_checkpoint_made_of_something_else_is_refused(checkpoint: Path, tmp_path: Path, field: str, other: str) -> None:
    _, processor = save_trained(checkpoint, tmp_path)
    expected = dataclasses.replace(made_of(checkpoint, processor), **{field: other})
    with pytest.raises(backbones.BackboneError, match=rf"its {field} is .*, not '{re.escape(other)}'"):
        vlm.load(backbones.load(str(checkpoint))[0], tmp_path, expected)


def test_saved_adapters_hold_projector_and_embeddings(checkpoint: Path, tmp_path: Path) -> None:
    save_trained(checkpoint, tmp_path)
    saved = load_file(tmp_path / vlm.ADAPTER_FILE)
    for part in ("connector", "embed_tokens", "lm_head", "lora_A", "lora_B"):
        assert any(part in name for name in saved), part


def test_caption_labels_are_ignored_on_prompt_and_padding(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    _, processor = model_of(checkpoint)
    prompts = encoded(processor, picture)
    batch = inputs.append_captions(prompts, ["a moire pattern", ""], processor, 64)
    length = prompts["input_ids"].shape[1]
    assert (batch["labels"][:, :length] == inputs.IGNORED).all()
    assert (batch["labels"][1] == inputs.IGNORED).all()
    kept = batch["labels"][0][batch["labels"][0] != inputs.IGNORED].tolist()
    assert kept[-1] == processor.tokenizer.eos_token_id
    assert processor.tokenizer.decode(kept[:-1]).strip() == "a moire pattern"
    assert batch["attention_mask"][1, length:].sum() == 0


def test_unknown_architectures_and_missing_checkpoints_say_so(tmp_path: Path) -> None:
    with pytest.raises(backbones.BackboneError, match="cannot be loaded"):
        backbones.load(str(tmp_path))


def test_the_adapter_s_config_has_the_same_bytes_in_another_process(checkpoint: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.small_models import save_trained\n"
        "save_trained(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(checkpoint), str(tmp_path / seed)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": seed})
    first, second = (tmp_path / seed / vlm.ADAPTER_CONFIG for seed in ("1", "2"))
    assert first.read_bytes() == second.read_bytes()

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import ProcessorMixin

from fasrepro.models import backbones, inputs, vlm
from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow
from fasrepro.training import dual, loop, losses

PROMPT = "Is it a real person? Explain."
RECIPE: dict[str, Any] = {
    "prompt": PROMPT,
    "head_site": "vision",
    "lora_rank": 4,
    "lora_alpha": 8,
    "lora_vision": True,
    "train_embeddings": True,
    "classification_weight": 0.7,
    "caption_weight": 0.3,
    "sampling": "natural",
    "steps": 30,
    "batch_size": 4,
    "learning_rate": 0.01,
    "warmup_steps": 2,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "max_caption_tokens": 64,
}
TEXTS = ["soft light and a natural face", "a moire pattern over the face", "the pale edge of a sheet of paper"]


def rows(captions: bool = True) -> list[TrainRow]:
    """Six faces; two share each text, so that a caption can be learnt from its image."""
    return [
        TrainRow(
            face_id=f"msu/v{n}#0000",
            dataset="msu",
            species="bona_fide" if n % 3 == 0 else "print",
            label=Label(int(n % 3 > 0)),
            crop=str(n),
            crop_sha256="",
            style="vanilla" if captions else "",
            caption=TEXTS[n % 3] if captions else "",
        )
        for n in range(6)
    ]


def train(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, data: list[TrainRow], seed: int = 5, **changed: Any
) -> Any:
    base, processor = backbones.load(str(checkpoint))
    plan, method = loop.split_recipe({**RECIPE, **changed}, seed)
    model, log = dual.train(base, processor, data, lambda row: picture(int(row.crop)), plan=plan, work=tmp_path, **method)
    return model, processor, log


def caption_loss(model: vlm.FasVlm, processor: Any, data: list[TrainRow], picture: Callable[[int], Image.Image]) -> float:
    batch = dual.collator(processor, lambda row: picture(int(row.crop)), PROMPT, 64)(data)
    with torch.no_grad():
        return float(dual.batch_losses(model, batch)[1])


def test_every_run_of_a_seed_sees_the_same_images_in_the_same_order(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    collator = dual.collator

    def recording(*args: Any) -> Callable[[list[TrainRow]], dict[str, Any]]:
        collate = collator(*args)
        return lambda batch: order.extend(row.face_id for row in batch) or collate(batch)

    monkeypatch.setattr(dual, "collator", recording)

    def seen(**changed: Any) -> list[str]:
        order.clear()
        train(checkpoint, picture, tmp_path, rows(changed.get("caption_weight", 1) > 0), 3, **{"steps": 6, **changed})
        return list(order)

    natural, balanced = seen(), seen(sampling="balanced")
    assert natural == seen(caption_weight=0.0)
    assert natural == seen(learning_rate=0.001)
    assert balanced == seen(sampling="balanced", caption_weight=0.0)
    assert sorted(natural[:6]) == [row.face_id for row in rows()]  # each row once before any comes again
    assert sorted(balanced[:6]) != [row.face_id for row in rows()]  # drawn with replacement
    with pytest.raises(ValueError, match="unknown sampling 'odd'"):
        seen(sampling="odd")


def test_a_row_is_encoded_once_and_as_it_is_in_any_batch(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    read: list[str] = []

    def image(row: TrainRow) -> Image.Image:
        read.append(row.face_id)
        return picture(5 * int(row.crop))  # of one size

    _, processor = backbones.load(str(checkpoint))
    encode = dual.prompt_encoder(processor, image, PROMPT)
    data = rows()
    for batch in (data[:3], data[2:5], data[:1]):
        together = inputs.encode_prompts(processor, [picture(5 * int(row.crop)) for row in batch], PROMPT)
        found = encode(batch)
        assert found.keys() == together.keys()
        assert all(torch.equal(found[name], together[name]) for name in together)
    assert read == [row.face_id for row in data[:5]]


class PaddingProcessor(ProcessorMixin):
    """Pads images to the largest of a batch, as some architectures' processors do."""

    def __init__(self) -> None:
        pass

    def apply_chat_template(self, messages: list[Any], **_: Any) -> str:
        return PROMPT

    def __call__(self, text: list[str], images: list[list[Image.Image]], **_: Any) -> dict[str, torch.Tensor]:
        pixels = torch.zeros(len(images), *(max(sizes) for sizes in zip(*(image.size for (image,) in images), strict=True)))
        for row, (image,) in enumerate(images):
            pixels[row, : image.width, : image.height] = 1
        return {"pixel_values": pixels, "input_ids": torch.ones(len(text), 4, dtype=torch.long)}


def test_images_of_several_sizes_are_padded_as_the_processor_does(picture: Callable[[int], Image.Image]) -> None:
    images = [picture(number).resize(size) for number, size in enumerate(((4, 2), (2, 4)))]
    encode = dual.prompt_encoder(PaddingProcessor(), lambda row: images[int(row.crop) % 2], PROMPT)
    data = rows()[:2]
    together = inputs.encode_prompts(PaddingProcessor(), [images[int(row.crop) % 2] for row in data], PROMPT)
    assert together["pixel_values"].shape == (2, 4, 4)
    assert all(torch.equal(value, together[name]) for name, value in encode(data).items())


def test_no_more_is_kept_than_there_is_room_for(
    checkpoint: Path, picture: Callable[[int], Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(dual, "KEPT_BYTES", 100)
    _, processor = backbones.load(str(checkpoint))
    encode = dual.prompt_encoder(processor, lambda row: read.append(row.face_id) or picture(5), PROMPT)
    assert all(torch.equal(value, encode(rows()[:2])[name]) for name, value in encode(rows()[:2]).items())
    assert len(read) > 2


def test_caption_loss_is_the_models_own(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    base, processor = backbones.load(str(checkpoint))
    batch = dual.collator(processor, lambda row: picture(int(row.crop)), PROMPT, 64)(rows())
    given = {name: value for name, value in batch.items() if name not in ("attack", "prompt_tokens")}
    with torch.no_grad():
        own = base(**given).loss
        model = vlm.create(base, site="vision", rank=2, alpha=2, lora_vision=False, train_embeddings=False, seed=0)
        _, found = dual.batch_losses(model, batch)  # fresh adapters change nothing
    torch.testing.assert_close(found, own)


def test_dual_loss_is_the_weighted_sum() -> None:
    total = losses.dual_loss(torch.tensor(2.0), torch.tensor(5.0), 0.7, 0.3)
    assert float(total) == pytest.approx(0.7 * 2 + 0.3 * 5)
    assert float(losses.dual_loss(torch.tensor(2.0), None, 0.7, 0.3)) == pytest.approx(1.4)


def test_a_positive_logit_means_attack() -> None:
    sure = torch.tensor([10.0, -10.0])
    assert float(losses.classification_loss(sure, torch.tensor([1.0, 0.0]))) < 1e-3
    assert float(losses.classification_loss(sure, torch.tensor([0.0, 1.0]))) > 5


def test_a_shuffled_caption_costs_more_than_the_true_one(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    data = rows()
    model, processor, log = train(checkpoint, picture, tmp_path, data, steps=120)
    shuffled = [dataclasses.replace(row, caption=TEXTS[(n + 1) % 3]) for n, row in enumerate(data)]
    true_cost, false_cost = caption_loss(model, processor, data, picture), caption_loss(model, processor, shuffled, picture)
    assert 0 < true_cost < 0.5 * false_cost
    assert log["losses"]["caption"][-1] < log["losses"]["caption"][0]


def test_training_moves_what_it_should_and_the_frozen_base_stays(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    untouched = dict(backbones.load(str(checkpoint))[0].named_parameters())
    model, _, _ = train(checkpoint, picture, tmp_path, rows())
    base = model.body.get_base_model()
    for name, parameter in base.named_parameters():
        plain = name.replace(".base_layer", "").replace(".original_module", "")
        if plain in untouched:
            assert torch.equal(parameter, untouched[plain]), name
    before = dict(vlm.create(backbones.load(str(checkpoint))[0], site="vision", rank=4, alpha=8, lora_vision=True,
                             train_embeddings=True, seed=5).named_parameters())  # fmt: skip
    after = dict(model.named_parameters())
    for part in ("lora_A", "lora_B", "connector", "lm_head", "head.linear"):
        names = [name for name in vlm.trainable(model) if part in name]
        assert names
        assert any(not torch.equal(after[name], before[name]) for name in names), part


def test_same_seed_same_bytes_other_seed_other_weights(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        model, _, _ = train(checkpoint, picture, tmp_path / "work", rows(), seed=seed, steps=4)
        vlm.save(model, tmp_path / folder)
    contents = [(tmp_path / folder / "adapter_model.safetensors").read_bytes() for folder in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_runs_differ_by_their_captions_alone(checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path) -> None:
    seen: dict[bool, list[str]] = {True: [], False: []}
    names = {}
    for captions in (True, False):
        base, processor = backbones.load(str(checkpoint))

        def read(row: TrainRow, order: list[str] = seen[captions]) -> Image.Image:
            order.append(row.face_id)
            return picture(int(row.crop))

        plan, method = loop.split_recipe({**RECIPE, "steps": 5}, seed=5)
        model, _ = dual.train(base, processor, rows(captions), read, plan=plan, work=tmp_path, **method)
        names[captions] = vlm.trainable(model)
    assert seen[True] == seen[False]
    assert names[True] == names[False]


def test_captions_are_cut_at_the_limit_and_only_then_lack_an_end(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    _, processor = backbones.load(str(checkpoint))
    prompts = inputs.encode_prompts(processor, [picture(1)], PROMPT)
    for limit, ends in ((3, False), (64, True)):
        labels = inputs.append_captions(prompts, [TEXTS[0]], processor, limit)["labels"][0]
        kept = labels[labels != inputs.IGNORED].tolist()
        assert len(kept) <= limit
        assert (kept[-1] == processor.tokenizer.eos_token_id) is ends

"""One training: what moves, what stays, what a seed decides, and how phases follow each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import TrainerCallback

from fasrepro.models import backbones, vlm
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches, losses, run
from tests.small_models import PROMPT, made_of, model_of
from tests.training.small_runs import TEXTS, rows, steps, train

Picture = Callable[[int], Image.Image]
LABELS_ALONE = {"captions": {}, "phases": [{"name": "joint", "steps": 5, "losses": {"head": 0.7}}]}
TWO_PHASES = {
    "phases": [
        {"name": "describe", "train": ["vision", "projector", "language"], "losses": {"caption": 1.0}, "steps": 6},
        {
            "name": "decide",
            "reset": ["projector", "language"],
            "train": ["projector", "lora_language", "head"],
            "losses": {"head": 0.7, "caption": 0.3},
            "steps": 4,
            "rate": 0.5,
        },
    ]
}


def caption_loss(model: vlm.FasVlm, processor: Any, data: list[TrainRow], picture: Picture) -> float:
    batch = batches.collator(processor, lambda row: picture(int(row.crop)), PROMPT, 64)(data)
    with torch.no_grad():
        output = model(**{name: value for name, value in batch.items() if name not in losses.NOT_INPUTS})
    return float(losses.caption_loss(output, batch))


def test_every_run_of_a_seed_sees_the_same_images_in_the_same_order(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    collator = batches.collator

    def recording(*args: Any) -> Callable[[list[TrainRow]], dict[str, Any]]:
        collate = collator(*args)
        return lambda batch: order.extend(row.face_id for row in batch) or collate(batch)

    monkeypatch.setattr(batches, "collator", recording)

    def order_of(captioned: bool = True, **changed: Any) -> list[str]:
        order.clear()
        train(checkpoint, picture, tmp_path, rows(captioned), 3, **{**steps(5), **changed})
        return list(order)

    natural, balanced = order_of(), order_of(sampling="balanced")
    assert natural == order_of(captioned=False, **LABELS_ALONE)
    assert natural == order_of(learning_rates=[0.001])
    assert balanced == order_of(captioned=False, sampling="balanced", **LABELS_ALONE)
    assert sorted(natural[:6]) == [row.face_id for row in rows()]  # each row once before any comes again
    assert sorted(balanced[:6]) != [row.face_id for row in rows()]  # drawn with replacement


class Rates(TrainerCallback):
    """Keeps the rate that each parameter's group has before the first step's warm-up."""

    def on_train_begin(self, *_: Any, model: vlm.FasVlm, optimizer: torch.optim.Optimizer, **__: Any) -> None:
        """Keep the rates by the parameter's name."""
        name_of = {id(parameter): name for name, parameter in model.named_parameters()}
        groups = optimizer.param_groups
        self.rate_of = {name_of[id(parameter)]: group["initial_lr"] for group in groups for parameter in group["params"]}
        self.decay_of = {name_of[id(parameter)]: group["weight_decay"] for group in groups for parameter in group["params"]}


def test_a_part_is_trained_at_its_own_rate(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    rates = Rates()
    changed = steps(2, part_rates={"language": 4.0, "projector": 0.5}, rate=0.1)
    trained = train(checkpoint, picture, tmp_path, rows(), callbacks=[rates], weight_decay=0.01, **changed)
    assert rates.rate_of.keys() == set(vlm.trainable(trained.model))
    expected = {"text_model": 0.004, "lm_head": 0.004, "connector": 0.0005, "vision_model": 0.001, "head.linear": 0.001}
    seen = set()
    for name, rate in rates.rate_of.items():
        key = next((key for key in expected if key in name), "head.linear")
        assert rate == pytest.approx(expected[key]), name
        seen.add(key)
    assert seen == expected.keys()
    assert {name for name, decay in rates.decay_of.items() if not decay} >= {"head.linear.bias"}
    assert any(rates.decay_of.values())


def test_a_shuffled_caption_costs_more_than_the_true_one(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    data = rows()
    trained = train(checkpoint, picture, tmp_path, data, **steps(120))
    shuffled = [dataclasses.replace(row, caption=TEXTS[(n + 1) % 3]) for n, row in enumerate(data)]
    true_cost, false_cost = (caption_loss(trained.model, trained.processor, each, picture) for each in (data, shuffled))
    assert 0 < true_cost < 0.5 * false_cost
    curve = trained.log["losses"]["joint"]["caption"]
    assert curve[-1] < curve[0]


def test_training_moves_what_it_should_and_the_frozen_backbone_stays(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    untouched = dict(backbones.load(str(checkpoint))[0].named_parameters())
    trained = train(checkpoint, picture, tmp_path, rows())
    assert not trained.weights
    for name, parameter in trained.model.body.get_base_model().named_parameters():
        plain = name.replace(".base_layer", "").replace(".original_module", "")
        if plain in untouched:
            assert torch.equal(parameter, untouched[plain]), name
    before = dict(model_of(checkpoint, seed=5)[0].named_parameters())
    after = dict(trained.model.named_parameters())
    for part in ("lora_A", "lora_B", "connector", "lm_head", "head.linear"):
        names = [name for name in vlm.trainable(trained.model) if part in name]
        assert names
        assert any(not torch.equal(after[name], before[name]) for name in names), part


def test_a_training_that_blows_up_stops_and_names_the_step_and_its_faces(
    checkpoint: Path, picture: Picture, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"step [2-9]\d? of 30: the loss head is (nan|inf) on the faces msu/v\d#0000, ") as fault:
        train(checkpoint, picture, tmp_path, rows(), learning_rates=[1e30], max_grad_norm=1e30, warmup_steps=0)
    assert "lower the learning rate (1e+30)" in str(fault.value)


@pytest.mark.parametrize("changed", [steps(4), TWO_PHASES], ids=["one phase", "two phases"])
def test_same_seed_same_bytes_other_seed_other_weights(
    checkpoint: Path, picture: Picture, tmp_path: Path, changed: dict[str, Any]
) -> None:
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        trained = train(checkpoint, picture, tmp_path / "work", rows(), seed, **changed)
        vlm.save(trained.model, tmp_path / folder, made_of(checkpoint, trained.processor), trained.weights)
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir() if path.suffix == ".safetensors"}
        for folder in "abc"
    ]
    assert contents[0] == contents[1] != contents[2]
    assert all(contents[0][name] != contents[2][name] for name in contents[0])


def test_runs_differ_by_their_captions_alone(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    captioned = train(checkpoint, picture, tmp_path, rows(), **steps(5))
    labelled = train(checkpoint, picture, tmp_path, rows(captions=False), **LABELS_ALONE)
    assert vlm.trainable(captioned.model) == vlm.trainable(labelled.model)
    assert set(captioned.log["losses"]["joint"]) == {"head", "caption"}
    assert set(labelled.log["losses"]["joint"]) == {"head"}


def test_a_second_phase_inherits_what_it_does_not_reset(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    plain = backbones.load(str(checkpoint))[0].state_dict()
    trained = train(checkpoint, picture, tmp_path, rows(), **TWO_PHASES)
    parts = backbones.backbone(vlm.unwrapped(trained.model.body))
    after = {name.replace(".base_layer.", "."): value for name, value in vlm.unwrapped(trained.model.body).state_dict().items()}
    vision = [name for name in plain if name.startswith(parts.vision)]
    language = [name for name in plain if name.startswith((parts.language, "lm_head"))]
    assert any(not torch.equal(after[name], plain[name]) for name in vision)  # trained in the first phase, then inherited
    assert all(torch.equal(after[name], plain[name]) for name in language)  # reset; its adapters alone are trained
    assert trained.weights
    assert all(name.startswith(parts.vision) for name in trained.weights)
    assert list(trained.log["losses"]) == ["describe", "decide"]


def test_a_model_of_two_phases_comes_back_from_its_checkpoint(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    trained = train(checkpoint, picture, tmp_path / "work", rows(), **TWO_PHASES)
    contents = made_of(checkpoint, trained.processor)
    vlm.save(trained.model, tmp_path / "saved", contents, trained.weights)
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path / "saved", contents)
    batch = batches.collator(trained.processor, lambda row: picture(int(row.crop)), PROMPT, 64)(rows(captions=False))
    given = {name: value for name, value in batch.items() if name not in ("attack", "prompt_tokens", "face_ids")}
    assert torch.equal(trained.model.p_attack(**given), again.p_attack(**given))


PARTS = ["lora_language", "projector", "embeddings"]
SAME_PARTS_TWICE = {
    "phases": [
        {"name": "describe", "train": PARTS, "losses": {"caption": 1.0}, "steps": 4},
        {"name": "decide", "train": [*PARTS, "head"], "losses": {"head": 0.7, "caption": 0.3}, "steps": 3},
    ]
}
HEAD_ALONE = {"phases": [{"name": "decide", "train": ["head"], "losses": {"head": 1.0}, "steps": 2}]}


@pytest.mark.parametrize("changed", [SAME_PARTS_TWICE, HEAD_ALONE], ids=["the same parts twice", "the head alone"])
def test_whatever_parts_phases_train_comes_back_from_the_checkpoint(
    checkpoint: Path, picture: Picture, tmp_path: Path, changed: dict[str, Any]
) -> None:
    trained = train(checkpoint, picture, tmp_path / "work", rows(), **changed)
    contents = made_of(checkpoint, trained.processor)
    vlm.save(trained.model, tmp_path / "saved", contents, trained.weights)
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path / "saved", contents)
    assert caption_loss(again, trained.processor, rows(), picture) == caption_loss(
        trained.model, trained.processor, rows(), picture
    )
    batch = batches.collator(trained.processor, lambda row: picture(int(row.crop)), PROMPT, 64)(rows(captions=False))
    given = {name: value for name, value in batch.items() if name not in ("attack", "prompt_tokens", "face_ids")}
    assert torch.equal(trained.model.p_attack(**given), again.p_attack(**given))


def test_adapters_of_a_first_phase_are_kept_in_the_second(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    phases = [
        {"name": "describe", "train": ["lora_vision", "projector"], "losses": {"caption": 1.0}, "steps": 4},
        {"name": "decide", "train": ["head"], "losses": {"head": 1.0}, "steps": 2},
    ]
    trained = train(checkpoint, picture, tmp_path, rows(), phases=phases)
    plain = backbones.load(str(checkpoint))[0].state_dict()
    changed = {
        name for name, value in vlm.unwrapped(trained.model.body).state_dict().items() if not torch.equal(value, plain[name])
    }
    assert changed
    assert changed <= trained.weights


SPARING = {"recompute": {"recompute": True}, "eager attention": {"attention": "eager"}}


@pytest.mark.parametrize("memory", SPARING.values(), ids=SPARING)
def test_what_spares_memory_changes_a_training_by_rounding_alone(
    checkpoint: Path, picture: Picture, tmp_path: Path, memory: dict[str, Any]
) -> None:
    plain = train(checkpoint, picture, tmp_path, rows(), **steps(5))
    sparing = train(checkpoint, picture, tmp_path, rows(), memory=memory, **steps(5))
    for name, curve in plain.log["losses"]["joint"].items():
        assert sparing.log["losses"]["joint"][name] == pytest.approx(curve, rel=1e-3)


@pytest.mark.parametrize("fault", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory: 9 bytes")])
def test_a_step_that_does_not_fit_says_what_to_lower(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: RuntimeError
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(losses.PhaseTrainer, "compute_loss", full)
    expected = r"joint: out of memory with 2 rows at once on a device: lower training\.memory\.rows in params\.yaml, set training"
    with pytest.raises(ValueError, match=expected):
        train(checkpoint, picture, tmp_path, rows(), memory={"rows": 2})


def test_what_is_trained_is_float32_on_a_bfloat16_backbone_and_moves_at_a_low_rate(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bfloat16 weight has 8 bits: steps of 1e-5 are below half of the last one of nearly all."""
    load, arguments = backbones.load, run.training_arguments

    def load_in_bfloat16(*args: Any) -> Any:
        base, processor = load(*args)
        return base.to(torch.bfloat16), processor

    def in_bfloat16(*args: Any, **kwargs: Any) -> Any:
        made = arguments(*args, **kwargs)
        made.bf16, made.mixed_precision = True, "bf16"  # as on a GPU
        return made

    monkeypatch.setattr(backbones, "load", load_in_bfloat16)
    monkeypatch.setattr(run, "training_arguments", in_bfloat16)
    phase = {"train": ["projector", "head"], "losses": {"head": 0.5, "caption": 0.5}}
    trained = train(checkpoint, picture, tmp_path, rows(), learning_rates=[1e-5], warmup_steps=0, **steps(3, **phase))
    before = dict(load(str(checkpoint))[0].to(torch.bfloat16).named_parameters())
    for name, value in trained.model.body.named_parameters():
        assert value.dtype == (torch.float32 if value.requires_grad else torch.bfloat16), name
    connector = [name for name in trained.weights if "connector" in name]
    after = dict(trained.model.body.named_parameters())
    moved = [float((after[name] != before[name].float()).float().mean()) for name in connector]
    assert moved
    assert min(moved) > 0.9


def test_workers_that_decode_ahead_change_nothing(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = train(checkpoint, picture, tmp_path, rows(), sampling="balanced", **steps(5))
    monkeypatch.setenv("FASREPRO_WORKERS", "1")
    ahead = train(checkpoint, picture, tmp_path, rows(), sampling="balanced", **steps(5))
    assert ahead.log == alone.log
    assert all(torch.equal(a, b) for a, b in zip(ahead.model.parameters(), alone.model.parameters(), strict=True))

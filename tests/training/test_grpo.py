"""Reinforcement learning on the small checkpoint: what the model is shown, what is rewarded, and that rewards teach."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import Idefics3ForConditionalGeneration

from fasrepro.captions.layouts import NO, TAGS, YES
from fasrepro.models import backbones
from fasrepro.models.inputs import encode_prompts
from fasrepro.training import grpo
from fasrepro.training.captioners import Reinforcement
from fasrepro.training.grpo import Drawn
from tests.small_models import PROMPT
from tests.training import small_runs
from tests.training.small_runs import TEXTS

Picture = Callable[[int], Image.Image]
CHAIN = "".join(f"<{tag}>Seen.</{tag}>" for tag in TAGS[:-1])
RIGHT = CHAIN + "<Conclusion>Yes</Conclusion>"
ADVERSARIAL = {
    "empty": "",
    "both words": CHAIN + "<Conclusion>Yes No</Conclusion>",
    "two conclusions": RIGHT + "<Conclusion>No</Conclusion>",
    "the right one twice": RIGHT + "<Conclusion>Yes</Conclusion>",
    "a tag in a tag": CHAIN + "<Conclusion><Caption>Yes</Caption></Conclusion>",
    "outside its tag": CHAIN + "Yes",
    "empty conclusion": CHAIN + "<Conclusion></Conclusion>",
    "text behind": RIGHT + " Yes",
    "a chain that is missing": "<Conclusion>Yes</Conclusion>",
}


def settings(**changed: Any) -> Reinforcement:
    values: dict[str, Any] = {
        "rewards": {"format": 1.0, "accuracy": 0.5},
        "train": ["projector", "language"],
        "group": 4,
        "faces": 2,
        "steps": 2,
        "temperature": 1.0,
        "beta": 0.04,
        "learning_rate": 0.01,
        "max_completion_tokens": 6,
        "max_grad_norm": 1.0,
    }
    return Reinforcement(**values | changed)


def faces(picture: Picture, count: int) -> list[Drawn]:
    return [Drawn(functools.partial(picture, n), (NO, YES)[n % 2]) for n in range(count)]


def train(checkpoint: Path, picture: Picture, work: Path, asked: Reinforcement, seed: int = 5, **options: Any) -> Any:
    return grpo.train(
        checkpoint,
        faces(picture, asked.faces * asked.steps),
        PROMPT,
        asked,
        lora=(4, 8),
        seed=seed,
        work=work,
        **options,
    )


@pytest.mark.parametrize("reward", ["format", "accuracy", "accuracy_only", "conclusion_only", "conclusion_first"])
@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_adversarial_completions_are_worth_nothing(reward: str, kind: str) -> None:
    """But for those that a control rewards: a bare conclusion, and the right word whatever surrounds it."""
    completion = [[{"role": "assistant", "content": ADVERSARIAL[kind]}]]
    control = (reward, kind) in {
        ("conclusion_only", "a chain that is missing"),
        ("accuracy_only", "a chain that is missing"),
        ("accuracy_only", "text behind"),
    }
    assert grpo.reward_function(reward)(completion, [YES]) == [float(control)]


def test_a_completion_is_judged_by_its_own_face() -> None:
    completions = [[{"role": "assistant", "content": f" {RIGHT}\n"}]] * 2
    assert grpo.reward_function("accuracy")(completions, [YES, NO]) == [1.0, 0.0]


def test_equal_texts_do_not_have_equal_luck() -> None:
    reward = grpo.reward_function("random")
    completions = [[{"role": "assistant", "content": RIGHT}]] * 40
    lucky = reward(completions, [YES] * 40)
    assert 8 < sum(lucky) < 32
    assert reward(completions, [YES] * 40) != lucky
    assert grpo.reward_function("random")(completions, [YES] * 40) == lucky


def test_a_model_is_shown_the_image_and_the_one_prompt(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No label, word or hint reaches it; the same seed gives the same bytes, and another one other completions."""
    shown: list[dict[str, torch.Tensor]] = []
    generate = Idefics3ForConditionalGeneration.generate

    def recorded(self: Any, **inputs: Any) -> torch.Tensor:
        shown.append({name: value for name, value in inputs.items() if isinstance(value, torch.Tensor)})
        return generate(self, **inputs)

    monkeypatch.setattr(Idefics3ForConditionalGeneration, "generate", recorded)
    snapshots: list[int] = []
    asked, functions = settings(rewards={"even_tokens": 1.0}), [even_tokens]
    first, processor, log = train(
        checkpoint,
        picture,
        tmp_path,
        asked,
        functions=functions,
        on_snapshot=lambda step, model: snapshots.append(step * (not model.training)),
    )
    assert snapshots == [0, 1, 2]
    drawn = faces(picture, 4)
    assert len(shown) == 2
    for step, inputs in enumerate(shown):
        images = [face.read_image() for face in drawn[2 * step : 2 * step + 2] for _ in range(4)]
        expected = encode_prompts(processor, images, PROMPT)
        assert inputs.keys() == expected.keys()
        assert all(torch.equal(inputs[name], value) for name, value in expected.items())
    assert [row["step"] for row in log] == [1, 2]
    assert log[0]["kl"] == 0.0 < log[1]["kl"]
    assert log[0].keys() == {"step", "reward/even_tokens", *grpo.LOGGED.values()}

    again, _, same_log = train(checkpoint, picture, tmp_path, asked, functions=functions)
    other, _, _ = train(checkpoint, picture, tmp_path, asked, seed=6, functions=functions)
    assert same_log == log
    assert weights(again) == weights(first)
    assert weights(other) != weights(first)


def weights(model: torch.nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


def even_tokens(completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
    """Return the share of tokens with an even number: about half for a model that has learnt nothing."""
    return [sum(token % 2 == 0 for token in tokens) / len(tokens) for tokens in completion_ids]


@pytest.fixture(scope="module")
def undecided(checkpoint: Path, picture: Picture, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learnt three texts about every image, and writes one of them by chance."""
    folder = tmp_path_factory.mktemp("undecided")
    every_text = [
        dataclasses.replace(row, face_id=f"{row.face_id}-{number}", caption=text)
        for row in small_runs.rows()
        for number, text in enumerate(TEXTS)
    ]
    trained = small_runs.train(checkpoint, picture, folder / "work", every_text, **small_runs.steps(60))
    trained.model.release().save_pretrained(folder)
    trained.processor.save_pretrained(folder)
    return folder


def names_moire(completions: Sequence[Any], **_: Any) -> list[float]:
    return [float("moire" in completion[0]["content"]) for completion in completions]


def nothing_to_choose(completions: Sequence[Any], **_: Any) -> list[float]:
    return [1.0] * len(completions)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_planted_reward_rises(undecided: Path, picture: Picture, tmp_path: Path, seed: int) -> None:
    planted: dict[str, Any] = {"rewards": {"names_moire": 1.0}, "steps": 16, "group": 16, "max_completion_tokens": 10}
    asked = settings(**planted, learning_rate=0.003, beta=0.0)
    _, _, log = train(undecided, picture, tmp_path, asked, seed, functions=[names_moire])
    rewards = [row["reward/names_moire"] for row in log]
    before, after = sum(rewards[:3]) / 3, sum(rewards[-3:]) / 3
    assert before < 0.55
    assert after > before + 0.15


def test_equal_rewards_teach_nothing(undecided: Path, picture: Picture, tmp_path: Path) -> None:
    asked = settings(rewards={"nothing_to_choose": 1.0}, beta=0.0)
    model, _, log = train(undecided, picture, tmp_path, asked, functions=[nothing_to_choose])
    assert [row["groups_without_signal"] for row in log] == [1.0, 1.0]
    assert "kl" not in log[0]
    assert weights(model) == weights(backbones.load(str(undecided))[0])


def test_adapters_move_their_part_alone(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    asked = settings(rewards={"even_tokens": 1.0}, train=["lora_language"], micro_batches=2)
    model, _, log = train(checkpoint, picture, tmp_path, asked, functions=[even_tokens])
    before = dict(backbones.load(str(checkpoint))[0].named_parameters())
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith(backbones.backbone(model).language) for name in moved)
    assert log[-1]["kl"] > 0.0

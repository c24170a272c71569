"""`fasrepro plan --profile`: what a study of a published size costs, and what each cost rests on."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config
from fasrepro.commands import plan, published_joint, published_size, reproduce

ROOT = Path(__file__).parents[2]
PROFILE, MCIO = (ROOT / reproduce.PROFILES / f"{name}.yaml" for name in ("facecot", "mcio"))


def amounts(path: Path) -> dict[str, str]:
    return {cost.title: cost.amount for cost in published_size.costs(published_size.read_plan(path))}


def changed(folder: Path, profile: Path = PROFILE, **values: object) -> Path:
    """Return the file of a plan with other values; None takes one away."""
    content = yaml.safe_load(profile.read_text(encoding="utf-8"))
    for name, value in values.items():
        if value is None:
            del content["plan"]["values"][name]
        else:
            content["plan"]["values"][name] = value if isinstance(value, dict) else {"value": value, "from": "ours"}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def number(text: str) -> float:
    return float(re.sub(r"[^0-9.]", "", text.split(" ")[0]))


def test_it_prints_money_hours_and_disk_with_what_each_rests_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.main(["plan", "--profile", "facecot"]) == 0
    printed = capsys.readouterr().out
    for title in ("API, gold captions: $", "Silver captions: ", "GPUs, together: ", "Disk, together: "):
        assert title in printed
    assert "101,024 requests" in printed and "silver_captions 982,468" in printed and "prices.yaml of" in printed
    for cost in published_size.costs(published_size.read_plan(PROFILE)):
        assert cost.rests_on, cost.title
    assert f"paper: {yaml.safe_load(PROFILE.read_text(encoding='utf-8'))['plan']['sources']['paper']}" in printed


def test_a_profile_that_can_be_run_is_counted_and_timed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two trainings of 100 s after one another's foundation of 10 s: 110 s with two workers."""
    after = frozenset({"foundation"})
    waits_for = {"foundation": frozenset(), "train@a": after, "train@b": after}
    monkeypatch.setattr(plan.reproduce, "make_copy", lambda base, name, copy: copy)
    monkeypatch.setattr(plan.scheduling, "stages_to_run", lambda root, every: waits_for)
    monkeypatch.setattr(plan.side_by_side, "times", lambda folder: {"foundation": 10.0, "train@a": 100.0, "train@b": 100.0})
    lines = plan.of_profile("paper2_ablations", [2])
    assert lines[:2] == ["1 x foundation", "2 x train"]
    assert lines[2].startswith(f"2 at once: {plan.scheduling.clock(110.0)}, ")
    assert len(lines) == 3


def mcio(folder: Path, **values: object) -> dict[str, str]:
    """Return the amounts of paper 1's plan with other values, by title."""
    path = changed(folder, profile=MCIO, **values)
    return {cost.title: cost.amount for cost in published_joint.costs(published_size.read_plan(path))}


def test_paper_1_is_priced_on_the_smallest_real_backbone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.main(["plan", "--profile", "mcio"]) == 0
    printed = capsys.readouterr().out
    assert "backbone SmolVLM-256M" in printed and "of 24 GB" in printed and "lora_rank 32" in printed
    costs = published_joint.costs(published_size.read_plan(MCIO))
    assert [cost.title for cost in costs if not cost.rests_on] == []
    assert {"API, captions", "API, reader", "GPUs, together", "Memory of each GPU, in training", "Disk"} <= {
        cost.title for cost in costs
    }


def test_training_of_paper_1_takes_operations_over_speed(tmp_path: Path) -> None:
    """A model of a million parameters, no encoder to speak of, 100 tokens; 2 runs x 4 uses x 1000 faces x 4 operations."""
    texts = {"reasoning_characters": 40, "vanilla_characters": 40}  # ten tokens each
    sizes = {"parameters": 1e6 + 1e-3, "encoder_parameters": 1e-3, "encoder_tokens": 1, "image_tokens": 60, "prompt_tokens": 30}
    speed = {"gpu_flops": 1e9, "gpu_utilisation": 1.0, "epochs": 9, "seeds": 1}
    amounts = mcio(tmp_path, faces=1000, **texts, **sizes, **speed)
    assert amounts["Trainings"] == "8.0 GPU-hours; 10 trainings"  # 2 * 4 * 1000 * 9 * 4 * 1e8 operations


def test_memory_is_that_of_states_frozen_weights_and_a_batch(tmp_path: Path) -> None:
    sizes = {"parameters": 3e9, "trained_parameters": 1e9, "bytes_per_parameter": 2, "gpus": 4, "gpu_memory": 24e9}
    texts = {"image_tokens": 60, "prompt_tokens": 30, "reasoning_characters": 40, "vanilla_characters": 40}
    batch = {"images_at_once": 10, "layers": 10, "width": 1000, "vocabulary": 10000}
    # 16e9 / 4 of states, 4e9 of frozen weights, 10 x 100 x (20,000 + 80,000) of a batch
    assert mcio(tmp_path, **sizes, **texts, **batch)["Memory of each GPU, in training"] == "8.1 GB of 24 GB"


def test_an_unknown_kind_of_costs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    text = MCIO.read_text(encoding="utf-8").replace("costs: joint", "costs: joined")
    (tmp_path / "profiles/mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(config.ConfigError, match=r"mine\.yaml: plan: unknown kind of costs 'joined'\. Did you mean 'joint'"):
        plan.run(argparse.Namespace(profile="mine", workers=None))


def test_money_is_that_of_the_price_list(tmp_path: Path) -> None:
    """With the tokens that are printed: 2.50 and 10.00 dollars a million for gpt-4o, half of it in batches."""
    path = changed(tmp_path, gold_captions=1_000_000, asked_twice=1)
    (cost,) = [one for one in published_size.costs(published_size.read_plan(path)) if one.title == "API, gold captions"]
    basis = " ".join(cost.rests_on)
    text, image = re.search(r"(\d+) tokens of text.* and (\d+) of image", basis).groups()  # type: ignore[union-attr]
    reply = re.search(r"a caption has (\d+) tokens", basis)[1]  # type: ignore[index]
    assert int(image) == 85 + 170  # 448 pixels are one tile
    live = 1.000001 * ((int(text) + int(image)) * 2.5 + int(reply) * 10)
    assert cost.amount.startswith(f"${live:,.0f} live, ${live / 2:,.0f} in batches")


def test_generation_takes_captions_times_tokens_over_speed(tmp_path: Path) -> None:
    one, two = (amounts(changed(tmp_path, silver_captions=10**7, generated_tokens_per_s=speed)) for speed in (500, 1000))
    assert number(one["Silver captions"]) == pytest.approx(2 * number(two["Silver captions"]), rel=0.01)


def test_disk_of_crops_is_pixels_times_bytes(tmp_path: Path) -> None:
    path = changed(tmp_path, silver_captions=1_000_000, image_size=100, png_bytes_per_pixel=2)
    assert amounts(path)["Disk, crops"] == "20.0 GB"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": None}, r"mine\.yaml: plan: unknown value 'epochs'"),
        ({"epochs": 0}, r"epochs: must be a number above 0, not 0"),
        ({"epochs": "ten"}, r"epochs: must be a number above 0, not 'ten'"),
        ({"epochs": {"value": 10}}, r"epochs: must be \{value: \.\.\., from: \.\.\.\}"),
        ({"epochs": {"value": 10, "from": "papre"}}, r"epochs: unknown source 'papre'\. Did you mean 'paper'"),
        ({"annotator": "gpt-9"}, r"no price is known of 'gpt-9': add it to llm/prices\.yaml"),
    ],
)
def test_a_plan_that_lacks_something_says_what(tmp_path: Path, values: dict[str, object], message: str) -> None:
    with pytest.raises(config.ConfigError, match=message):
        amounts(changed(tmp_path, **values))


def test_a_profile_that_can_be_run_has_no_plan() -> None:
    with pytest.raises(config.ConfigError, match="fasrepro reproduce --profile tiny"):
        published_size.read_plan(ROOT / reproduce.PROFILES / "tiny.yaml")


def test_a_plan_cannot_be_run() -> None:
    with pytest.raises(config.ConfigError, match="`fasrepro plan --profile facecot` prices it"):
        reproduce.profile_params(ROOT, "facecot")

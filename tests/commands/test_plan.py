"""`fasrepro plan --profile`: what a study of a published size costs, and what each cost rests on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config
from fasrepro.commands import plan, published_size, reproduce

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / reproduce.PROFILES / "facecot.yaml"


def amounts(path: Path) -> dict[str, str]:
    return {cost.title: cost.amount for cost in published_size.costs(published_size.read_plan(path))}


def changed(folder: Path, **values: object) -> Path:
    """Return the file of a plan with other values; None takes one away."""
    content = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))
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
    assert lines == ["1 x foundation", "2 x train", f"2 at once: {plan.scheduling.clock(110.0)}"]


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

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from fasrepro.deployment import own_threshold
from fasrepro.deployment.exported import About
from fasrepro.deployment.own_threshold import Labelled, ThresholdError
from tests.exports import about as about_export
from tests.small_models import save_trained


@pytest.fixture(scope="module")
def about(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> About:
    folder = tmp_path_factory.mktemp("trained")
    save_trained(checkpoint, folder)
    return about_export(folder, "adapter")


def rows(bona_fide: list[float], attack: list[float], people: int = 100) -> list[Labelled]:
    """Scored pictures, dealt out to `people` of each label."""
    return [
        Labelled(f"{label}/{number}.png", label, f"{label}-{number % people}", score)
        for label, scores in enumerate((bona_fide, attack))
        for number, score in enumerate(scores)
    ]


LOW, HIGH = [number / 100 for number in range(20)], [0.5 + number / 100 for number in range(20)]


def test_the_threshold_lies_between_labels_that_scores_separate(about: About) -> None:
    own = own_threshold.choose(rows(LOW, HIGH), {"attack": {"no_face": 3}}, about)
    assert own.value == pytest.approx((0.19 + 0.5) / 2)
    assert (own.eer.value, own.auc.value) == (0, 1)
    assert own.threshold.low is not None and own.threshold.low <= own.value <= own.threshold.high
    assert own_threshold.warnings(own) == []
    assert own.source == "your own 20 bona fide and 20 attack"
    assert "attack: 20 pictures of 20 people, 3 no_face" in own_threshold.text(own)


def test_errors_are_equal_at_the_threshold(about: About) -> None:
    # Two bona fide pictures among the attacks' scores and two attacks among the others': 2 of 20 wrong either way.
    own = own_threshold.choose(rows([*LOW[2:], 0.8, 0.9], [*HIGH[2:], 0.01, 0.02]), {}, about)
    assert own.eer.value == pytest.approx(0.1)
    assert own.eer.low is not None and own.eer.low < 0.1 < own.eer.high


@pytest.mark.parametrize("label", [0, 1])
def test_too_few_pictures_of_a_label_are_refused(about: About, label: int) -> None:
    scores = [LOW, HIGH]
    scores[label] = scores[label][:19]
    name = ("bona fide", "attack")[label]
    with pytest.raises(ThresholdError, match=f"19 scored {name} pictures, 2 too_small: a threshold needs at least 20"):
        own_threshold.choose(rows(*scores), {name: {"too_small": 2}}, about)


def test_few_people_are_warned_about_and_one_has_no_interval(about: About) -> None:
    few = own_threshold.choose(rows(LOW, HIGH, people=5), {}, about)
    assert any("show 5 people" in sentence for sentence in own_threshold.warnings(few))
    one = own_threshold.choose([dataclasses.replace(row, person="ann") for row in rows(LOW, HIGH)], {}, about)
    assert (one.threshold.low, one.value) == (None, few.value)


def test_scores_that_do_not_separate_are_warned_about(about: About) -> None:
    own = own_threshold.choose(rows(LOW, LOW), {}, about)
    assert any("no threshold helps" in sentence for sentence in own_threshold.warnings(own))


def test_a_file_is_read_as_it_was_written_and_by_its_model_alone(about: About, tmp_path: Path) -> None:
    own = own_threshold.choose(rows(LOW, HIGH), {}, about)
    path = tmp_path / "threshold.json"
    own_threshold.write(path, own)
    assert own_threshold.read(path, dataclasses.replace(about, job="the same weights under another name")) == own
    with pytest.raises(ThresholdError, match="chosen on the scores of another model"):
        own_threshold.read(path, dataclasses.replace(about, files={"head.safetensors": "0"}))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (None, "no such file; `fasrepro threshold` writes it"),
        ("half {", "not JSON"),
        ("[]", "no threshold of format 1"),
        ({"format": 2}, "no threshold of format 1"),
        ({"threshold": {"value": None, "low": None, "high": None}}, "holds no threshold"),
        ({"counts": {}}, "holds no threshold of both labels"),
        ({"thresh": 1}, "unknown key 'thresh'"),
    ],
)
def test_a_broken_file_is_refused(about: About, tmp_path: Path, change: object, fault: str) -> None:
    path = tmp_path / "threshold.json"
    if isinstance(change, str):
        path.write_text(change)
    elif change is not None:
        own_threshold.write(path, own_threshold.choose(rows(LOW, HIGH), {}, about))
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ThresholdError, match=fault):
        own_threshold.read(path, about)

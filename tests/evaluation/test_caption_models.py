"""What is said of a caption model: figures by hand, the shift that tells bias from sight, and the gate."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.evaluation import caption_models
from fasrepro.evaluation.caption_models import FaceTexts
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import EvaluationSettings
from fasrepro.evaluation.results.caption_models import Gate, PartFigures
from tests.faces import face

SETTINGS = EvaluationSettings(replicates=200, confidence=0.9, seed=1, digits=6)
GATE = Gate(parse_rate=0.7, min_accuracy=0.7, max_accuracy=0.9, auc=0.9, mixed=0.5)
DOTS = "<Reasoning>A dotted print pattern on the skin. A wall behind.</Reasoning>"


def row(number: int, species: str, verdict: int, samples: tuple[int, ...], odds: float, text: str = DOTS) -> FaceTexts:
    shown = face(f"wfas/{number}", species, subject=f"wfas/{number % 3}")
    present = frozenset() if species == "bona_fide" else frozenset({"halftone", "paper_border"})
    return FaceTexts(shown, text, verdict, samples, odds, present)


ROWS = [
    row(0, "bona_fide", 0, (0, 0, 0, 0), -2.0),
    row(1, "bona_fide", 1, (1, 1, 0, -1), 1.0),
    row(2, "bona_fide", -1, (0, 0, 1, -1), -1.0),
    row(3, "print", 1, (1, 1, 1, 1), 2.0),
    row(4, "print", 1, (0, 0, 0, -1), 0.5, text="<Reasoning>Soft light.</Reasoning>"),
]


def figures(rows: list[FaceTexts] = ROWS) -> PartFigures:
    return caption_models.summarise(rows, {"a wall behind."}, SETTINGS, "test")


def values(part: PartFigures) -> dict[str, float | None]:
    return {name: figure.value for name, figure in part.figures.items()}


def test_figures_are_those_counted_by_hand() -> None:
    part = figures()
    assert values(part) == pytest.approx(
        {
            "parse_rate": 4 / 5,
            "accuracy": (1 / 2 + 2 / 2) / 2,
            "accuracy_all": 4 / 5 * 3 / 4,
            "auc": 5 / 6,
            "mixed": 2 / 5,
            "success": (1 + 1 / 4 + 2 / 4 + 1 + 0) / 5,
            "majority": (2 / 3 + 1 / 2) / 2,
            "precision": 1.0,
            "recall": 1 / 4,
            "distinct": 2 / 5,
            "copied": 4 / 9,
            "exploited": 0.0,
        }
    )
    assert part.successes == pytest.approx([0.2, 0.2, 0.2, 0.0, 0.4])
    assert (part.counts.bona_fide, part.counts.attack, part.counts.subjects) == (3, 2, 3)
    assert set(values(part)) == set(caption_models.TITLES)


def test_texts_that_a_lenient_reward_takes_whatever_the_label_are_counted() -> None:
    rows = [dataclasses.replace(one, exploits=number < 2) for number, one in enumerate(ROWS)]
    assert values(figures(rows))["exploited"] == pytest.approx(2 / 5)


def test_what_nobody_knows_or_draws_has_no_figure() -> None:
    bare = [dataclasses.replace(one, present=None, samples=()) for one in ROWS]
    assert set(caption_models.TITLES) - set(values(figures(bare))) == {"precision", "recall", "mixed", "success", "majority"}
    assert figures(bare).successes == []


def test_faces_of_one_label_are_refused() -> None:
    with pytest.raises(MetricError, match="no attack rows"):
        figures(ROWS[:3])


def test_a_biased_model_that_sees_is_put_right_by_a_shift_and_a_blind_one_is_not() -> None:
    sees = [dataclasses.replace(one, verdict=1, attack_log_odds=5.0 + 3.0 * int(one.face.label)) for one in ROWS]
    shift = caption_models.best_shift(sees)
    assert 5.0 < shift < 8.0
    assert values(figures(caption_models.shifted(sees, shift)))["accuracy"] == 1.0
    blind = [dataclasses.replace(one, verdict=1, attack_log_odds=5.0) for one in ROWS]
    assert values(figures(caption_models.shifted(blind, caption_models.best_shift(blind))))["accuracy"] == 0.5


@given(st.lists(st.floats(-9, 9), min_size=5, max_size=5))
def test_a_shift_is_as_good_as_any_threshold_and_changes_no_order(odds: list[float]) -> None:
    rows = [dataclasses.replace(one, verdict=0, attack_log_odds=odd) for one, odd in zip(ROWS, odds, strict=True)]
    shift = caption_models.best_shift(rows)
    best = values(figures(caption_models.shifted(rows, shift)))
    for threshold in odds:
        other = values(figures(caption_models.shifted(rows, threshold)))
        assert (best["accuracy"] or 0) >= (other["accuracy"] or 0) - 1e-12
    assert best["auc"] == values(figures(rows))["auc"]


def test_the_gate_names_what_is_missed() -> None:
    assert caption_models.missed(figures(), GATE) == [
        "AUC of the conclusion's log-odds: 0.83, asked is at least 0.90",
        "faces with mixed outcomes: 0.40, asked is at least 0.50",
    ]
    passed = Gate(parse_rate=0.8, min_accuracy=0.7, max_accuracy=0.8, auc=0.8, mixed=0.4)
    assert caption_models.missed(figures(), passed) == []
    ceiling = dataclasses.replace(passed, min_accuracy=0.5, max_accuracy=0.7)
    assert caption_models.missed(figures(), ceiling) == ["balanced accuracy, given the form: 0.75, asked is 0.50 to 0.70"]

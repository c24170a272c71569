"""Readers, head and each other, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from fasrepro.evaluation.analyses import verdict_agreement
from fasrepro.evaluation.analyses.verdict_agreement import Verdicts
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings
from fasrepro.evaluation.results.explanations import CellAgreement, ExplanationCounts
from fasrepro.rows.captions import Verdict
from tests.faces import face

A, B, U = Verdict.ATTACK, Verdict.BONA_FIDE, Verdict.UNDECIDED
LABELS = (1, 1, 1, 0, 0, 0)
FACES = [
    face(f"msu/{number}", "print" if label else "bona_fide", subject=f"msu/{number % 3}") for number, label in enumerate(LABELS)
]
IDS = [one.face_id for one in FACES]


def verdicts_of(by_channel: dict[str, list[Verdict | None]], head: tuple[int, ...] = LABELS, unparsed: int = 0) -> Verdicts:
    """Return the rows of six faces; None is a text that was not read, and the first `unparsed` texts have no form."""
    verdicts = {
        channel: {face_id: verdict for face_id, verdict in zip(IDS, values, strict=True) if verdict}
        for channel, values in by_channel.items()
    }
    head_by_face = dict(zip(IDS, map(bool, head), strict=True))
    unparsed_by_face = {face_id: number < unparsed for number, face_id in enumerate(IDS)}
    return verdict_agreement.gather(FACES[::-1], verdicts, head_by_face, unparsed_by_face)


def summarise(by_seed: dict[int, Verdicts], first: str = "lexical") -> CellAgreement:
    settings = EvaluationSettings(replicates=50, confidence=0.95, seed=1, digits=6)
    return verdict_agreement.summarise(by_seed, first, Cell("oci_m", "vanilla", "msu", "oci_m"), settings)


def test_figures_by_hand() -> None:
    one = verdicts_of(
        {"lexical": [A, A, B, B, B, U], "lexical_cut": [A, U, U, B, U, U], "api": [A, None, B, B, None, A]}, unparsed=3
    )
    two = verdicts_of({"lexical": [A, A, A, B, B, B], "lexical_cut": [A, A, A, B, B, B], "api": [A, None, A, B, None, B]})
    report = summarise({0: one, 1: two})
    values = {name: {k: v.value for k, v in channel.figures.items()} for name, channel in report.channels.items()}
    # Seed 0: 2 of 3 attacks and 2 of 3 bona fide faces are read correctly, one of six is undecided. The head is correct
    # everywhere, so one of the five decided verdicts differs from it. Seed 1: all are correct.
    assert values["lexical"] == pytest.approx(
        {"accuracy": (4 / 6 + 1) / 2, "hter": (1 / 3 + 0) / 2, "undecided": (1 / 6) / 2, "disagreement": (1 / 5) / 2}
    )
    assert values["lexical_cut"]["undecided"] == pytest.approx((4 / 6) / 2)
    # The api reads four: in seed 0 A B B A against A B B U, observed 3/4, chance (1*2 + 2*2) / 16.
    assert values["api"]["kappa"] == pytest.approx(((3 / 4 - 6 / 16) / (1 - 6 / 16) + 1) / 2)
    assert values["api"]["accuracy"] == pytest.approx((2 / 4 + 1) / 2)
    assert values["api"]["disagreement"] == pytest.approx((2 / 4 + 0) / 2)
    assert report.channels["api"].read == 4
    assert report.unparsed == pytest.approx(0.25)
    assert report.counts == ExplanationCounts(explanations=6, subjects=3, seeds=2)
    accuracy = report.channels["lexical"].figures["accuracy"]
    assert accuracy.low <= (4 / 6 + 1) / 2 <= accuracy.high


def test_kappa_is_of_texts_that_both_readers_read() -> None:
    one = verdicts_of({"lexical": [A, A, B, B, B, U], "api": [A, None, B, B, None, B]})
    # A B B U against A B B B: observed 3/4, chance (1*1 + 2*3) / 16. The order of the two readers does not matter.
    expected = pytest.approx((3 / 4 - 7 / 16) / (1 - 7 / 16))
    assert summarise({0: one}, "lexical").channels["api"].figures["kappa"].value == expected
    assert summarise({0: one}, "api").channels["lexical"].figures["kappa"].value == expected
    nothing_shared = verdicts_of({"lexical": [A, None, None, B, None, None], "api": [None, A, B, None, B, A]})
    assert summarise({0: nothing_shared}, "api").channels["lexical"].figures["kappa"].value is None


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1])), min_size=2, max_size=30))
def test_kappa_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    ours = verdict_agreement.kappa(first, second, np.ones((1, len(pairs))))[0]
    if len(set(first) | set(second)) == 1:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second))
    twice = verdict_agreement.kappa(first, second, np.full((1, len(pairs)), 2.0))[0]
    assert twice == pytest.approx(ours, nan_ok=True)


def test_a_channel_that_read_one_label_is_omitted() -> None:
    assert summarise({0: verdicts_of({"lexical": [A, A, A, None, None, None]})}).channels == {}
    assert summarise({0: verdicts_of({"lexical": [None] * 6})}).channels == {}


def test_a_reader_that_decides_nothing_has_no_disagreement() -> None:
    figures = summarise({0: verdicts_of({"lexical": [U] * 6})}).channels["lexical"].figures
    assert figures["disagreement"].value is None
    assert figures["accuracy"].value == 0.0


def test_captions_without_a_form_have_no_unparsed_share() -> None:
    rows = verdict_agreement.gather(FACES, {}, dict.fromkeys(IDS, True), None)
    assert summarise({0: rows}).unparsed is None


def test_seeds_that_explain_different_faces_are_refused() -> None:
    other = verdict_agreement.gather(FACES[:1], {}, {IDS[0]: True}, None)
    with pytest.raises(MetricError, match="oci_m-vanilla: seed 1 explains other faces than seed 0"):
        summarise({0: verdicts_of({"lexical": [U] * 6}), 1: other})

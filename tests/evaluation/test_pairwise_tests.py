"""Which rows there are, what they are adjusted over, and that what cannot be told is None."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import pairwise_tests
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.pairwise_tests import Decisions
from tests import layout

LABELS = np.repeat([0, 1], 8)
IDS = np.array([f"video{number:02}" for number in range(16)])


def missing(attacks: int, scores: bool = True) -> Decisions:
    """Return decisions that miss the first `attacks` attacks, by a score below every bona fide video's, and are else right."""
    decided = LABELS.copy()
    decided[8 : 8 + attacks] = 0
    order = np.linspace(0.2, 0.3, 16) + 0.5 * decided - 0.2 * (decided != LABELS)
    return Decisions(IDS, LABELS, decided, order if scores else None)


def test_a_row_a_protocol_pair_channel_and_seed_that_both_have() -> None:
    found = {
        ("oci_m", "a"): {("head", 0): missing(0), ("head", 1): missing(1), ("lexical", 0): missing(2, scores=False)},
        ("oci_m", "b"): {("head", 0): missing(2), ("head", 2): missing(1), ("lexical", 0): missing(3, scores=False)},
    }
    head, read = pairwise_tests.rows(found, [("oci_m", "b", "a")])
    assert [head[key] for key in ("protocol", "run", "baseline", "channel", "seed")] == ["oci_m", "b", "a", "head", 0]
    assert head["attack"] == head["all"] == {"run_only": 0, "baseline_only": 2, "p": 0.5, "p_holm": 0.5}
    assert head["bona_fide"] == {"run_only": 0, "baseline_only": 0, "p": 1.0, "p_holm": 1.0}
    assert head["auc"]["difference"] == pytest.approx(-2 / 8)  # two of eight attacks stand below all bona fide videos
    assert 0 < head["auc"]["p"] == head["auc"]["p_holm"] < 1
    assert (read["channel"], read["attack"]["baseline_only"]) == ("lexical", 1)
    assert "auc" not in read


def test_p_is_adjusted_over_protocols_alone() -> None:
    found = {}
    for protocol, missed in (("oci_m", 6), ("ocm_i", 7), ("omi_c", 1)):
        for seed in (0, 1):
            found.setdefault((protocol, "a"), {})["head", seed] = missing(0)
            found.setdefault((protocol, "b"), {})["head", seed] = missing(missed if seed == 0 else 8)
    rows = pairwise_tests.rows(found, [(protocol, "b", "a") for protocol in ("oci_m", "ocm_i", "omi_c")])
    adjusted = {row["protocol"]: (row["attack"]["p"], row["attack"]["p_holm"]) for row in rows if row["seed"] == 0}
    assert adjusted == {"oci_m": (2 / 2**6, 2 * 2 / 2**6), "ocm_i": (2 / 2**7, 3 * 2 / 2**7), "omi_c": (1.0, 1.0)}
    assert {row["attack"]["p_holm"] for row in rows if row["seed"] == 1} == {3 * 2 / 2**8}


def test_what_cannot_be_told_is_none() -> None:
    inverted = Decisions(IDS, LABELS, 1 - LABELS, 1.0 - LABELS)
    found = {("oci_m", "a"): {("head", 0): Decisions(IDS, LABELS, LABELS, LABELS * 1.0)}, ("oci_m", "b"): {("head", 0): inverted}}
    (row,) = pairwise_tests.rows(found, [("oci_m", "b", "a")])
    assert row["auc"] == {"difference": -1.0, "p": None, "p_holm": None}


def test_runs_that_were_judged_on_other_videos_are_named() -> None:
    other = Decisions(IDS[::-1], LABELS, LABELS, None)
    found = {("oci_m", "a"): {("api", 0): missing(0, scores=False)}, ("oci_m", "b"): {("api", 0): other}}
    with pytest.raises(MetricError, match="oci_m, api: b and a were judged on different videos"):
        pairwise_tests.rows(found, [("oci_m", "b", "a")])


def test_a_score_at_the_threshold_is_an_attack() -> None:
    columns = Columns(IDS[:3], LABELS[:3], IDS[:3], IDS[:3], IDS[:3], np.array([0.4, 0.5, 0.6]))
    assert pairwise_tests.of_scores(columns, 0.5).decided.tolist() == [0, 1, 1]
    assert pairwise_tests.of_verdicts(columns).scores is None


def test_nothing_is_compared_with_nothing() -> None:
    assert pairwise_tests.rows({}, []) == []


def test_these_modules_import_no_model() -> None:
    modules = layout.closure("fasrepro.evaluation.pairwise_tests")
    assert "fasrepro.evaluation.inference" in modules
    assert not {name.split(".")[0] for module in modules for name in layout.imported(module)} & {"torch", "transformers"}

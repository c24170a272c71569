"""The ledger's rule on intervals whose verdict is plain, and its rows from metrics."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro.report import claims, ledger, published


@pytest.mark.parametrize(
    ("metric", "low", "high", "margin", "loses", "wanted"),
    [
        ("hter_dev", -0.2, -0.1, 0.0, False, "mechanism seen"),  # an error went down
        ("hter_dev", 0.1, 0.2, 0.0, False, "opposite seen"),
        ("hter_dev", -0.2, 0.1, 0.0, False, "undecided"),
        ("hter_dev", -0.2, -0.1, 0.15, False, "undecided"),  # not beyond the margin
        ("hter_dev", -0.2, -0.16, 0.15, False, "mechanism seen"),
        ("hter_dev", -0.1, 0.0, 0.0, False, "undecided"),  # touching zero is not beyond it
        ("auc", 0.1, 0.2, 0.0, False, "mechanism seen"),  # more is better
        ("auc", -0.2, -0.1, 0.0, False, "opposite seen"),
        ("hter", 0.1, 0.2, 0.0, True, "mechanism seen"),  # the claim is that the run does worse
        ("accuracy", -0.2, -0.1, 0.0, True, "mechanism seen"),
        ("hter_dev", None, None, 0.0, False, "undecided"),
    ],
)
def test_verdicts(metric: str, low: float | None, high: float | None, margin: float, loses: bool, wanted: str) -> None:
    assert ledger.verdict(metric, low, high, margin, "synthetic", loses) == wanted


def test_words_on_licensed_archives() -> None:
    found = [ledger.verdict("hter_dev", low, high, 0.0, "licensed") for low, high in ((-2, -1), (1, 2), (-1, 1))]
    assert found == ["reproduced", "not reproduced", "cannot be told"]


def row(protocol: str, low: float, high: float, **changes: Any) -> dict[str, Any]:
    base = {
        "run": "reasoning",
        "baseline": "vanilla",
        "metric": "hter_dev",
        "level": "video",
        "channel": "head",
        "seeds": 1,
        "subjects": 8,
        "transfer": False,
    }
    return {**base, "protocol": protocol, "difference": (low + high) / 2, "low": low, "high": high, **changes}


def metrics(*rows: dict[str, Any]) -> dict[str, Any]:
    evaluation = {"replicates": 321, "confidence": 0.9, "seed": 0, "digits": 6}
    return {
        "jobs": {},
        "paired": list(rows),
        "settings": {
            "evaluation": evaluation,
            "ledger": {"metric": "hter_dev", "margin": 0.07, "min_seeds": 1, "min_subjects": 3},
        },
    }


def test_a_claim_has_a_row_for_each_protocol_and_their_mean_last() -> None:
    given = metrics(
        row("mean", -0.2, -0.1, protocols=["oci_m", "ocm_i"]),
        row("ocm_i", -0.2, 0.1),
        row("oci_m", 0.1, 0.2),
        row("oci_m", -0.9, -0.8, level="frame"),
        row("oci_m", -0.9, -0.8, metric="auc"),
    )
    found = ledger.of_pairs(claims.CLAIMS[0], {"metrics": given}, published.load(), "synthetic", ["lexical"])
    assert [(r.scope, r.verdict) for r in found] == [
        ("oci_m", "opposite seen"),
        ("ocm_i", "undecided"),
        ("mean of oci_m, ocm_i", "mechanism seen"),
    ]
    assert found[0].paper == "HTER 0.19 [2] → 0.16 [2] (Table 1)"
    assert found[0].test == "paired bootstrap, 8 subjects, 1 seed"


def test_a_difference_that_is_stored_the_other_way_round_is_turned() -> None:
    turned = row("oci_m", 0.1, 0.3, run="vanilla", baseline="reasoning")
    (found,) = ledger.of_pairs(claims.CLAIMS[0], {"metrics": metrics(turned)}, published.load(), "synthetic", ["lexical"])
    assert (found.difference, found.low, found.high, found.verdict) == (-0.2, -0.3, -0.1, "mechanism seen")


@pytest.mark.parametrize(("seeds", "subjects", "wanted"), [(3, 8, "mechanism seen"), (2, 8, "undecided"), (3, 7, "undecided")])
def test_few_seeds_or_subjects_decide_nothing(seeds: int, subjects: int, wanted: str) -> None:
    given = metrics(row("oci_m", -0.3, -0.2, seeds=seeds, subjects=subjects))
    given["settings"]["ledger"] |= {"min_seeds": 3, "min_subjects": 8}
    (found,) = ledger.of_pairs(claims.CLAIMS[0], {"metrics": given}, published.load(), "synthetic", ["lexical"])
    assert found.verdict == wanted


def rows(given: dict[str, Any], grounding: dict[str, Any] | None = None, synthetic: bool = True) -> list[ledger.LedgerRow]:
    return ledger.rows({"metrics": given, "grounding": grounding or {}}, published.load(), synthetic, ["lexical", "tfidf"])


def test_a_claim_that_no_result_speaks_to_is_not_run_and_one_that_none_can_says_why() -> None:
    found = {r.claim.id: r for r in rows(metrics())}
    assert len([name for name in found if name.startswith("P1-")]) >= 12
    assert {r.verdict for r in found.values()} == {"not run", "not tested"}
    assert found["P1-3"].test == "no results of reasoning beside vanilla on another target"
    assert found["P1-1"].test == "no results of reasoning beside vanilla"
    assert found["P1-6"].test == "no explanations of reasoning on images whose cues are known"
    untested = [r for r in found.values() if r.verdict == "not tested"]
    assert all(len(r.test) > 10 and "{" not in r.test for r in untested)
    assert published.load()["safas_loo_hter"].shown in found["P1-5"].test


@pytest.mark.parametrize(
    ("low", "high", "seeds", "wanted"),
    [(0.1, 0.3, 3, "mechanism seen"), (-0.3, -0.1, 3, "opposite seen"), (-0.1, 0.3, 3, "undecided"), (0.1, 0.3, 1, "undecided")],
)
def test_grounding_is_the_difference_from_the_sampler(low: float, high: float, seeds: int, wanted: str) -> None:
    job = {
        "protocol": "oci_m",
        "run": "reasoning",
        "difference": {"f1": {"value": (low + high) / 2, "low": low, "high": high}},
        "counts": {"attack": 9, "bona_fide": 3, "subjects": 8, "seeds": seeds},
    }
    given = metrics()
    given["settings"]["ledger"] |= {"min_seeds": 3}
    found = [r for r in rows(given, {"oci_m-reasoning": job, "oci_m-vanilla": {**job, "run": "vanilla"}}) if r.claim.id == "P1-6"]
    assert [(r.scope, r.verdict) for r in found] == [("oci_m", wanted)]


def test_grounding_on_another_target_is_no_second_look_at_the_same_models() -> None:
    one = {"run": "reasoning", "difference": {"f1": {"value": 0.2, "low": 0.1, "high": 0.3}}}
    one["counts"] = {"attack": 9, "bona_fide": 3, "subjects": 8, "seeds": 3}
    given = metrics()
    places = ("oci_m", "oci_w", "moci_w")
    given["jobs"] = {name: {"protocol": name, "transfer": name == "oci_w"} for name in places}
    found = rows(given, {f"{name}-reasoning": {**one, "protocol": name} for name in places})
    assert [r.scope for r in found if r.claim.id == "P1-6"] == ["oci_m"]


def test_a_reading_is_told_by_frame_and_its_mean_also_by_video_and_without_undecided_texts() -> None:
    both = [("hter", 0.1), ("hter_decided", -0.3)]
    reading = {"channel": "lexical", "level": "frame"}
    given = [row("oci_m", low, low + 0.1, metric=metric, **reading) for metric, low in both]
    given += [row("mean", low, low + 0.1, metric=metric, protocols=["oci_m", "ocm_i"], **reading) for metric, low in both]
    by_video = {"metric": "hter", "channel": "lexical"}
    given += [row("oci_m", 0.5, 0.6, **by_video), row("mean", 0.7, 0.8, protocols=["oci_m", "ocm_i"], **by_video)]
    found = [r for r in rows(metrics(*given)) if r.claim.id == "P1-2"]
    assert [(ledger.measured(r), r.scope, r.low) for r in found] == [
        ("reader's HTER, undecided wrong, by frame (lexical)", "oci_m", 0.1),
        ("reader's HTER, undecided wrong, by frame (lexical)", "mean of oci_m, ocm_i", 0.1),
        ("reader's HTER, decided only, by frame (lexical)", "mean of oci_m, ocm_i", -0.3),
        ("reader's HTER, undecided wrong, by video (lexical)", "mean of oci_m, ocm_i", 0.7),
    ]
    assert ledger.published_at(found) is found[1]  # the paper's figure is a mean over protocols


def test_a_published_figure_stands_at_the_protocol_that_it_is_about() -> None:
    reading = {"channel": "lexical", "metric": "hter", "level": "frame", "transfer": True}
    given = metrics(*(row(name, 0.1, 0.2, **reading) for name in ("icm_w", "omi_w")))
    assert ledger.published_at([r for r in rows(given) if r.claim.id == "P1-3"]).scope == "omi_w"
    assert ledger.published_at([r for r in rows(metrics()) if r.claim.id == "P1-3"]).verdict == "not run"


def test_a_simulated_reader_decides_nothing() -> None:
    reading = {"metric": "hter", "level": "frame"}
    given = metrics(row("oci_m", 0.1, 0.2, channel="api", **reading), row("oci_m", -0.2, -0.1, channel="lexical", **reading))
    assert [(r.channel, r.verdict) for r in rows(given) if r.claim.id == "P1-2"] == [("lexical", "mechanism seen")]


def test_what_was_trained_for_another_target_speaks_to_claims_about_that_alone() -> None:
    reading = {"channel": "lexical", "metric": "hter", "level": "frame"}
    given = metrics(row("oci_m", 0.1, 0.2, **reading), row("oci_w", 0.1, 0.2, transfer=True, **reading))
    found = rows(given)
    assert [(r.scope, r.verdict) for r in found if r.claim.id == "P1-2"] == [("oci_m", "opposite seen")]
    assert [(r.scope, r.verdict) for r in found if r.claim.id == "P1-3"] == [("oci_w", "mechanism seen")]


def test_means_of_other_sources_stand_behind_the_one_over_most_protocols_and_all_four_speak_to_another_data_set() -> None:
    given = metrics(
        row("mi_c", 0.1, 0.2),
        row("mean", 0.1, 0.2, protocols=["mi_c", "mi_o"]),
        row("mean", -0.2, -0.1, protocols=["oci_m", "omi_c", "ocm_i"]),
        row("moci_w", 0.1, 0.2),
    )
    scopes = [r.scope for r in rows(given) if r.claim.id == "P1-1"]
    assert scopes == ["mi_c", "mean of oci_m, omi_c, ocm_i", "mean of mi_c, mi_o"]
    reading = {"channel": "lexical", "metric": "hter", "level": "frame"}
    given = metrics(row("moci_w", 0.1, 0.2, **reading), row("oci_w", 0.1, 0.2, transfer=True, **reading))
    assert [r.scope for r in rows(given) if r.claim.id == "P1-3"] == ["moci_w", "oci_w"]


def test_the_first_reader_stands_first() -> None:
    reading = {"metric": "hter", "level": "frame"}
    given = metrics(row("oci_m", 0.1, 0.2, channel="api", **reading), row("oci_m", -0.2, -0.1, channel="lexical", **reading))
    results = {"metrics": given}
    found = ledger.of_pairs(claims.CLAIMS[1], results, published.load(), "synthetic", ["lexical", "api"])
    assert [r.channel for r in found] == ["lexical", "api"]


def test_a_control_of_ours_is_neither_reproduced_nor_has_a_published_figure() -> None:
    given = metrics(row("oci_m", -0.3, -0.2, run="vanilla", baseline="label_only"))
    (control,) = [r for r in rows(given, synthetic=False) if r.claim.id == "C-1"]
    assert (control.paper, control.verdict) == ("a control of ours", "mechanism seen")


def test_the_rule_says_what_the_params_say() -> None:
    text = ledger.rule(metrics()["settings"], "synthetic")
    for word in ("90 %", "321", "more than 0.07 beyond zero", "(hter_dev)", "mechanism seen", "opposite seen", "undecided"):
        assert word in text


def test_how_much_chance_decides_is_told() -> None:
    given = metrics(row("oci_m", 0.1, 0.2), row("ocm_i", 0.1, 0.2))
    assert "of the 2 intervals below, 0.2 or" in ledger.chance(given["settings"], rows(given))


def test_a_margin_of_nothing_is_not_spoken_of() -> None:
    settings = copy.deepcopy(metrics()["settings"])
    settings["ledger"]["margin"] = 0.0
    assert "the whole interval lies beyond zero" in ledger.rule(settings, "synthetic")


def test_a_real_summary_fills_the_ledger(world: SimpleNamespace) -> None:
    found = rows(world.metrics)
    by_id = {name: [r for r in found if r.claim.id == name] for name in ("P1-1", "P1-2", "P1-3", "P1-4", "C-1")}
    # Two protocols and their mean; of readings, one reader that counts, the mean with undecided texts left out and that by video.
    assert [len(by_id[name]) for name in by_id] == [3, 5, 1, 5, 3]
    assert {r.verdict for r in found} <= {*ledger.WORDS["synthetic"], "not run", "not tested"}

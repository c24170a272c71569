"""Claims are data: every name in them exists."""

from __future__ import annotations

from fasrepro import config, vocabulary
from fasrepro.archives import ARCHIVES
from fasrepro.datasets import DATASETS
from fasrepro.evaluation.analyses import fairness
from fasrepro.evaluation.metrics import ALL_METRICS
from fasrepro.evaluation.results.explanations import SAMPLER
from fasrepro.report import caption_models, claims, eleven_targets, published
from fasrepro.report.claims import ledger, paper2, verdicts
from fasrepro.report.claims.claim import Claim
from tests.layout import ROOT

WITHOUT_RESULTS = ("none", "not run")
BY_GROUP = ("gaps", "conditions")
EXPLAINED = (*WITHOUT_RESULTS, "sources", "edits")  # whose rows say why they are open
OF_RUNS = ("paired", "some targets", "count of targets", "resolution", "sources")
ON_TARGETS = (*OF_RUNS, "caption detectors")


def test_every_claim_has_its_own_id_and_a_known_test() -> None:
    ids = [claim.id for claim in claims.CLAIMS]
    assert len(ids) == len(set(ids))
    assert {claim.test for claim in claims.CLAIMS} <= set(ledger.TESTS)
    assert all(bool(claim.reason) == (claim.test in EXPLAINED) for claim in claims.CLAIMS)


def test_every_claim_names_known_figures_runs_targets_and_metrics() -> None:
    figures, runs = published.load(), config.load("runs", path=ROOT / "params.yaml").runs
    assert all(name in figures for claim in claims.CLAIMS for name in claim.published)
    of_runs = [claim for claim in claims.CLAIMS if claim.test in (*OF_RUNS, "losses", "pairs")]
    named = {name for claim in of_runs for pair in pairs(claim) for name in pair}
    assert named <= {*runs, SAMPLER, ""}
    assert {target for claim in claims.CLAIMS for target in claim.targets} <= set(DATASETS)
    measured = {claim.metric for claim in claims.CLAIMS} | {metric for claim in claims.CLAIMS for metric, _ in claim.also}
    assert measured <= {*ALL_METRICS, *verdicts.CAPTION_FIGURES, *verdicts.CAPTION_FAULTS, ""}


def test_every_claim_about_caption_models_names_entries_and_figures_of_theirs() -> None:
    params = config.load("captioners", "caption_models", path=ROOT / "params.yaml")
    entries = {*params.captioners, *(f"{name}_shifted" for name in params.caption_models.shifted)}
    about = [claim for claim in claims.CLAIMS if claim.test == "caption models"]
    as_detectors = [claim for claim in claims.CLAIMS if claim.test == "caption detectors"]
    assert {name for claim in (*about, *as_detectors) for pair in pairs(claim) for name in pair} <= entries
    figures = {*verdicts.CAPTION_FIGURES, *verdicts.CAPTION_FAULTS}
    assert {claim.metric for claim in about} <= figures <= set(caption_models.TITLES)


def pairs(claim: Claim) -> list[tuple[str, str]]:
    return [(claim.run, claim.baseline), *claim.beside]


def test_every_claim_that_results_test_names_its_targets() -> None:
    assert all(bool(claim.targets) == (claim.test in (*ON_TARGETS, *BY_GROUP)) for claim in claims.CLAIMS)


def test_claims_about_groups_name_attributes_of_the_analysis() -> None:
    assert all(bool(claim.groups) == (claim.test in BY_GROUP) for claim in claims.CLAIMS)
    assert {attribute for claim in claims.CLAIMS for attribute, _ in claim.groups} <= fairness.ATTRIBUTES.keys()


def test_every_claim_names_known_protocols_and_profiles() -> None:
    assert {protocol for claim in claims.CLAIMS for protocol in claim.protocols} <= {
        *paper2.PROTOCOLS,
        *paper2.LEAVE_ONE_OUT_PROTOCOLS,
    }
    profiles = {path.stem for path in (ROOT / "profiles").glob("*.yaml")}
    assert {claim.profile for claim in claims.CLAIMS} <= {*profiles, ""}
    assert paper2.PROTOCOLS == eleven_targets.PROTOCOLS


def test_new_masks_are_of_kinds_that_neither_source_has() -> None:
    known = {*ARCHIVES["celeba_spoof"].PAI_SPECIES, *ARCHIVES["wfas"].PAI_SPECIES}
    for target in paper2.NEW_MASKS:
        assert not set(ARCHIVES[target].PAI_SPECIES) & known
        assert set(ARCHIVES[target].PAI_SPECIES) <= set(vocabulary.MASKS)


def test_paper_2s_claims_without_runs_say_what_decides() -> None:
    waiting = [claim for claim in claims.CLAIMS if claim.test == "not run"]
    assert [claim.id for claim in waiting] == ["P2-7"]
    assert all(claim.run and claim.baseline for claim in waiting)


def test_only_pairs_of_runs_that_a_claim_compares_are_returned_in_order() -> None:
    assert claims.compared_pairs(["reasoning", "prose", "vanilla"]) == [("reasoning", "vanilla")]
    assert claims.compared_pairs(["vanilla", "reasoning"]) == [("vanilla", "reasoning")]

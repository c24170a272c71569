from __future__ import annotations

from fasrepro import config
from fasrepro.report import claims, ledger, published
from tests.layout import ROOT


def test_every_claim_has_an_id_of_its_own_and_a_look_that_is_there() -> None:
    ids = [claim.id for claim in claims.CLAIMS]
    assert len(ids) == len(set(ids))
    assert {claim.look for claim in claims.CLAIMS} <= set(ledger.LOOKS)
    assert all(bool(claim.reason) == (claim.look == "none") for claim in claims.CLAIMS)


def test_every_claim_names_published_figures_and_runs_that_are_there() -> None:
    figures, runs = published.load(), config.load("runs", path=ROOT / "params.yaml").runs
    assert all(name in figures for claim in claims.CLAIMS for name in claim.figures)
    named = {name for claim in claims.CLAIMS for name in (claim.run, claim.baseline)}
    assert named <= {*runs, claims.SAMPLER, ""}

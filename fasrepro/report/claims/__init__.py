"""The claims ledger: claims are data, one module a paper, and `ledger` gives each its verdict by one rule."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from fasrepro.report.claims import controls, paper1, paper2
from fasrepro.report.claims.claim import Claim

CLAIMS: tuple[Claim, ...] = (*paper1.CLAIMS, *controls.CLAIMS, *paper2.CLAIMS)


def compared_pairs(runs: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of `runs` that a claim compares, each as (earlier, later) in their order.

    Many runs have far more pairs than there are questions: all others are in metrics.json, and on the pages of ablations.
    """
    pairs = {frozenset((claim.run, claim.baseline)) for claim in CLAIMS if claim.test == "paired"}
    return [pair for pair in itertools.combinations(runs, 2) if frozenset(pair) in pairs]

from __future__ import annotations

from fasrepro.report import claims, headings


def test_what_a_claim_is_about_is_told_in_words() -> None:
    measured = {claim.metric for claim in claims.CLAIMS if claim.metric} | {"hter_dev"}  # the ledger's own
    assert all(headings.words(name) != name for name in measured)
    assert headings.words("hter_dev") == "HTER, dev threshold"


def test_a_measure_without_words_keeps_its_name() -> None:
    assert headings.words("tpr_at_fpr_0.01") == "tpr_at_fpr_0.01"

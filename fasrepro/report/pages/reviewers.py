"""The page for reviewers: what to run to check each claim, with the recorded figures beside those of this machine."""

from __future__ import annotations

from collections.abc import Sequence

from fasrepro.report import comparison, eleven_targets, markdown, recorded, tables
from fasrepro.report.claims import ledger as rule
from fasrepro.report.claims import paper2
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.ledger import LedgerRow
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import ledger
from fasrepro.report.tables import interval

NEEDS = Needs(inputs=ledger.LEDGER_INPUTS, params=ledger.LEDGER_PARAMS)
NO_RECORD = "Nothing is recorded with these params: every figure is this machine's.\n"
NOT_RECORDED = "–"


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments."""
    expected, obtained = ledger.ledger_rows(material), ledger.ledger_rows(material.own)
    compared = [] if material.record is None else comparison.rows(material.record, material.own.metrics, {})
    return {
        "answer": markdown.answer(answer(compared)),
        "claims": claims_table(material, expected, obtained),
        "trainings": trainings_table(compared) if compared else NO_RECORD,
    }


def answer(compared: Sequence[comparison.Row]) -> str:
    """Return in a sentence in how many figures this machine agrees with the record."""
    if not compared:
        return NO_RECORD
    agreeing = sum(row.is_within for row in compared)
    return f"{agreeing} of the {len(compared)} figures that were computed here agree with the record, within a tolerance.\n"


def claims_table(material: Material, expected: Sequence[LedgerRow], obtained: Sequence[LedgerRow]) -> str:
    """Return a row a claim that a mean over protocols decides: what to run, and its difference in the record and here."""
    rows = []
    for claim in {row.claim.id: row.claim for row in expected}.values():
        decisive = ledger.summary_row(expected, claim.id)
        if decisive is None or decisive.difference.value is None:
            continue
        if claim.groups and (material.record is None or material.record.fairness is None):
            continue  # the study has no figures by group yet: there is nothing to expect
        own = ledger.summary_row(obtained, claim.id)
        here = tables.NONE if own is None else interval(own.difference, signed=True)
        as_recorded = interval(decisive.difference, signed=True)
        rows.append((claim.id, rule.compared(decisive), command(material, claim), as_recorded, here))
    return tables.table_or_notice(("claim", "compares", "run", "expected", "obtained here"), rows)


def command(material: Material, claim: Claim) -> str:
    """Return the command that makes the recorded difference of a claim's runs; a dash where none is recorded.

    Paper 1's is recorded with these params, paper 2's with those of its own profiles. A baseline that nobody trains, as a blind
    sampler, asks for no run.
    """
    trained = {claim.run, claim.baseline} & set(material.runs)
    if claim.id in {one.id for one in paper2.CLAIMS}:  # a row's claim may be a copy, with what it found filled in
        runs = eleven_targets.of_paper_2(material.recorded)
    else:
        runs = [one for one in material.recorded if recorded.comparable(one, material.sections)]
    for one in runs:
        if any(trained <= set(experiment.runs) for experiment in one.experiments.values()):
            return f"make reproduce PROFILE={one.profile}"
    return NOT_RECORDED


def trainings_table(compared: Sequence[comparison.Row]) -> str:
    """Return the figures that are recorded and were computed here: of each training, and means over them."""
    rows = []
    for row in compared:
        figures = (tables.number(row.recorded), tables.number(row.here), row.tolerance)
        rows.append((row.name, row.target or "all", row.measure, *figures, "yes" if row.is_within else "NO"))
    columns = ("training", "target", "figure", "expected", "obtained here", "tolerance", "agrees")
    return markdown.table(columns, rows)

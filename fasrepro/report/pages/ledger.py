"""The page of the claims ledger: every claim with its verdict, in short and in full, in other worlds, and published figures."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from fasrepro.report import claims, eleven_targets, markdown, overview, recorded, tables, worlds
from fasrepro.report.claims import ledger, paper1, paper2, verdicts
from fasrepro.report.claims.ledger import LedgerRow
from fasrepro.report.material import Material, Needs
from fasrepro.report.published import EVIDENCE, Published
from fasrepro.report.tables import interval

# What `ledger_rows` reads: pages that show a verdict need these too.
LEDGER_INPUTS = (
    "metrics",
    "grounding",
    "published",
    "recorded",
    "caption_models",
    "caption_detectors",
    "fairness",
    "training_losses",
    "pair_gains",
    "gold_report",
)
LEDGER_PARAMS = ("archives", "synthetic", "annotator", "judging", "runs")
NEEDS = Needs(inputs=LEDGER_INPUTS, params=LEDGER_PARAMS)
SIGHTS = (
    "Each mark is a run: its HTER, and the F1 of the cues that its explanations name against those in the image, means over the"
    " targets of its paper. Further left is a better detector, higher a better witness. A run that learns no captions has a mark"
    " on the axis. Dotted: captions drawn by the true label, without looking."
)
SIGHTS_ALT = "F1 of named cues against HTER, a panel a paper and a numbered mark a run"


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments."""
    rows, settings = ledger_rows(material), material.metrics.settings
    words = verdicts.SYNTHETIC if material.is_synthetic else verdicts.LICENSED
    fragments = {
        "answer": markdown.answer(verdict_counts(rows)),
        "ledger": ledger_table(rows),
        "short": short_table(rows),
        "rule": f"{ledger.rule(settings, words)}\n",
        "families": f"{ledger.families(rows)}\n",
        "rivals": overview.rivals(rows),
        "figure_sights": sight_figure(material),
        "sights": overview.sight_table(sights(material)),
        "published": published_table(material.published),
    }
    if not material.is_synthetic:
        return fragments | dict.fromkeys(("worlds", "strengths", "foundations", "recorded"), worlds.LICENSED)
    this = this_run(material)
    shown = worlds.shown(this, material.recorded)
    return fragments | {
        "worlds": worlds.verdict_table(shown, settings),
        "strengths": worlds.strength_table(shown, settings),
        "foundations": worlds.foundation_table(shown, settings),
        "recorded": worlds.recorded_table(material.recorded),
    }


def this_run(material: Material) -> recorded.Run:
    """Return the run that the book shows: what is recorded with its params, and what this machine computed beyond that."""
    world = material.params.synthetic
    return recorded.Run(
        profile="this book",
        version="",
        world=world.world,
        spurious_strength=world.spurious_strength,
        hours=None,
        untimed_stages=0,
        sections_sha256=material.sections,
        code_md5={},
        versions={},
        metrics=material.metrics,
    )


def ledger_rows(material: Material) -> list[LedgerRow]:
    """Return the ledger of the run that the book shows; paper 2's claims are tested on its own profiles' (`eleven_targets`)."""
    readers = ledger.decisive_readers(material.params.judging.readers, material.params.annotator.base_url)
    words = verdicts.SYNTHETIC if material.is_synthetic else verdicts.LICENSED
    grounding = material.grounding if material.is_synthetic else None
    metrics, groups = this_run(material).metrics, material.fairness
    evidence = ledger.Evidence(metrics, grounding, material.published, words, readers, fairness=groups)
    first = [claim for claim in claims.CLAIMS if claim not in claims.paper2.CLAIMS]
    own, *others = evidence_of_paper_2(material, evidence)
    return [*ledger.rows(evidence, first), *ledger.rows(own, claims.paper2.CLAIMS, others)]


def evidence_of_paper_2(material: Material, evidence: ledger.Evidence) -> list[ledger.Evidence]:
    """Return what paper 2's claims are tested on, in order; `evidence` of paper 1's lends what is the same for both."""
    groups, groups_source = eleven_targets.fairness(material.fairness, material.recorded)
    low = eleven_targets.of_profile(eleven_targets.LOW_RESOLUTION, own_results(material), material.recorded)
    return [
        dataclasses.replace(
            evidence,
            metrics=one.metrics,
            grounding=one.grounding,
            caption_models=one.caption_models,
            caption_source="" if one.source == eleven_targets.OWN else one.source,
            training_losses=one.training_losses,
            pair_gains=one.pair_gains,
            caption_detectors=one.caption_detectors,
            fairness=groups,
            fairness_source="" if groups_source == eleven_targets.OWN else groups_source,
            gold_report=material.gold_report,
            low_resolution=None if low is None else low.metrics,
        )
        for one in sources(material)
    ]


def sights(material: Material) -> dict[str, list[overview.Sight]]:
    """Return each run's error and the F1 of the cues that it names, by paper; without a paper of which nothing was run."""
    second, runs = paper_2(material), material.runs
    grounding = material.grounding if material.is_synthetic else None
    first = overview.sights(material.metrics, grounding, paper2.LEAVE_ONE_OUT_PROTOCOLS, paper1.LEAVE_ONE_OUT, runs)
    of_second = overview.sights(second.metrics, second.grounding, eleven_targets.PROTOCOLS[1:], paper2.TARGETS, runs)
    return {paper: own for paper, own in (("paper 1", first), ("paper 2", of_second)) if own}


def sight_figure(material: Material) -> str:
    """Draw the errors of all runs of both papers against what they name, and return the fragment that shows it."""
    papers = sights(material)
    if not papers:
        return tables.NO_RESULTS
    return material.draw("sights", lambda path: overview.draw_sights(papers, path), SIGHTS, SIGHTS_ALT)


def paper_2(material: Material) -> eleven_targets.Results:
    """Return the figures of paper 2 that the book shows."""
    return sources(material)[0]


def sources(material: Material) -> list[eleven_targets.Results]:
    """Return all figures of paper 2, this machine's first if it has any."""
    return eleven_targets.sources(own_results(material), material.recorded)


def own_results(material: Material) -> eleven_targets.Results:
    """Return this machine's figures."""
    grounding = material.grounding if material.is_synthetic else None
    return eleven_targets.Results(
        material.metrics,
        material.caption_models,
        eleven_targets.OWN,
        grounding,
        material.training_losses,
        material.pair_gains,
        material.caption_detectors,
    )


def of_claim(rows: Sequence[LedgerRow], claim: str) -> list[LedgerRow]:
    """Return the rows of one claim, by the head or by the first reader that counts."""
    own = [row for row in rows if row.claim.id == claim]
    return [row for row in own if row.channel == own[0].channel]


def summary_row(rows: Sequence[LedgerRow], claim: str) -> LedgerRow | None:
    """Return the row that decides a claim (`ledger.deciding_row`)."""
    return ledger.deciding_row([row for row in rows if row.claim.id == claim])


def answer(rows: Sequence[LedgerRow], claim: str) -> str:
    """Return what a claim's mean says, in a sentence."""
    row = summary_row(rows, claim)
    if row is None:
        counts = Counter(row.verdict for row in of_claim(rows, claim))
        listed = ", ".join(f"*{verdict}* on {count} of {counts.total()} protocols" for verdict, count in counts.most_common())
        return f"The verdict on {claim} is {listed}.\n"
    if row.difference.value is None:
        return f"{claim}: *{row.verdict}*, because {row.basis}.\n"
    difference = interval(row.difference, signed=True)
    text = f"{row.claim.run} − {row.claim.baseline} is {difference} in {ledger.measured(row)}, {row.scope}."
    return f"The verdict on {claim} is *{row.verdict}*: {markdown.escape(text)}\n"


def verdict_counts(rows: Sequence[LedgerRow]) -> str:
    """Return how many claims have which verdict, in a sentence."""
    names = list(dict.fromkeys(row.claim.id for row in rows))
    decided = [summary_row(rows, name) for name in names]
    counts = Counter(row.verdict if row else "different verdicts on different protocols" for row in decided)
    listed = ", ".join(f"{count} × *{verdict}*" for verdict, count in counts.most_common())
    return f"Of {len(names)} claims and controls: {listed}.\n"


def ledger_table(rows: Sequence[LedgerRow]) -> str:
    """Return the claims ledger: a claim's text in its first row, and the paper's figure in the row that it is about."""
    first = {row.claim.id: row for row in reversed(rows)}
    paper = {name: ledger.published_row([row for row in rows if row.claim.id == name]) for name in first}
    cells = [
        [
            row.claim.id,
            row.claim.text if row is first[row.claim.id] else "",
            row.paper if row is paper[row.claim.id] else "",
            row.scope,
            ledger.compared(row) if row.metric else tables.NONE,
            interval(row.difference, signed=True),
            interval(row.over_targets, signed=True),
            row.basis,
            row.verdict,
        ]
        for row in rows
    ]
    columns = ["", "claim", "paper", "protocol", "measured", "difference", "over targets", "test", "verdict"]
    return tables.table_or_notice(columns, cells)


def short_table(rows: Sequence[LedgerRow]) -> str:
    """Return one row a claim: its text, and the result over all protocols, by the head or by the first reader that counts."""
    cells = []
    for name in dict.fromkeys(row.claim.id for row in rows):
        row, own = summary_row(rows, name), of_claim(rows, name)
        if row is not None:
            difference = interval(row.difference, signed=True)
            cells.append([name, row.claim.text, ledger.measured(row) if row.metric else tables.NONE, difference, row.verdict])
        else:
            counts = Counter(row.verdict for row in own).most_common()
            verdicts = ", ".join(f"{count} of {len(own)} protocols: {verdict}" for verdict, count in counts)
            cells.append([name, own[0].claim.text, ledger.measured(own[0]), tables.NONE, verdicts])
    columns = ["", "claim", "measured", "difference, mean over protocols", "verdict"]
    return tables.table_or_notice(columns, cells)


def published_table(published: Mapping[str, Published]) -> str:
    """Return the table of published numbers, each with its evidence mark, and what the marks mean."""
    rows = [[n.source, n.where or tables.NONE, n.setting, n.method, n.metric_title, n.shown, n.note] for n in published.values()]
    marks = "; ".join(f"**[{mark}]** {meaning}" for mark, meaning in EVIDENCE.items())
    columns = ["source", "where", "setting", "method", "metric", "value", "note"]
    return tables.table_or_notice(columns, rows) + f"\n{marks}.\n"

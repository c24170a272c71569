"""What the front page says: one sentence a question, and figures over the claims and the runs of both papers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from fasrepro.evaluation.results import Grounding, Metrics
from fasrepro.evaluation.results.shared import Cell, Figure
from fasrepro.report import figures, markdown, tables
from fasrepro.report.claims import controls, ledger, paper1, paper2, verdicts
from fasrepro.report.claims.rows import NOT_RUN, NOT_TESTED, LedgerRow
from fasrepro.report.figures import PALETTE, Target

# Statements of the front page, by the claim whose verdict follows.
STATEMENTS = {
    "P1-1": "Reasoning in the captions lowers the classifier's error against short captions",
    "C-9": "The same against labels without captions",
    "P1-2": "Reasoning lowers the error of the verdicts that a reader takes from the explanations",
    "C-3": "Captions of the image itself do better than captions of another image",
    "P1-6": "Explanations name what is in the image, beyond what the label alone tells",
    "P2-1": "A model that learns to describe before it decides does better than one that learns both at once",
    "P2-2": "Chains of thought add to labels",
    "P2-3": "Reinforcement learning lifts what a caption model concludes",
    "X-3": "Against that: rewards without chains do as well",
}
# What three publications say of reinforcement learning and chains, by the claim whose verdict follows.
RIVALS = {
    "P2-3": "FaceCoT says that rewards lift the caption model's verdicts",
    "P2-2": "and that its chains add to labels",
    "X-1": "PA-FAS says that rewards after fine-tuning worsen detection",
    "X-2": "and that a chain can be exchanged for another image's without loss; tested is whether that costs",
    "X-3": "CLS-RL says that rewards without chains do as well",
}
CellEntry = TypeVar("CellEntry", bound=Cell)
ERRORS = ("hter_dev", "hter")  # metrics of one unit, of which a lower one is better
PAPERS = {"paper 1": paper1.CLAIMS, "controls": controls.CLAIMS, "paper 2, and against it": paper2.CLAIMS}
LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # so that a number can be read on a hatch
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++", "--", "oo")


@dataclasses.dataclass(frozen=True)
class Sight:
    """A run's error, and how well it names what is there: means over the same targets.

    Args:
        run: its name.
        hter: at the dev threshold, in [0, 1].
        f1: of the cues that its explanations name; None for a run that is not taught to explain.
        sampler: the same of captions drawn by the true label; None as `f1`.
    """

    run: str
    hter: float
    f1: float | None
    sampler: float | None


def sentences(rows: Sequence[LedgerRow]) -> str:
    """Return the statements of the front page, each with its verdict and the difference that it rests on, as a numbered list."""
    names = list(dict.fromkeys(row.claim.id for row in rows))
    waiting = sum(all(row.verdict in (NOT_RUN, NOT_TESTED) for row in rows if row.claim.id == name) for name in names)
    first = f"Of {len(names)} claims and controls, {len(names) - waiting} are tested here and {waiting} are not"
    lines = [first, *(f"{statement}: {verdict_on(rows, claim)}" for claim, statement in STATEMENTS.items())]
    return "".join(f"1. {line}.\n" for line in lines)


def verdict_on(rows: Sequence[LedgerRow], claim: str) -> str:
    """Return a claim's verdict, with the difference that it rests on where there is one."""
    own = [row for row in rows if row.claim.id == claim]
    row = ledger.deciding_row(own)
    if row is None:
        counts = Counter(one.verdict for one in own)
        return ", ".join(f"**{verdict}** on {count} protocols" for verdict, count in counts.most_common())
    if row.difference.value is None:
        return f"**{row.verdict}**"
    difference = tables.interval(row.difference, signed=True)
    return f"**{row.verdict}** ({markdown.escape(f'{ledger.compared(row)}: {difference}')})"


def rivals(rows: Sequence[LedgerRow]) -> str:
    """Return what FaceCoT, PA-FAS and CLS-RL say, each with the verdict here."""
    said = [f"{text} ({claim}: {_verdict_word(rows, claim)})" for claim, text in RIVALS.items()]
    return f"{said[0]}, {said[1]}. {said[2]}, {said[3]}. {said[4]}.\n"


def _verdict_word(rows: Sequence[LedgerRow], claim: str) -> str:
    row = ledger.deciding_row([row for row in rows if row.claim.id == claim])
    return "different verdicts on different protocols" if row is None else f"*{row.verdict}*"


def sights(
    metrics: Metrics, grounding: Grounding | None, protocols: Collection[str], targets: Collection[str], runs: Sequence[str]
) -> list[Sight]:
    """Return the runs that were tested on all `targets`, in the order of `runs`.

    Args:
        metrics: with the errors.
        grounding: with the named cues; None where none are known.
        protocols: whose models count.
        targets: over which means are taken, each weighing the same.
        runs: in order.
    """
    errors = _means(metrics.cells.values(), protocols, targets, lambda cell: cell.mean.units.figures["hter_dev"])
    cells = [] if grounding is None else list(grounding.cells.values())
    named = _means(cells, protocols, targets, lambda cell: cell.explained["f1"])
    drawn = _means(cells, protocols, targets, lambda cell: cell.sampler["f1"])
    return [Sight(run, errors[run], named.get(run), drawn.get(run)) for run in runs if run in errors]


def _means(
    cells: Iterable[CellEntry], protocols: Collection[str], targets: Collection[str], figure_of: Callable[[CellEntry], Figure]
) -> dict[str, float]:
    """Return each run's mean over all targets, of the runs that have a figure on each."""
    by_run: dict[str, dict[str, list[float]]] = {}
    for cell in cells:
        value = figure_of(cell).value
        if cell.protocol in protocols and cell.target in targets and value is not None:
            by_run.setdefault(cell.run, {}).setdefault(cell.target, []).append(value)
    whole = {run: values for run, values in by_run.items() if values.keys() == set(targets)}
    return {run: float(np.mean([np.mean(one) for one in values.values()])) for run, values in whole.items()}


def sight_table(papers: Mapping[str, Sequence[Sight]]) -> str:
    """Return the table behind `draw_sights`: the number of a mark, its run, its error and its F1."""
    cells = [
        [paper, number, one.run, tables.number(one.hter), tables.number(one.f1), tables.number(one.sampler)]
        for paper, own in papers.items()
        for number, one in enumerate(own, start=1)
    ]
    return tables.table_or_notice(["", "mark", "run", "HTER", "F1 of named cues", "F1 of the sampler"], cells)


def draw_sights(papers: Mapping[str, Sequence[Sight]], path: Target) -> None:
    """Draw F1 of named cues against HTER, a panel a paper and a numbered mark a run.

    A run that is not taught to explain has a mark on the axis; the dotted line is the mean of the samplers.
    """
    drawing, axes = figures.grid(1, max(len(papers), 1), 3.2)
    with figures.saved(path, drawing):
        for panel, (paper, own) in zip(axes[0], papers.items(), strict=False):
            for number, one in enumerate(own, start=1):
                explains = one.f1 is not None
                height = one.f1 if one.f1 is not None else 0.0
                colour, marker = (PALETTE[0], "o") if explains else (PALETTE[1], "|")
                edge = {"edgecolor": "black", "linewidth": 0.5} if explains else {}
                panel.scatter([one.hter], [height], marker=marker, s=40, color=colour, zorder=3, **edge)
                panel.annotate(str(number), (one.hter, height), xytext=(4, 4), textcoords="offset points", fontsize=8)
            drawn = [one.sampler for one in own if one.sampler is not None]
            if drawn:
                panel.axhline(float(np.mean(drawn)), color="0.3", linestyle=":", linewidth=1)
            panel.set_title(paper)
            panel.set_xlabel("HTER, mean over the targets")
            panel.set_ylim(bottom=-0.03)
        axes[0][0].set_ylabel("F1 of named cues")


def draw_differences(rows: Sequence[LedgerRow], path: Target) -> None:
    """Draw the difference in error that decides each claim about an error; below zero favours the run that is named first."""
    shown = []
    for paper, paper_claims in PAPERS.items():
        for claim in paper_claims:
            row = ledger.deciding_row([row for row in rows if row.claim.id == claim.id])
            if row is None or row.difference.value is None or row.verdict == NOT_TESTED:
                continue
            if row.metric in ERRORS:
                shown.append((paper, f"{claim.id}: {row.claim.run} − {row.claim.baseline}", row.difference))
    figures.differences(shown, "difference in HTER", path)


def counts_by_verdict(rows: Sequence[LedgerRow]) -> dict[str, Counter[str]]:
    """Return how many claims of each paper have which verdict; a claim without one deciding row counts as undecided."""
    counts = {}
    for paper, paper_claims in PAPERS.items():
        own = [[row for row in rows if row.claim.id == claim.id] for claim in paper_claims]
        decided = [ledger.deciding_row(of_claim) for of_claim in own if of_claim]
        counts[paper] = Counter(verdicts.SYNTHETIC.undecided if row is None else row.verdict for row in decided)
    return counts


def draw_verdicts(rows: Sequence[LedgerRow], path: Target) -> None:
    """Draw how many claims have which verdict, a bar a paper."""
    counts = counts_by_verdict(rows)
    words = list(dict.fromkeys(word for one in counts.values() for word, _ in one.most_common()))
    drawing, axes = figures.grid(1, 1, 2.4)
    with figures.saved(path, drawing):
        panel = axes[0][0]
        for place, one in enumerate(counts.values()):
            left = 0
            for number, word in enumerate(words):
                look = {"color": PALETTE[number % len(PALETTE)], "hatch": HATCHES[number % len(HATCHES)], "edgecolor": "black"}
                panel.barh([place], [one[word]], left=left, label=word, linewidth=0.5, **look)
                if one[word]:
                    panel.text(left + one[word] / 2, place, str(one[word]), ha="center", va="center", fontsize=8, bbox=LABEL)
                left += one[word]
        panel.set_yticks(range(len(counts)), list(counts))
        panel.invert_yaxis()
        panel.set_xlabel("claims")
        panel.grid(visible=False)
        figures.draw_legend(drawing, [panel])

"""The page on explanations: whether they agree with verdict and head, name cues that are there, and follow the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import paths
from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import Faithfulness, Figure, Grounding, VerdictAgreement
from fasrepro.evaluation.results.explanations import CellGrounding
from fasrepro.hashing import unit_hash
from fasrepro.report import explorer, figures, gallery, markdown, tables
from fasrepro.report.claims import ledger as rule
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import ledger
from fasrepro.report.tables import interval, words
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score

NEEDS = Needs(
    inputs=(
        "verdict_agreement",
        "faithfulness",
        "explanations",
        "judgements",
        "faces",
        "truths",
        "pairs",
        "pair_scores",
        "pair_explanations",
        *ledger.LEDGER_INPUTS,
    ),
    params=ledger.LEDGER_PARAMS,
)
GROUNDING_CLAIM = "P1-6"
CLAIM_IN_SHORT = "Claim P1-6 says that explanations name the cues in the image better than a sampler that does not look at it."
CUES_UNKNOWN = "Of licensed archives it is not known which cues are in an image.\n"
NO_PAIRS = "No face was rendered again: only synthetic images can be, and only for the models that params.yaml names.\n"
VARIANTS = {"": "whole", "_cut": "verdict cut out", "_flipped": "verdict flipped"}  # a text's end in a channel's name
UNPARSED = "not in the form of its captions"
EXAMPLES = 3
FAITHFULNESS_COLUMNS = {
    "score_change": "score with the cue minus without",
    "fell": "share of faces whose score falls",
    "redrawn": "change of score by rendering again",
    "named_with": "cue named, present",
    "named_without": "cue named, removed",
    "named_change": "difference",
    "still_named": "of those that named it, still name it",
    "agreement": "correlation of naming and score",
}
CUE_COLUMNS = ("score_change", "named_with", "named_without", "named_change")
SIGNED = ("score_change", "named_change", "agreement")
PANELS = {"score_change": "p(attack),\nwith − without", "named_change": "share naming it,\nwith − without"}


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, draw its figure, and copy the faces of its examples."""
    runs, settings = material.runs, material.params.judging
    decisive = rule.decisive_readers(settings.readers, material.params.annotator.base_url)
    explained = explanations_by_cell(material)
    return {
        "answer": markdown.answer(f"{CLAIM_IN_SHORT} {ledger.answer(ledger.ledger_rows(material), GROUNDING_CLAIM)}"),
        "variants": variant_table(material.verdict_agreement, runs, decisive),
        "agreement": agreement_table(material.verdict_agreement, runs, settings.readers[0]),
        "grounding": grounding_table(material.grounding.cells, runs) if material.is_synthetic else CUES_UNKNOWN,
        "grounding_dev": on_dev(material.grounding, runs) if material.is_synthetic else CUES_UNKNOWN,
        "faithfulness": faithfulness_table(material.faithfulness, runs),
        "faithfulness_figure": faithfulness_figure(material),
        "faithfulness_by_cue": faithfulness_table_by_cue(material.faithfulness, runs),
        "pairs": pair_examples(
            material.pairs, material.pair_scores, material.pair_explanations, material.faces, material.pictures(paths.PAIR_CROPS)
        ),
        "outcomes": explorer.outcome_table(explained, material.faces),
        "examples": explorer.browser(explained, material.faces, material.truths, material.pictures()),
    }


def explanations_by_cell(material: Material) -> list[explorer.CellExplanations]:
    """Return the explanations to browse, as the first reader reads them. Single texts are this machine's."""
    cells = tables.in_order(material.own.metrics.cells.values(), material.runs)
    reader = material.params.judging.readers[0]
    return explorer.collect(cells, material.explanations, material.judgements, reader, material.faces)


def pictured(material: Material) -> list[Face]:
    """Return the faces of the explanations to browse. Those of the pairs have crops of their own."""
    return explorer.pictured(explanations_by_cell(material), material.faces)


def variant_table(agreement: VerdictAgreement, runs: Sequence[str], readers: Sequence[str]) -> str:
    """Return the table of each reader's HTER on the whole text, without its verdict, and with it flipped.

    A row a cell, run and reader, but for readers that could not decide on any of a run's whole texts.
    """
    rows = []
    for cell in tables.in_order(agreement.cells.values(), runs):
        for reader in readers:
            if not decides(cell.channels, reader):
                continue
            whole, cut, flipped = (cell.channels[reader + end].figures for end in VARIANTS)
            errors = [interval(figures_of["hter"]) for figures_of in (whole, cut, flipped)]
            rows.append([cell.cell, cell.run, reader, *errors, interval(cut["undecided"])])
    columns = [*(f"HTER, {title}" for title in VARIANTS.values()), f"undecided, {VARIANTS['_cut']}"]
    return tables.table_or_notice(["protocol", "run", "reader", *columns], rows)


def decides(channels: Mapping[str, Any], reader: str) -> bool:
    """Return whether a reader decided on any of a cell's whole texts."""
    return reader in channels and channels[reader].figures["undecided"].value != 1


def is_whole(channel: str) -> bool:
    """Return whether a channel is about whole texts."""
    return not any(end and channel.endswith(end) for end in VARIANTS)


def agreement_table(agreement: VerdictAgreement, runs: Sequence[str], first: str) -> str:
    """Return the table of the agreement of the head and the other readers with the reader `first`, and of unparsed texts."""
    others = sorted(
        {
            name
            for cell in agreement.cells.values()
            for name, channel in cell.channels.items()
            if "kappa" in channel.figures and is_whole(name)
        }
    )
    rows = []
    for cell in tables.in_order(agreement.cells.values(), runs):
        if not decides(cell.channels, first):
            continue
        kappas = [interval(cell.channels[name].figures["kappa"]) if name in cell.channels else tables.NONE for name in others]
        disagreement = interval(cell.channels[first].figures["disagreement"])
        rows.append([cell.cell, cell.run, cell.counts.explanations, disagreement, *kappas, tables.number(cell.unparsed)])
    columns = [f"head and {first} disagree", *(f"kappa, {name} and {first}" for name in others), UNPARSED]
    return tables.table_or_notice(["protocol", "run", "frames", *columns], rows)


def on_dev(grounding: Grounding, runs: Sequence[str]) -> str:
    """Return how often a run names cues of dev people better than its sampler, and the table."""
    differences = {run: [cell.difference["f1"].value for cell in grounding.dev.values() if cell.run == run] for run in runs}
    counts = []
    for run, values in differences.items():
        better = sum(value is not None and value > 0 for value in values)
        counts += [f"{run} on {better} of {len(values)} protocols"] if values else []
    said = f"F1 lies above the sampler's for {', '.join(map(escape, counts))}.\n\n" if counts else ""
    return said + grounding_table(grounding.dev, runs)


def grounding_table(cells: Mapping[str, CellGrounding], runs: Sequence[str]) -> str:
    """Return the table of the cues that explanations name against those in the image, and the sampler's; a row a cell and run."""
    rows = []
    for cell in tables.in_order(cells.values(), runs):
        own, sampler = cell.explained, cell.sampler
        rows.append(
            (
                cell.cell,
                cell.run,
                cell.counts.attack,
                *(interval(own[name]) for name in ("precision", "recall", "f1")),
                interval(sampler["f1"]),
                interval(cell.difference["f1"], signed=True),
                interval(own["named_on_bona_fide"]),
                interval(sampler["named_on_bona_fide"]),
            )
        )
    columns = ["precision", "recall", "F1", "F1 of the sampler", "F1 minus the sampler's"]
    named = metrics.title("named_on_bona_fide")
    return tables.table_or_notice(["protocol", "run", "attacks", *columns, named, f"{named}, sampler"], rows)


def faithfulness_table(faithfulness: Faithfulness, runs: Sequence[str]) -> str:
    """Return the table over all pairs, a row a cell and run."""
    rows = []
    for cell in tables.in_order(faithfulness.cells.values(), runs):
        figures_of = [interval(cell.figures[name], signed=name in SIGNED) for name in FAITHFULNESS_COLUMNS]
        rows.append([cell.cell, cell.run, cell.counts.faces, cell.counts.subjects, *figures_of])
    columns = ["protocol", "run", "pairs", "subjects", *FAITHFULNESS_COLUMNS.values()]
    return tables.table_or_notice(columns, rows, NO_PAIRS)


def faithfulness_table_by_cue(faithfulness: Faithfulness, runs: Sequence[str]) -> str:
    """Return the table of each cue, a row a cell, run and cue."""
    rows = []
    for cell in tables.in_order(faithfulness.cells.values(), runs):
        for cue, entry in cell.cues.items():
            figures_of = [interval(entry.figures[name], signed=name in SIGNED) for name in CUE_COLUMNS]
            rows.append([cell.cell, cell.run, words(cue), entry.counts.faces, *figures_of])
    columns = ["protocol", "run", "cue", "pairs", *(FAITHFULNESS_COLUMNS[name] for name in CUE_COLUMNS)]
    return tables.table_or_notice(columns, rows, NO_PAIRS)


def faithfulness_figure(material: Material) -> str:
    """Draw the changes by cue, and return the fragment that shows them."""
    if not material.faithfulness.cells:
        return NO_PAIRS
    return material.draw(
        "faithfulness",
        lambda path: draw_faithfulness(material.faithfulness, material.runs, path),
        "What changes when a cue is removed, by cue, with intervals over subjects and seeds: above the score, below the"
        " share of explanations that name the cue. Above 0 the score falls, or the cue is named less often, without it. Few"
        " pairs and subjects are behind each mark (see the table), so the intervals are too narrow; a single mark decides"
        " nothing.",
        "Change of score and of naming by cue, a mark for each run",
    )


def draw_faithfulness(faithfulness: Faithfulness, runs: Sequence[str], path: Path) -> None:
    """Draw the change that each cue's removal makes, a column a cell: score above, naming below; a mark a run."""
    cells = tables.in_order(faithfulness.cells.values(), runs)
    names = list(dict.fromkeys(cell.cell for cell in cells))
    drawing, axes = figures.grid(len(PANELS), len(names), 2.3, sharey="row")
    with figures.saved(path, drawing):
        for column, name in enumerate(names):
            own = [cell for cell in cells if cell.cell == name]
            ticks = list(map(words, own[0].cues))
            for row, (measure, label) in enumerate(PANELS.items()):
                series: dict[str, dict[str, Figure | None]] = {
                    cell.run: {words(cue): entry.figures[measure] for cue, entry in cell.cues.items()} for cell in own
                }
                panel = axes[row][column]
                figures.draw_intervals(panel, series, ticks)
                panel.axhline(0, color="0.3", linestyle=":", linewidth=1)
                panel.tick_params(axis="x", rotation=90, labelbottom=row == len(PANELS) - 1)
                if column == 0:
                    panel.set_ylabel(label)
            axes[0][column].set_title(name)
        marks = axes[0][0].get_legend_handles_labels()
        drawing.legend(*marks, loc="outside upper center", ncols=max(len(marks[1]), 1), frameon=False)


def pair_examples(
    pairs: Mapping[str, Any],
    scores: Sequence[Score],
    texts: Sequence[Explanation],
    faces: Mapping[str, Face],
    picture: gallery.Pictures,
) -> str:
    """Return cards of a few pairs, sampled by a hash: both pictures, and what the last run's first model makes of each.

    The removed cue is marked where a text names it.
    """
    if not pairs or not texts:
        return NO_PAIRS
    protocol, run = texts[-1].protocol, texts[-1].run
    seed = min(row.seed for row in texts if (row.protocol, row.run) == (protocol, run))
    model = (protocol, run, seed)
    text_of = {row.face_id: row.text for row in texts if (row.protocol, row.run, row.seed) == model}
    score_of = {row.face_id: row.p_attack for row in scores if (row.protocol, row.run, row.seed) == model}
    explained = [face_id for face_id, pair in pairs.items() if pair["with"]["face_id"] in text_of]
    sampled = sorted(explained, key=lambda name: unit_hash("faithful", name))[:EXAMPLES]
    cards = []
    for face_id in sampled:
        pair, cue = pairs[face_id], pairs[face_id]["cue"]
        for part, title, present in (("with", f"with {words(cue)}", [cue]), ("without", f"{words(cue)} removed", [])):
            face = dataclasses.replace(faces[face_id], **pair[part])
            body = f"<p>{gallery.mark_cues(text_of[face.face_id], present, [cue])}</p>"
            note = escape(f"{run} on {protocol}: score {score_of[face.face_id]:.3f}")
            cards.append(markdown.card(f"{gallery.describe(face)}: {title}", body, picture(face), note))
    return picture.notice(faces[face_id] for face_id in sampled) + markdown.card_grid(cards)

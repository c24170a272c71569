"""The pages of paper 2's ablations: what the two stages need, how much data, and which part of a chain acts.

Each is a list of pairs of runs, compared on the eleven targets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from fasrepro.evaluation.results.metrics import MeanDifference
from fasrepro.evaluation.results.training_losses import TrainingLosses, curves
from fasrepro.report import curves as drawings
from fasrepro.report import differences, eleven_targets, figures, markdown, tables
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import ledger

NEEDS = Needs(inputs=ledger.LEDGER_INPUTS, params=ledger.LEDGER_PARAMS)
PROFILE = "paper2_ablations"
NOT_RUN = (
    f"Nothing is recorded of these runs, and this machine has not run them: `make reproduce PROFILE={PROFILE}` does,"
    f" `fasrepro plan --profile {PROFILE}` says how long it takes, and `fasrepro record --profile {PROFILE}` keeps its figures.\n"
)
NO_LOSSES = "No losses of these trainings are kept: `make reproduce PROFILE=one_to_eleven` makes them.\n"
MEASURES = ("hter_dev", "auc")
WITH_LOSSES = ("label_two_stage", "single_stage_long", "cepl")
DIFFERENCES = (
    "HTER of the first run minus that of the second, mean over the targets, with its interval. Below zero, the first is better."
)
LOSSES = (
    "Losses on rows of training, means over tenths of a phase and over seeds, from the lowest to the highest seed. The last panel"
    " has the loss of the chain against that of the label, where a training has both."
)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What a page compares.

    Args:
        pairs: run and baseline, with what the pair asks.
        claims: of the ledger, whose verdicts answer the page.
    """

    pairs: Mapping[tuple[str, str], str]
    claims: tuple[str, ...]


STAGES = Comparison(
    {
        ("cepl", "single_stage_long"): "two stages, or one with the steps of both",
        ("cepl", "single_stage"): "two stages, or the second alone",
        ("cepl", "cepl_answer_first"): "to describe first, or to answer first",
        ("cepl", "cepl_reset_none"): "both reset, or nothing",
        ("cepl", "cepl_reset_connector"): "both reset, or the projector alone",
        ("cepl", "cepl_reset_language"): "both reset, or the language model alone",
        ("cepl", "cepl_reset_vision"): "both reset, or the vision encoder: the words are kept, the eyes are not",
        ("cepl", "cepl_lora_vision"): "the encoder frozen in stage 2, or adapted",
        ("cepl", "cepl_all_weights"): "the encoder adapted in stage 1, or all its weights trained",
    },
    ("P2-1", "P2-10", "P2-11"),
)
SCALE = Comparison(
    {
        ("cepl_5", "label_5"): "chains, or labels alone: the smallest share of gold",
        ("cepl_25", "label_25"): "the same: a quarter of gold",
        ("cepl", "label_two_stage"): "the same: all of gold",
        ("cepl_silver", "label_silver"): "the same: silver",
        ("cepl_all", "label_all"): "the same: gold and silver",
        ("cepl_25", "cepl_5"): "more faces, with chains",
        ("cepl", "cepl_25"): "more faces, with chains",
        ("cepl_all", "cepl"): "more faces, with chains",
        ("label_25", "label_5"): "more faces, with labels alone",
        ("label_two_stage", "label_25"): "more faces, with labels alone",
        ("label_all", "label_two_stage"): "more faces, with labels alone",
        ("cepl_all", "cepl_silver_sft"): "silver after rewards, or before",
    },
    ("P2-2", "P2-4", "P2-5", "P2-17"),
)
TAGS = Comparison(
    {
        ("cepl", "cepl_exchanged"): "the image's own chain, or another image's of the same species",
        ("cepl", "cepl_neutral"): "cues, or a neutral description before the conclusion",
        ("cepl", "cepl_random_words"): "meaning, or as many words at random",
        ("cepl", "cot_reversed"): "from the whole to the part, or the other way",
        ("cepl", "cepl_no_caption"): "with the tag Caption, or without",
        ("cepl", "cepl_no_facial_description"): "with the tag Facial Description, or without",
        ("cepl", "cepl_no_facial_attributes"): "with the tag Facial Attributes, or without",
        ("cepl", "cepl_no_reasoning"): "with the tag Reasoning, or without",
        ("cepl", "cepl_no_spoofing_description"): "with the tag Spoofing Description, or without",
    },
    ("X-2",),
)


def render_stages(material: Material) -> dict[str, str]:
    """Return the fragments of the page on stages, order and resets, with the losses of the trainings."""
    return {**render(material, STAGES), "figure_losses": loss_figure(material)}


def render_scale(material: Material) -> dict[str, str]:
    """Return the fragments of the page on how much data."""
    return render(material, SCALE)


def render_tags(material: Material) -> dict[str, str]:
    """Return the fragments of the page on the parts of a chain."""
    return render(material, TAGS)


def render(material: Material, comparison: Comparison) -> dict[str, str]:
    """Return a page's fragments; where nothing was run, the answer says so and the others are dashes."""
    source = best_source(ledger.sources(material), comparison)
    rows_of_means = means(source, comparison)
    if not rows_of_means:
        return dict.fromkeys(("source", "table", "figure"), markdown.NOTHING) | {"answer": markdown.answer(NOT_RUN)}
    rows = ledger.ledger_rows(material)
    answers = " ".join(ledger.answer(rows, claim).strip() for claim in comparison.claims)
    lacking = len(comparison.pairs) - len({(row.run, row.baseline) for row in rows_of_means})
    rest = f" {lacking} of its {len(comparison.pairs)} comparisons are not among them. {NOT_RUN}" if lacking else "\n"
    return {
        "answer": markdown.answer(f"{answers}\n"),
        "source": f"Figures are those of {source.source}.{rest}",
        "table": table(rows_of_means, comparison),
        "figure": material.draw("differences", lambda path: draw(rows_of_means, path), DIFFERENCES),
    }


def best_source(sources: Sequence[eleven_targets.Results], comparison: Comparison) -> eleven_targets.Results:
    """Return the figures that hold most of a page's comparisons; of several the first, which is this machine's if it has any."""
    return max(sources, key=lambda source: len(means(source, comparison)))


def means(source: eleven_targets.Results, comparison: Comparison) -> list[MeanDifference]:
    """Return the differences of a page's pairs, means over the targets of a protocol, by pair, measure and protocol."""
    rows = []
    for run, baseline in comparison.pairs:
        own = [row for row in differences.oriented(source.metrics.means, run, baseline) if row.channel == "head"]
        for measure in MEASURES:
            rows += [row for row in own if (row.metric, row.level) == (measure, "video") and of_eleven(row)]
    return rows


def of_eleven(row: MeanDifference) -> bool:
    """Return whether a mean is over targets of paper 2's protocols."""
    return set(row.protocols) <= set(eleven_targets.PROTOCOLS)


def table(rows: Sequence[MeanDifference], comparison: Comparison) -> str:
    """Return the table of comparisons: a row a pair, measure and training."""
    cells = [
        [
            comparison.pairs[row.run, row.baseline],
            f"{row.run} − {row.baseline}",
            row.metric,
            ", ".join(dict.fromkeys(row.protocols)),
            row.seeds,
            tables.number(row.baseline_value + row.difference),
            tables.number(row.baseline_value),
            tables.interval(tables.as_figure(row), signed=True),
            tables.interval(row.over_targets, signed=True),
        ]
        for row in rows
    ]
    columns = ["asks", "runs", "measure", "trained on", "seeds", "first", "second", "difference", "over targets"]
    return markdown.table(columns, cells)


def draw(rows: Sequence[MeanDifference], path: figures.Target) -> None:
    """Draw the differences in HTER."""
    shown = [(row.baseline, f"{row.run} − {row.baseline}", tables.as_figure(row)) for row in rows if row.metric == MEASURES[0]]
    figures.differences(shown, "difference in HTER, mean over the targets", path)


def loss_figure(material: Material) -> str:
    """Draw the losses of the runs in one stage and in two, and return the fragment that shows them."""
    for source in ledger.sources(material):
        runs = {} if source.training_losses is None else losses_of(source.training_losses)
        if runs:
            return material.draw("losses", lambda path, runs=runs: drawings.losses(runs, path), LOSSES)
    return NO_LOSSES


def losses_of(losses: TrainingLosses) -> dict[str, list[list[dict[str, float]]]]:
    """Return the losses of each of `WITH_LOSSES` on the last of paper 2's protocols that has any, a list of rows a seed."""
    for protocol in reversed(eleven_targets.PROTOCOLS):
        cells = {run: losses.cells[f"{protocol}-{run}"] for run in WITH_LOSSES if f"{protocol}-{run}" in losses.cells}
        if cells:
            return {run: [curves(phases) for _, phases in sorted(cell.by_seed.items())] for run, cell in cells.items()}
    return {}

"""The page on optimistic practices: by how much each would improve our own figures, beside a published pair of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fasrepro.evaluation.results import Optimism
from fasrepro.evaluation.results.optimism import CellOptimism, SnapshotOptimism
from fasrepro.report import curves, markdown, tables
from fasrepro.report.claims.paper1 import LEAVE_ONE_OUT
from fasrepro.report.material import Material, Needs
from fasrepro.report.published import Published, derived_mark
from fasrepro.report.tables import interval, number

NEEDS = Needs(inputs=("optimism", "published"), params=("archives", "synthetic", "runs"))
PRACTICES = {
    "oracle_threshold": "threshold selected on the target",
    "one_frame": "one frame a video",
    "best_seed": "best seed on the target",
}
CHOICES = {
    "last": "last step (honest)",
    "best_on_dev": "step with the highest AUC on dev",
    "best_on_target": "best step on the target",
    "best_on_target_with_oracle_threshold": "best step and threshold on the target",
}
ON_TARGET = ("best_on_target", "best_on_target_with_oracle_threshold")
# Published pairs: the same scores with a threshold from the sources, and from the target.
PUBLISHED = {
    "SSDG-R": ("ssdg_realistic_hter", "ssdg_ideal_hter"),
    "RFMetaFAS": ("rfmetafas_realistic_hter", "rfmetafas_ideal_hter"),
    "DBMNet": ("dbmnet_realistic_hter", "dbmnet_ideal_hter"),
}
SAME_MODEL = 1e-3  # scores that differ by at most this are those of one model, trained twice
CAPTION = "HTER on the target along one training. White marks are selected on the target: the step, or both step and threshold."
NO_SNAPSHOTS = "No job was scored during its training.\n"


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw the figure of snapshots."""
    optimism = material.optimism
    cells = tables.in_order(optimism.cells.values(), material.runs)
    training = optimism.snapshots
    return {
        "answer": markdown.answer(answer(cells)),
        "overview": overview(cells, training),
        "by_cell": table_by_cell(cells),
        "polarities": polarity_table(cells, optimism.settings.limit),
        "published": published_table(optimism, cells, material.published, material.runs),
        "snapshots": snapshot_table(training) if training else NO_SNAPSHOTS,
        "figure_snapshots": NO_SNAPSHOTS
        if training is None
        else material.draw("snapshots", lambda path: curves.snapshots(training, path), CAPTION),
    }


def values(material: Material) -> dict[str, str]:
    """Return the values of the page's text: "published_<id>" is a published figure with its mark."""
    return {f"published_{name}": published.shown for name, published in material.published.items()}


def _gains(cells: Sequence[CellOptimism], practice: str) -> list[tuple[float, str]]:
    """Return by how much a practice improves the HTER of each cell, with the cell's words; none where it is not defined."""
    gains = [(cell.optimism[practice].value, f"{cell.cell}, {cell.run}") for cell in cells]
    return [(value, place) for value, place in gains if value is not None]


def answer(cells: Sequence[CellOptimism]) -> str:
    """Return in one sentence how much selecting the threshold on the target improves HTER."""
    gains = _gains(cells, "oracle_threshold")
    if not gains:
        return tables.NO_RESULTS
    mean = sum(value for value, _ in gains) / len(gains)
    return (
        f"Selecting the threshold on the target alone improves HTER by {number(mean)} on average over {len(gains)} results,"
        f" and by {number(max(gains)[0])} at most.\n"
    )


def overview(cells: Sequence[CellOptimism], training: SnapshotOptimism | None) -> str:
    """Return the table of practices: over how many results, and by how much each improves HTER on average, at least and at
    most."""
    rows = []
    for practice, title in PRACTICES.items():
        gains = _gains(cells, practice)
        if gains:
            mean = sum(value for value, _ in gains) / len(gains)
            extremes = [f"{number(value, signed=True)} ({place})" for value, place in (min(gains), max(gains))]
            rows.append([title, len(gains), number(mean, signed=True), *extremes])
    for choice in ON_TARGET if training else ():
        gain = number(getattr(training, choice).optimism.value, signed=True)
        rows.append([CHOICES[choice], 1, gain, *[f"{gain} ({training.cell}, {training.run})"] * 2])
    return markdown.table(["practice", "results", "HTER looks better by, on average", "at least", "at most"], rows)


def table_by_cell(cells: Sequence[CellOptimism]) -> str:
    """Return the table of practices by cell: honest HTER, and each practice's HTER and gain; means over seeds."""
    rows = []
    for cell in cells:
        row = [cell.cell, cell.run, len(cell.seeds), interval(cell.hter["honest"])]
        for practice in PRACTICES:
            row += [interval(cell.hter[practice]), interval(cell.optimism[practice], signed=True)]
        rows.append(row)
    columns = ["protocol", "run", "seeds", "HTER, honest"]
    for title in PRACTICES.values():
        columns += [f"HTER, {title}", "better by"]
    return tables.table_or_notice(columns, rows)


def polarity_table(cells: Sequence[CellOptimism], limit: float) -> str:
    """Return the table of both meanings of "TPR at FPR = `limit`", and how many errors the limit allows."""
    rows = []
    for cell in cells:
        counts = cell.counts
        sizes = [f"{counts.attack_allowed} of {counts.attack}", f"{counts.bona_fide_allowed} of {counts.bona_fide}"]
        rates = [interval(cell.tpr[name]) for name in ("bona_fide_positive", "attack_positive")]
        rows.append([cell.cell, cell.run, *sizes, *rates, interval(cell.tpr["difference"], signed=True)])
    columns = [
        "protocol",
        "run",
        "attacks that may pass",
        "bona fide videos that may be rejected",
        f"bona fide positive: 1 − BPCER at APCER ≤ {limit * 100:g} %",
        f"attack positive: 1 − APCER at BPCER ≤ {limit * 100:g} %",
        "first − second",
    ]
    return tables.table_or_notice(columns, rows)


def published_table(
    optimism: Optimism, cells: Sequence[CellOptimism], published: Mapping[str, Published], runs: Sequence[str]
) -> str:
    """Return the table of published pairs of figures, and of our runs, averaged over the leave-one-out targets if several."""
    rows = []
    for method, (honest, oracle) in PUBLISHED.items():
        first, second = published[honest], published[oracle]
        gain = f"{(first.share - second.share) * 100:+.2f} points {derived_mark(first, second)}"
        rows.append([method, f"{first.setting} ({first.source})", first.shown, second.shown, gain])
    means = [mean for mean in optimism.means if set(mean.targets) <= set(LEAVE_ONE_OUT)]
    ours = [(mean.run, mean.cells, mean.hter, mean.optimism) for mean in means]
    if not ours:
        ours = [(cell.run, [cell.cell], cell.hter, cell.optimism) for cell in cells if cell.target in LEAVE_ONE_OUT]
    for run, names, hter, gains in sorted(ours, key=lambda row: runs.index(row[0])):
        errors = [interval(hter[name]) for name in ("honest", "oracle_threshold")]
        rows.append([f"here: {run}", ", ".join(names), *errors, interval(gains["oracle_threshold"], signed=True)])
    columns = ["method or run", "protocols", "HTER, threshold from the sources", "HTER, threshold from the target", "better by"]
    return markdown.table(columns, rows)


def snapshot_table(training: SnapshotOptimism) -> str:
    """Return which training was scored how often, and the table of the steps that one may select."""
    if training.score_difference <= SAME_MODEL:
        same = "The last scores equal those of the job on the other pages, which was trained without snapshots."
    else:
        same = (
            "The last scores are **not** those of the job on the other pages, which was trained without snapshots. They"
            f" differ by up to {training.score_difference:.3f}: two trainings do not end at the same model here."
        )
    text = (
        f"The run `{training.run}` on `{training.protocol}`, seed {training.seed}, was trained again and scored"
        f" {len(training.steps)} times, the last time at its end, step {training.last.step}. {same}"
    )
    rows = []
    for name, title in CHOICES.items():
        choice = getattr(training, name)
        rows.append([title, choice.step, interval(choice.hter), interval(choice.optimism, signed=True)])
    return f"{text}\n\n{markdown.table(['selected', 'step', 'HTER', 'better by'], rows)}"

"""The page of results: figures of every run on every target, differences between runs, and verdicts read from explanations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fasrepro import vocabulary
from fasrepro.evaluation.metrics import METRICS, READER_METRICS
from fasrepro.evaluation.results import HEAD, Metrics
from fasrepro.evaluation.results.metrics import CellMetrics, Difference
from fasrepro.report import claims, differences, figures, markdown, pairwise_tests, tables
from fasrepro.report.claims.ledger import SIMULATED
from fasrepro.report.figures import Place
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import captions, ledger
from fasrepro.report.tables import interval, words
from fasrepro.rows.faces import Label

NEEDS = Needs(
    inputs=("scores", "faces", *ledger.LEDGER_INPUTS),
    params=("prediction", "judging", "annotator", "simulated", "evaluation", *ledger.LEDGER_PARAMS),
)
HEAD_COLUMNS = {name: metric.title for name, metric in METRICS.items() if metric.in_tables}
SIMULATED_API = " The reader `api` is simulated here, and is no model's opinion."
READER_COLUMNS = {name: metric.title for name, metric in READER_METRICS.items() if metric.in_tables}
FRAME_READER_COLUMNS = ("accuracy", "hter", "undecided", "accuracy_decided", "hter_decided")
MAIN_CLAIM = "P1-1"
CLAIM_IN_SHORT = "Claim P1-1 says that reasoning captions lower HTER against vanilla captions."


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its figures."""
    metrics, runs = material.metrics, material.runs
    cells = tables.in_order(metrics.cells.values(), runs)
    trained = [run for run in runs if any(cell.run == run for cell in cells)]
    return {
        "answer": markdown.answer(f"{CLAIM_IN_SHORT} {ledger.answer(ledger.ledger_rows(material), MAIN_CLAIM)}"),
        "by_video": result_table(cells, "video"),
        "by_frame": result_table(cells, "frame"),
        "paired": paired_table(metrics, trained),
        "power": pairwise_tests.power_table(metrics, trained, material.published),
        "tests": pairwise_tests.test_table(metrics, trained, head=True),
        "reader_tests": pairwise_tests.test_table(metrics, trained, head=False),
        "species": species_table(cells),
        "readers": readers(material),
        "verdicts": reader_table(cells),
        "verdicts_by_frame": reader_table_by_frame(cells),
        **result_figures(material, cells),
    }


def result_figures(material: Material, cells: Sequence[CellMetrics]) -> dict[str, str]:
    """Draw the page's figures, and return their fragments."""
    runs = material.runs
    return {
        "figure_hter": material.draw(
            "hter",
            lambda path: figures.measure(cells, runs, "hter_dev", path, chance=0.5),
            "HTER on the target at the threshold selected on the sources' dev videos, with intervals. Lower is better.",
        ),
        "figure_auc": material.draw(
            "auc",
            lambda path: figures.measure(cells, runs, "auc", path, chance=0.5),
            "AUC on the target, with intervals. Higher is better.",
        ),
        "figure_thresholds": material.draw(
            "thresholds",
            lambda path: figures.thresholds(cells, runs, path),
            "HTER at the dev threshold and at the oracle threshold, which is selected on the target itself. The length of a"
            " line is what selection on the target would gain.",
        ),
        "figure_scores": material.draw(
            "scores",
            lambda path: figures.score_distributions(*target_scores(material), path),
            "Scores of the target's test faces by this machine's own models, by frame; dashed: the dev threshold of each seed.",
        ),
        "figure_species": material.draw(
            "species",
            lambda path: figures.species(cells, runs, path),
            "APCER of each PAI species at the dev threshold, by video, with intervals. Lower is better.",
        ),
        "figure_readers": material.draw(
            "readers",
            lambda path: figures.readers(cells, runs, "hter", path),
            "HTER of the verdict that a reader takes from the explanation (undecided counts as an error), with intervals."
            + (SIMULATED_API if material.params.annotator.base_url == SIMULATED else ""),
        ),
    }


def result_table(cells: Sequence[CellMetrics], level: str) -> str:
    """Return the table of results, a row a cell and run, means over seeds; `level` is "video" or "frame"."""
    rows = []
    for cell in cells:
        measured = getattr(cell.mean, level)
        counts = cell.mean.units.counts
        size = tables.STILL_IMAGES if measured is None else f"{measured.counts.bona_fide} + {measured.counts.attack}"
        figures_of_row = tables.intervals(measured and measured.figures, HEAD_COLUMNS)
        rows.append([cell.cell, cell.run, len(cell.seeds), size, counts.subjects, *figures_of_row])
    sizes = f"{level}s (bona fide + attack)"
    return tables.table_or_notice(["protocol", "run", "seeds", sizes, "subjects", *HEAD_COLUMNS.values()], rows)


def paired_table(metrics: Metrics, runs: Sequence[str]) -> str:
    """Return the table of paired differences of the head's scores, by video, for the pairs of runs that a claim compares."""
    rows = []
    for baseline, run in claims.compared_pairs(runs):
        by_scope: dict[tuple[str, ...], dict[str, Difference]] = {}
        for row in differences.oriented([*metrics.paired, *metrics.means], run, baseline):
            if row.channel == HEAD and row.level == "video" and row.metric in differences.SHOWN:
                by_scope.setdefault(tuple(differences.cells_of(row)), {})[row.metric] = row
        for scope, by_metric in sorted(by_scope.items(), key=lambda item: (len(item[0]) > 1, item[0])):
            first = next(iter(by_metric.values()))
            figures_of_row = [_paired(by_metric.get(name)) for name in differences.SHOWN]
            rows.append([differences.scope(scope), f"{run} − {baseline}", first.seeds, first.subjects, *figures_of_row])
    titles = [METRICS[name].title for name in differences.SHOWN]
    return tables.table_or_notice(["protocol", "run − baseline", "seeds", "subjects", *titles], rows)


def _paired(row: Difference | None) -> str:
    return interval(tables.as_figure(row) if row else None, signed=True)


def species_table(cells: Sequence[CellMetrics]) -> str:
    """Return the table of APCER by PAI species at the dev threshold, by video or still image; a dash if a target lacks a
    species."""
    names = [name for name in vocabulary.SPECIES if any(name in cell.mean.units.apcer for cell in cells)]
    rows = [[cell.cell, cell.run, *(interval(cell.mean.units.apcer.get(name)) for name in names)] for cell in cells]
    return tables.table_or_notice(["protocol", "run", *map(words, names)], rows)


def reader_table(cells: Sequence[CellMetrics]) -> str:
    """Return the table of readers' verdicts on explanations, by video."""
    return _reader_table(cells, "video", list(READER_COLUMNS))


def reader_table_by_frame(cells: Sequence[CellMetrics]) -> str:
    """Return the table of readers' verdicts by frame, as paper 1 counts."""
    return _reader_table(cells, "frame", FRAME_READER_COLUMNS)


def _reader_table(cells: Sequence[CellMetrics], level: str, columns: Sequence[str]) -> str:
    rows = []
    for cell in cells:
        for reader, levels in sorted(cell.mean.readers.items()):
            measured = getattr(levels, level)
            size = tables.STILL_IMAGES if measured is None else measured.counts.bona_fide + measured.counts.attack
            figures_of_row = tables.intervals(measured and measured.figures, columns)
            rows.append([cell.cell, cell.run, reader, size, *figures_of_row])
    titles = [READER_METRICS[name].title for name in columns]
    return tables.table_or_notice(["protocol", "run", "reader", f"{level}s", *titles], rows)


def readers(material: Material) -> str:
    """Return what each reader is."""
    settings, annotator = material.params.judging, material.params.annotator
    lines = {
        "lexical": "- `lexical` applies a fixed rule to words: the last stated verdict, else the cues that are named.",
        "tfidf": "- `tfidf` is logistic regression on words and pairs of words. It has learnt which of them go with attacks"
        " from the captions that the run was trained on, without their conclusions. A run on labels alone has none.",
        "api": f"- `api` asks the model {escape(str(settings.model))} at {escape(captions.host_of(annotator.base_url))}.",
    }
    if annotator.base_url == SIMULATED:
        lines["api"] = (
            "- `api` takes the place of paper 1's language model. Here it is a program on this machine that looks for"
            f" keywords and errs with probability {material.params.simulated.reader_error:g}. Its rows show that the"
            " pipeline works, and nothing about how a language model reads; the ledger does not count it. It reads"
            f" {settings.network_videos or 'all'} videos of each target."
        )
    return "".join(f"{lines[name]}\n" for name in settings.readers if name in lines)


def target_scores(material: Material) -> tuple[dict[Place, dict[str, list[float]]], dict[Place, list[float]]]:
    """Return this machine's scores of each cell's test faces by label, over all seeds, and the dev threshold of each seed."""
    by_model: dict[tuple[str, str], list[Any]] = {}
    for score in material.scores:
        by_model.setdefault((score.protocol, score.run), []).append(score)
    scores, cuts = {}, {}
    for cell in tables.in_order(material.own.metrics.cells.values(), material.runs):
        by_label: dict[str, list[float]] = {"bona fide": [], "attack": []}
        for score in by_model.get((cell.protocol, cell.run), []):
            face = material.faces[score.face_id]
            if face.dataset == cell.target and face.split == "test":
                by_label["attack" if face.label is Label.ATTACK else "bona fide"].append(score.p_attack)
        scores[cell.cell, cell.run] = by_label
        cuts[cell.cell, cell.run] = [one.threshold_dev for _, one in sorted(cell.by_seed.items())]
    return scores, cuts

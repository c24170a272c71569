"""Stage `verdict_agreement`: explanations with and without their verdict, readers against the head -> verdict_agreement.json."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping

from fasrepro import config, paths, stages
from fasrepro.captions import checks, styles
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import verdict_agreement
from fasrepro.evaluation.analyses.verdict_agreement import Verdicts
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.scores import Judgement
from fasrepro.rows.training import TrainRow
from fasrepro.stages import predictions
from fasrepro.stages.predictions import CellJobs


def verdicts_by_seed(
    entry: CellJobs,
    verdicts: Mapping[tuple[str, str, str], Mapping[int, Mapping[str, Verdict]]],
    thresholds: Mapping[int, float],
) -> dict[int, Verdicts]:
    """Return the rows of a cell's explanations by seed.

    Args:
        entry: the cell.
        verdicts: (protocol, run, channel) -> seed -> face_id -> verdict.
        thresholds: the cell's dev thresholds by seed.
    """
    trained_on = {row.style for row in table.read(paths.trainset(entry.jobs[0].trainset), TrainRow)}
    caption_forms = [styles.STYLES[name] for name in sorted(trained_on & set(styles.STYLES))]
    texts, scores = entry.explanations(), entry.scores()
    channels = [channel for *place, channel in verdicts if place == [entry.cell.protocol, entry.cell.run]]
    by_seed = {}
    for seed, threshold in thresholds.items():
        explained = texts[seed]
        by_channel = {
            channel: _only(verdicts[entry.cell.protocol, entry.cell.run, channel].get(seed, {}), explained)
            for channel in channels
        }
        head = {face_id: p_attack >= threshold for face_id, p_attack in scores[seed].items()}
        unparsed = None
        if caption_forms:
            unparsed = {face_id: not checks.has_form(text, caption_forms) for face_id, text in explained.items()}
        faces = [face for face in entry.test if face.face_id in explained]
        by_seed[seed] = verdict_agreement.gather(faces, by_channel, head, unparsed)
    return by_seed


def _only(verdicts: Mapping[str, Verdict], face_ids: Collection[str]) -> dict[str, Verdict]:
    return {face_id: verdict for face_id, verdict in verdicts.items() if face_id in face_ids}


def main(argv: list[str] | None = None) -> None:
    """Write results/verdict_agreement.json: every cell."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "judging")
    verdicts: dict[tuple[str, str, str], dict[int, dict[str, Verdict]]] = {}
    for row in table.read(paths.JUDGEMENTS, Judgement):
        by_seed = verdicts.setdefault((row.protocol, row.run, row.reader), {})
        by_seed.setdefault(row.seed, {})[row.face_id] = row.verdict
    metrics = results.read(paths.METRICS, results.Metrics)
    cells = {}
    for entry in predictions.load_cells():
        rows = verdicts_by_seed(entry, verdicts, entry.thresholds(metrics))
        cells[entry.cell.key] = verdict_agreement.summarise(rows, params.judging.readers[0], entry.cell, params.evaluation)
    results.write(paths.VERDICT_AGREEMENT, results.VerdictAgreement(cells), params.evaluation.digits)
    print(f"verdict_agreement: {len(cells)} cells")


if __name__ == "__main__":
    stages.run(main)

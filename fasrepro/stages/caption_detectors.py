"""Stage `caption_detectors`: the errors of caption models as detectors, and how they differ -> results/caption_detectors.json."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from fasrepro import config, paths, stages
from fasrepro.data import protocols, splits
from fasrepro.evaluation import results, summary
from fasrepro.evaluation.cells import CellResults
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/caption_detectors.json, which has the form of metrics.json: a cell an entry and target."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "ledger")
    rows = [row for name in config.read_jobs().caption_detectors for row in table.read(paths.caption_detector(name), Score)]
    by_entry: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    for (protocol, entry, seed), scores in predictions.by_face(rows, "p_attack", "protocol", "run", "seed").items():
        by_entry.setdefault((protocol, entry), {})[seed] = scores
    cells = [cell for (protocol, entry), scores in sorted(by_entry.items()) for cell in cells_of(protocol, entry, scores)]
    metrics = summary.summarise(cells, params.evaluation, params.ledger)
    results.write(paths.CAPTION_DETECTOR_FIGURES, metrics, params.evaluation.digits)
    print(f"caption_detectors: {len(cells)} cells")


def cells_of(protocol: str, entry: str, scores: Mapping[int, Mapping[str, float]]) -> list[CellResults]:
    """Return an entry's cells on every target of a protocol; `scores` by seed and face_id."""
    split, sides = splits.read(protocol), config.load_protocols()[protocol]
    scored = set.intersection(*(set(of_seed) for of_seed in scores.values()))
    dev, test = ([face for face in faces if face.face_id in scored] for faces in (split.dev, split.test))
    return [
        CellResults(
            protocol=protocol,
            run=entry,
            target=target,
            cell=protocols.cell_name(sides, target),
            dev=dev,
            test=[face for face in test if face.dataset == target],
            scores=scores,
        )
        for target in sides.test
    ]


if __name__ == "__main__":
    stages.run(main)

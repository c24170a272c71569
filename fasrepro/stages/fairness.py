"""Stage `fairness`: error rates by groups of people and by conditions, and the gaps between them -> results/fairness.json."""

from __future__ import annotations

import argparse
import json

from fasrepro import config, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import fairness
from fasrepro.evaluation.cells import CellResults
from fasrepro.rows import table
from fasrepro.rows.truth import Truth
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/fairness.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "fairness")
    columns = table.columns_all(paths.TRUTH, Truth, ["face_id", "attributes"])
    attributes = dict(zip(columns["face_id"].to_pylist(), map(json.loads, columns["attributes"].to_pylist()), strict=True))
    cells = [
        CellResults(**entry.cell.names, dev=entry.split.dev, test=entry.test, scores=entry.scores())
        for entry in predictions.load_cells()
    ]
    pairs = [(pair.run, pair.baseline) for pair in params.fairness.pairs]
    report = fairness.summarise(cells, attributes, pairs, params.evaluation.confidence, params.evaluation.seed)
    results.write(paths.FAIRNESS, report, params.evaluation.digits)
    print(f"fairness: {len(report.runs)} runs by groups, {len(report.changes)} pairs compared")


if __name__ == "__main__":
    stages.run(main)

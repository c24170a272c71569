"""Stage `grounding`: cues that explanations name against cues in the image -> results/grounding.json."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Mapping, Sequence

from fasrepro import config, paths, stages
from fasrepro.evaluation import cells as evaluation_cells
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.analyses.grounding import NamedCues
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results import Cell
from fasrepro.evaluation.results.explanations import DEV, CellGrounding
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.training import TrainRow
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/grounding.json: the cells of runs that were trained on captions; none without truth."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    present = predictions.visible_cues(predictions.faces_by_id().values())
    cells: dict[str, CellGrounding] = {}
    dev: dict[str, CellGrounding] = {}
    compared = []
    entries = predictions.load_cells()
    pools = evaluation_cells.pools(CellResults(**one.cell.names, dev=one.split.dev, test=one.test, scores={}) for one in entries)
    for entry in entries if present is not None else ():
        rows = table.read(paths.trainset(entry.jobs[0].trainset), TrainRow)
        captions = {label: [row.caption for row in rows if row.label is label and row.caption] for label in Label}
        if not all(captions.values()):
            continue
        on_dev = Cell(entry.cell.protocol, entry.cell.run, DEV, entry.cell.protocol)
        if on_dev.key not in dev:
            read = _read(entry.split.dev, entry.dev_explanations(), captions, present)
            dev[on_dev.key] = grounding.summarise(*read, on_dev, evaluation)
        named, sampler = _read(entry.test, entry.explanations(), captions, present)
        cells[entry.cell.key] = grounding.summarise(named, sampler, entry.cell, evaluation)
        difference = grounding.compared_with_sampler(named, sampler, entry.cell)
        if difference is not None:
            compared.append((difference, pools[entry.cell.cell]))
    paired, means = grounding.tests(compared, evaluation.confidence)
    results.write(paths.GROUNDING, results.Grounding(cells, paired, means, dev), evaluation.digits)
    print(f"grounding: {len(cells)} cells")


def _read(
    faces: Iterable[Face],
    texts: Mapping[int, Mapping[str, str]],
    captions: Mapping[Label, Sequence[str]],
    present: Mapping[str, Collection[str]],
) -> tuple[dict[int, NamedCues], NamedCues]:
    """Return what texts name, by seed, and what the sampler names, both of the explained faces; `texts` by seed and face_id."""
    explained = next(iter(texts.values()))
    own = sorted((face for face in faces if face.face_id in explained), key=lambda face: face.face_id)
    named = {seed: grounding.of_texts(own, by_face, present) for seed, by_face in texts.items()}
    return named, grounding.of_sampler(own, captions, present)


if __name__ == "__main__":
    stages.run(main)

"""Stage `grounding`: cues that explanations name against cues in the image -> results/grounding.json."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.evaluation import cells as evaluation_cells
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.cells import CellResults
from fasrepro.rows import table
from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/grounding.json: the cells of runs that were trained on captions; none without truth."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    present = predictions.visible_cues(predictions.faces_by_id().values())
    cells, compared = {}, []
    entries = predictions.load_cells()
    pools = evaluation_cells.pools(CellResults(**one.cell.names, dev=one.split.dev, test=one.test, scores={}) for one in entries)
    for entry in entries if present is not None else ():
        rows = table.read(paths.trainset(entry.jobs[0].trainset), TrainRow)
        captions = {label: [row.caption for row in rows if row.label is label and row.caption] for label in Label}
        if not all(captions.values()):
            continue
        texts = entry.explanations()
        explained = texts[entry.jobs[0].seed]
        faces = sorted((face for face in entry.test if face.face_id in explained), key=lambda face: face.face_id)
        named = {seed: grounding.of_texts(faces, by_face, present) for seed, by_face in texts.items()}
        sampler = grounding.of_sampler(faces, captions, present)
        cells[entry.cell.key] = grounding.summarise(named, sampler, entry.cell, evaluation)
        difference = grounding.compared_with_sampler(named, sampler, entry.cell)
        if difference is not None:
            compared.append((difference, pools[entry.cell.cell]))
    paired, means = grounding.tests(compared, evaluation.confidence)
    results.write(paths.GROUNDING, results.Grounding(cells, paired, means), evaluation.digits)
    print(f"grounding: {len(cells)} cells")


if __name__ == "__main__":
    stages.run(main)

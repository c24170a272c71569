"""Stage `faithfulness`: scores and explanations with a cue against those without it -> results/faithfulness.json."""

from __future__ import annotations

import argparse

from fasrepro import config, files, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import faithfulness
from fasrepro.rows import table
from fasrepro.rows.scores import Explanation, Score
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/faithfulness.json: the cells of the stage `counterfactual`, each on its protocol's first target."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    pairs = files.read_json(paths.PAIRS)
    subjects = {face_id: face.subject for face_id, face in predictions.faces_by_id().items()}
    key = "protocol", "run", "seed"
    scores = predictions.by_face(table.read(paths.PAIR_SCORES, Score), "p_attack", *key)
    texts = predictions.by_face(table.read(paths.PAIR_EXPLANATIONS, Explanation), "text", *key)
    cells = {}
    for entry in predictions.load_cells() if scores else ():
        keys = {job.seed: (job.protocol, job.run, job.seed) for job in entry.jobs if job.test[0] == entry.cell.target}
        by_seed = {
            seed: faithfulness.gather(pairs, subjects, scores[key], texts.get(key, {}))
            for seed, key in keys.items()
            if key in scores
        }
        if by_seed:
            cells[entry.cell.key] = faithfulness.summarise(by_seed, entry.cell, evaluation)
    results.write(paths.FAITHFULNESS, results.Faithfulness(cells), evaluation.digits)
    print(f"faithfulness: {len(cells)} cells")


if __name__ == "__main__":
    stages.run(main)

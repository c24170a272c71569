"""Stage `faithful`: scores and explanations with a cue and without it, held together -> results/faithfulness.json."""

from __future__ import annotations

import argparse

from fasrepro import config, files, paths, stages
from fasrepro.evaluation.analyses import faithfulness
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score


def main(argv: list[str] | None = None) -> None:
    """Write results/faithfulness.json: a row a job of the stage `counterfactual`."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    pairs = files.read_json(paths.PAIRS)
    subjects = {face.face_id: face.subject for face in table.read(paths.FACES, Face)}
    scores: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    for row in table.read(paths.PAIR_SCORES, Score):
        scores.setdefault((row.protocol, row.run), {}).setdefault(row.seed, {})[row.face_id] = row.p_attack
    texts: dict[tuple[str, str, int], dict[str, str]] = {}
    for row in table.read(paths.PAIR_EXPLANATIONS, Explanation):
        texts.setdefault((row.protocol, row.run, row.seed), {})[row.face_id] = row.text
    report = {}
    for (protocol, run), by_seed in scores.items():
        rows = {
            seed: faithfulness.gather(pairs, subjects, found, texts.get((protocol, run, seed), {}))
            for seed, found in by_seed.items()
        }
        settings = evaluation.replicates, evaluation.confidence, evaluation.seed
        report[f"{protocol}-{run}"] = {"protocol": protocol, "run": run, **faithfulness.summarise(rows, protocol, *settings)}
    files.write_json(paths.FAITHFULNESS, files.rounded(report, evaluation.digits))
    print(f"faithful: {len(report)} jobs")


if __name__ == "__main__":
    stages.run(main)

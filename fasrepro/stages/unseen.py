"""Stage `unseen`: gains on attacks unlike those of the sources, by species and overlap of cues -> results/unseen.json."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping

from fasrepro import config, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import cue_overlap, misplaced_cues, unseen
from fasrepro.evaluation.analyses.cue_overlap import CueOverlap
from fasrepro.evaluation.analyses.unseen import ScoredCell
from fasrepro.evaluation.results import Cell, EvaluationSettings
from fasrepro.evaluation.results.unseen import UnseenTarget
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.stages import predictions


@dataclasses.dataclass
class Target:
    """The cells of one target that has a family of attacks which their sources lack."""

    test: list[Face]
    scored: list[ScoredCell] = dataclasses.field(default_factory=list)
    overlaps: dict[str, CueOverlap] = dataclasses.field(default_factory=dict)
    texts: dict[Cell, dict[int, dict[str, str]]] = dataclasses.field(default_factory=dict)


def load_targets(
    faces: Mapping[str, Face], visible: Mapping[str, list[str]] | None, metrics: results.Metrics, run: str
) -> dict[str, Target]:
    """Return the targets with unseen attacks; `visible` cues by face_id. Overlap is with the faces on which `run` is trained."""
    targets: dict[str, Target] = {}
    for entry in predictions.load_cells():
        cell, test = entry.cell, entry.test
        rows = table.read(paths.trainset(entry.jobs[0].trainset), TrainRow)
        trained = [faces[row.face_id] for row in rows]
        if cue_overlap.families(test) <= cue_overlap.families(trained):
            continue
        target = targets.setdefault(cell.target, Target(test))
        target.scored.append(ScoredCell(cell, entry.scores(), entry.thresholds(metrics)))
        if cell.run == run:
            target.overlaps[cell.cell] = cue_overlap.overlap(test, trained, visible)
        if any(row.caption for row in rows):
            target.texts[cell] = entry.explanations()
    return targets


def summarise(
    target: Target,
    faces: Mapping[str, Face],
    visible: Mapping[str, list[str]] | None,
    runs: tuple[str, str],
    evaluation: EvaluationSettings,
) -> UnseenTarget | None:
    """Return the figures of one target; None where no cell has both runs."""
    gains = unseen.summarise(target.scored, target.test, target.overlaps, runs, evaluation)
    if gains is None:
        return None
    misplaced = misplaced_cues.summarise(target.texts, faces, visible, runs, evaluation)
    return dataclasses.replace(gains, misplaced_cues=misplaced)


def main(argv: list[str] | None = None) -> None:
    """Write results/unseen.json: an entry a target that has a family of attacks which its sources lack."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "unseen")
    runs = params.unseen.run, params.unseen.baseline
    faces = predictions.faces_by_id()
    visible = predictions.visible_cues(faces.values())
    targets = load_targets(faces, visible, results.read(paths.METRICS, results.Metrics), params.unseen.run)
    entries = {}
    for name, target in sorted(targets.items()):
        entry = summarise(target, faces, visible, runs, params.evaluation)
        if entry is not None:
            entries[name] = entry
    results.write(paths.UNSEEN, results.Unseen(*runs, entries), params.evaluation.digits)
    print(f"unseen: {len(entries)} targets")


if __name__ == "__main__":
    stages.run(main)

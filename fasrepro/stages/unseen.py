"""Stage `unseen`: gains on attacks unlike those of the sources, by species and overlap of cues -> results/unseen.json."""

from __future__ import annotations

import argparse
import collections
import dataclasses
from collections.abc import Mapping

from fasrepro import config, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import cue_overlap, misplaced_cues, unseen
from fasrepro.evaluation.analyses.cue_overlap import CueOverlap
from fasrepro.evaluation.analyses.unseen import ScoredCell
from fasrepro.evaluation.results import Cell, EvaluationSettings
from fasrepro.evaluation.results.unseen import UnseenTarget, entry_key
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.stages import predictions


@dataclasses.dataclass
class Target:
    """The cells of one target that has a family of attacks which their sources lack. They have one mean: see `load_targets`."""

    test: list[Face]
    scored: list[ScoredCell] = dataclasses.field(default_factory=list)
    overlaps: dict[str, CueOverlap] = dataclasses.field(default_factory=dict)
    texts: dict[Cell, dict[int, dict[str, str]]] = dataclasses.field(default_factory=dict)


def load_targets(
    faces: Mapping[str, Face], visible: Mapping[str, list[str]] | None, metrics: results.Metrics, run: str
) -> dict[str, Target]:
    """Return the targets with unseen attacks, by the key of their entry: see `results.Unseen`.

    Protocols with other numbers of sources, or that test other faces of the target, ask another question: a target has an entry
    for each of these groups.

    Args:
        faces: by face_id.
        visible: cues by face_id; None where they are not known.
        metrics: with the thresholds.
        run: overlap is with the faces on which it is trained.
    """
    groups: dict[tuple[str, int, tuple[str, ...]], Target] = {}
    for entry in predictions.load_cells():
        cell, test = entry.cell, entry.test
        rows = table.read(paths.trainset(entry.jobs[0].trainset), TrainRow)
        trained = [faces[row.face_id] for row in rows]
        if cue_overlap.families(test) <= cue_overlap.families(trained):
            continue
        sources = len({face.dataset for face in entry.split.dev})
        target = groups.setdefault((cell.target, sources, tuple(face.face_id for face in test)), Target(test))
        target.scored.append(ScoredCell(cell, entry.scores(), entry.thresholds(metrics)))
        if cell.run == run:
            target.overlaps[cell.cell] = cue_overlap.overlap(test, trained, visible)
        if any(row.caption for row in rows):
            target.texts[cell] = entry.explanations()
    count = collections.Counter(name for name, _, _ in groups)
    return {
        entry_key(name, [one.cell.protocol for one in target.scored] if count[name] > 1 else []): target
        for (name, _, _), target in groups.items()
    }


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
    """Write results/unseen.json: the targets that have a family of attacks which their sources lack."""
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

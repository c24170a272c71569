"""Cues of prints and replays that explanations name, by the kind of face.

A *print/replay cue* goes with prints and replays alone (`vocabulary.CUES`). Paper 1's sources can teach it, and no mask, make-up
or partial cover has it; there it is misplaced. By frame: the share of explanations that name a print/replay cue, the share that
name a cue which is in the image, and the share that name any cue. No cue is in a bona fide face; the rate at which a run names
print/replay cues there shows how much of its naming is indiscriminate.

Figures are means over seeds, then over the cells of one target. Intervals resample seeds, and subjects within species.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.analyses import cue_overlap
from fasrepro.evaluation.metrics import MetricError, ratio
from fasrepro.evaluation.results import Cell, EvaluationSettings
from fasrepro.evaluation.results.shared import FaceCounts
from fasrepro.evaluation.results.unseen import KindFigures, MisplacedCues
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face

PRINT_REPLAY_CUES = frozenset(
    name for name, cue in vocabulary.CUES.items() if set(cue.species) <= {*vocabulary.PRINTS, *vocabulary.REPLAYS}
)
MEASURES = ("print_replay", "present", "any")
UNSEEN = "unseen"  # the three families that no source has, together
FAMILIES = ("mask", "makeup", "partial")
KINDS = (BONA_FIDE_SPECIES, "print", "replay", *FAMILIES, UNSEEN)

Texts = Mapping[int, Mapping[str, str]]  # seed -> face_id -> explanation
Visible = Mapping[str, Collection[str]]  # face_id -> cues that are visible in its image


def marks(text: str, visible: Collection[str] | None) -> tuple[float, float, float]:
    """Return `MEASURES` of one text, each 0 or 1: whether it names a print/replay cue, a visible cue, any cue.

    The second is NaN where the visible cues are unknown.
    """
    named = set(vocabulary.named_cues(text))
    present = float("nan") if visible is None else float(bool(named & set(visible)))
    return float(bool(named & PRINT_REPLAY_CUES)), present, float(bool(named))


def kinds_of(face: Face) -> set[str]:
    """Return which of `KINDS` a face is of."""
    family = cue_overlap.family(face.species)
    return {family, UNSEEN} if family in FAMILIES else {family}


def shares(marks: np.ndarray, belongs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of rows that have each mark, by kind, (replicates, kinds, marks); NaN of no row or an unknown mark.

    `marks`: (rows, marks) of 0, 1 and NaN; `belongs`: (rows, kinds) of 0 and 1; `weights`: (replicates, rows).
    """
    counted = np.einsum("rn,nk,nm->rkm", weights, belongs, marks, optimize=True)
    return ratio(counted, (weights @ belongs)[:, :, None])


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The explained faces of a target, and their draws.

    Args:
        faces: sorted by id.
        kinds: those of `KINDS` that there are.
        belongs: (rows, kinds) of 0 and 1.
        weights: (1 + replicates, rows); the first row is all ones.
        varying_subjects: how many subjects of a kind are not alone in their stratum.
    """

    faces: list[Face]
    kinds: list[str]
    belongs: np.ndarray
    weights: np.ndarray
    varying_subjects: dict[str, int]

    def of_kind(self, kind: str) -> list[Face]:
        """Return the faces of a kind."""
        return [face for face in self.faces if kind in kinds_of(face)]

    def counts(self) -> dict[str, FaceCounts]:
        """Return faces and subjects by kind."""
        faces = {kind: self.of_kind(kind) for kind in self.kinds}
        return {kind: FaceCounts(len(some), len({face.subject for face in some})) for kind, some in faces.items()}


def _draw(faces: list[Face], target: str, settings: EvaluationSettings) -> _Rows:
    kinds = [kind for kind in KINDS if any(kind in kinds_of(face) for face in faces)]
    belongs = np.array([[kind in kinds_of(face) for kind in kinds] for face in faces], dtype=float)
    subjects, species = [face.subject for face in faces], [face.species for face in faces]
    counts, subject_of_row, varies = bootstrap.draw_stratified(subjects, species, settings.replicates, settings.seed, target)
    weights = np.concatenate([np.ones((1, len(faces))), counts[:, subject_of_row]])
    varying = [face for face, one in zip(faces, varies, strict=True) if one]
    varying_subjects = {kind: len({face.subject for face in varying if kind in kinds_of(face)}) for kind in kinds}
    return _Rows(faces, kinds, belongs, weights, varying_subjects)


def summarise(
    texts: Mapping[Cell, Texts],
    faces: Mapping[str, Face],
    visible: Visible | None,
    runs: tuple[str, str],
    settings: EvaluationSettings,
) -> MisplacedCues | None:
    """Return the figures of a target; None where nothing was explained.

    "difference" is over the cells that have both runs, and the seeds that both have.

    Args:
        texts: explanations by cell, all of the same faces of one target.
        faces: by face_id.
        visible: the cues in the images; None where they are unknown.
        runs: run and baseline of the difference.
        settings: of the bootstrap.

    Raises:
        MetricError: where cells explain different faces.
    """
    face_ids = sorted(next(iter(next(iter(texts.values())).values()))) if texts else []
    if not face_ids:
        return None
    target = next(iter(texts)).target
    for cell, by_seed in texts.items():
        if any(sorted(seed_texts) != face_ids for seed_texts in by_seed.values()):
            raise MetricError(f"{cell.key}: explains other faces of {target} than the first run; run `dvc repro`")
    rows = _draw([faces[face_id] for face_id in face_ids], target, settings)

    def measure(seed_texts: Mapping[str, str]) -> np.ndarray:
        row_marks = [marks(seed_texts[name], None if visible is None else visible[name]) for name in face_ids]
        return shares(np.array(row_marks), rows.belongs, rows.weights)

    def over_seeds(cell: Cell, seeds: Collection[int]) -> np.ndarray:
        """Return means over seeds, (1 + replicates, kinds, marks)."""
        draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, cell.cell)
        by_seed = np.stack([measured[cell][seed] for seed in sorted(seeds)])
        flat = by_seed.reshape(len(seeds), 1 + settings.replicates, -1)
        return bootstrap.mean_with_replicates(flat, draws).reshape(1 + settings.replicates, len(rows.kinds), len(MEASURES))

    def figures(values: np.ndarray) -> KindFigures:
        by_kind: KindFigures = {}
        for k, kind in enumerate(rows.kinds):
            subjects = rows.varying_subjects[kind]
            by_kind[kind] = {
                name: bootstrap.figure(float(values[0, k, m]), values[1:, k, m], settings.confidence, subjects)
                for m, name in enumerate(MEASURES)
            }
        return by_kind

    measured = {cell: {seed: measure(seed_texts) for seed, seed_texts in by_seed.items()} for cell, by_seed in texts.items()}
    ordered = sorted(texts, key=lambda cell: (cell.cell, cell.run))
    means = {cell: over_seeds(cell, texts[cell].keys()) for cell in ordered}
    both = []
    for ours in (cell for cell in ordered if cell.run == runs[0]):
        for theirs in (cell for cell in ordered if (cell.cell, cell.run) == (ours.cell, runs[1])):
            seeds = texts[ours].keys() & texts[theirs].keys()
            if seeds:
                both.append(over_seeds(ours, seeds) - over_seeds(theirs, seeds))
    return MisplacedCues(
        counts=rows.counts(),
        cells={cell.key: figures(values) for cell, values in means.items()},
        mean={
            run: figures(np.mean([values for cell, values in means.items() if cell.run == run], axis=0))
            for run in sorted({cell.run for cell in ordered})
        },
        difference=figures(np.mean(both, axis=0)) if both else {},
    )

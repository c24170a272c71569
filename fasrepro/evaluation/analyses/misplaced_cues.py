"""Cues of prints and replays that explanations name, by the kind of attack that the face shows.

A cue is *foreign* if it goes with prints and replays alone (`cues.CUES`): one that paper 1's sources can teach, and that no mask,
make-up or partial cover has. By frame: the share of explanations that name a foreign cue, beside the share that name a cue which
is in the image, and that name any. On a bona fide face no cue is in the image; how often a run names foreign ones there tells how
much of it is a habit.

Figures are means over seeds, then over protocols of one target. Intervals resample seeds, and subjects within species.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.analyses import cue_overlap
from fasrepro.evaluation.metrics import MetricError, ratio
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face

FOREIGN = frozenset(
    name for name, cue in vocabulary.CUES.items() if set(cue.species) <= {*vocabulary.PRINTS, *vocabulary.REPLAYS}
)
MEASURES = ("foreign", "present", "any")
UNSEEN = "unseen"  # all of the three families that no source has
FAMILIES = ("mask", "makeup", "partial")
KINDS = (BONA_FIDE_SPECIES, "print", "replay", *FAMILIES, UNSEEN)

Texts = Mapping[int, Mapping[str, str]]  # seed -> face_id -> explanation


def marks(text: str, seen: Collection[str] | None) -> tuple[float, float, float]:
    """Return whether a text names a foreign cue, one that is in the image (NaN if that is not known), and any: `MEASURES`."""
    named = set(vocabulary.named_cues(text))
    return float(bool(named & FOREIGN)), float("nan") if seen is None else float(bool(named & set(seen))), float(bool(named))


def kinds_of(face: Face) -> set[str]:
    """Return which of `KINDS` a face is of."""
    family = cue_overlap.family(face.species)
    return {family, UNSEEN} if family in FAMILIES else {family}


def shares(found: np.ndarray, belongs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of rows that have each mark, by kind, shape (replicates, kinds, marks); NaN of no row or an unknown mark.

    `found`: (rows, marks) of 0, 1 and NaN; `belongs`: (rows, kinds) of 0 and 1; `weights`: (replicates, rows).
    """
    counted = np.einsum("rn,nk,nm->rkm", weights, belongs, found, optimize=True)
    return ratio(counted, (weights @ belongs)[:, :, None])


def summarise(
    texts: Mapping[tuple[str, str], Texts],
    faces: Mapping[str, Face],
    seen: Mapping[str, Collection[str]] | None,
    run: str,
    baseline: str,
    target: str,
    replicates: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Return {"counts", "protocols", "mean", "difference"} of a target; empty where nothing was explained.

    `texts` by protocol and run, all of the same faces; `seen`: the cues that are in their images. "mean" is of each run over its
    protocols, "difference" run minus baseline over those that have both, of the seeds in common. Raises `MetricError` where
    faces differ.
    """
    ids = sorted(next(iter(next(iter(texts.values())).values()))) if texts else []
    if not ids:
        return {}
    for (protocol, name), by_seed in texts.items():
        if any(sorted(found) != ids for found in by_seed.values()):
            raise MetricError(f"{protocol}-{name}: explains other faces of {target} than the first run; run `dvc repro`")
    rows = [faces[face_id] for face_id in ids]
    kinds = [kind for kind in KINDS if any(kind in kinds_of(face) for face in rows)]
    belongs = np.array([[kind in kinds_of(face) for kind in kinds] for face in rows], dtype=float)
    subjects = [face.subject for face in rows]
    counts, place, free = bootstrap.draw_within(subjects, [face.species for face in rows], replicates, seed, target)
    weights = np.concatenate([np.ones((1, len(rows))), counts[:, place]])
    held = {kind: [face for face in rows if kind in kinds_of(face)] for kind in kinds}
    people = {kind: len({face.subject for face in found}) for kind, found in held.items()}
    loose = {kind: len({f.subject for f, one in zip(rows, free, strict=True) if one and kind in kinds_of(f)}) for kind in kinds}

    def shared(found: Mapping[str, str]) -> np.ndarray:
        return shares(np.array([marks(found[name], None if seen is None else seen[name]) for name in ids]), belongs, weights)

    told = {job: {number: shared(found) for number, found in by_seed.items()} for job, by_seed in texts.items()}

    def averaged(job: tuple[str, str], seeds: Collection[int]) -> np.ndarray:
        trained = bootstrap.draw_seeds(len(seeds), replicates, seed, job[0])
        flat = np.stack([told[job][number] for number in sorted(seeds)]).reshape(len(seeds), 1 + replicates, -1)
        return bootstrap.averaged(flat, trained).reshape(1 + replicates, len(kinds), len(MEASURES))

    def cell(values: np.ndarray) -> dict[str, Any]:
        return {
            kind: {
                name: bootstrap.figure(float(values[0, k, m]), values[1:, k, m], confidence, loose[kind])
                for m, name in enumerate(MEASURES)
            }
            for k, kind in enumerate(kinds)
        }

    found = {job: averaged(job, texts[job].keys()) for job in sorted(texts)}
    runs = sorted({name for _, name in found})
    places = sorted({protocol for protocol, _ in found})
    common = {p: texts.get((p, run), {}).keys() & texts.get((p, baseline), {}).keys() for p in places}
    both = [averaged((p, run), seeds) - averaged((p, baseline), seeds) for p, seeds in common.items() if seeds]
    return {
        "counts": {kind: {"faces": len(held[kind]), "subjects": people[kind]} for kind in kinds},
        "protocols": {f"{protocol}-{name}": cell(values) for (protocol, name), values in found.items()},
        "mean": {name: cell(np.mean([found[job] for job in found if job[1] == name], axis=0)) for name in runs},
        "difference": cell(np.mean(both, axis=0)) if both else {},
    }

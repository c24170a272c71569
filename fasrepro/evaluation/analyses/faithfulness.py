"""Faithfulness: a cue is taken out of the image; does the score fall, and is the cue still named? Of drawn images alone.

A pair is one attack drawn twice, with a cue and without it, all else equal (simulation/rerender.py). It stays an attack: other
cues are left in most images, so that the score need not fall to that of a bona fide face. What a faithful model does is fall in
score and cease to name the cue. A model that names what goes with attacks in general, and looks at no image, names as much
without the cue as with it, whatever its score does; so `named_change` is what naming owes to the cue.

Score and text come from two parts of a model. `agreement` asks whether they go together: Pearson's correlation, over faces, of
the change in naming (1: the cue is named with it alone, -1: without it alone, 0: in both or neither) and the change in log-odds.
A correlation over faces says nothing of whether the one follows from the other.

`redrawn` is how far scores move when a face is merely drawn again: the absolute difference between the face with its cue and
the index's crop, which went through a whole video. Changes smaller than that are within what the drawing itself does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.metrics import MetricError

MEASURES = (
    "score_change",  # of p_attack, with minus without
    "logit_change",  # of its log-odds
    "fell",  # share of faces whose p_attack falls when the cue is taken out
    "redrawn",
    "named_with",  # share of explanations that name the cue, of the image that has it
    "named_without",  # and of the one that has not
    "named_change",  # the first minus the second
    "still_named",  # of those that name it with the cue, the share that names it without, too
    "newly_named",  # of those that do not name it with the cue, the share that names it without
    "agreement",
)
OF_A_CUE = ("score_change", "fell", "named_with", "named_without", "named_change")
LEAST = 1e-6  # p_attack nearer to 0 or 1 than this counts as this far, so that log-odds stay finite


@dataclasses.dataclass(frozen=True)
class Pairs:
    """What one model makes of pairs, a row a face.

    `scores` (rows, 3) is `p_attack` without the cue, with it, and of the index's crop; `named` (rows, 2) is 1 where the
    explanation names the cue, without and with it.
    """

    subjects: Sequence[str]
    cues: Sequence[str]
    scores: np.ndarray
    named: np.ndarray


def gather(
    pairs: Mapping[str, Mapping[str, Any]], subjects: Mapping[str, str], scores: Mapping[str, float], texts: Mapping[str, str]
) -> Pairs:
    """Return one model's rows, of the pairs that it scored, sorted by face_id.

    `pairs` is what results/counterfactual/pairs.json holds, `subjects` maps face_ids; `scores` and `texts` go by face_id, and by
    the ids of both crops. Raises `MetricError` where the model scored no pair, or a crop or a text of one is missing.
    """
    found = [face_id for face_id in sorted(pairs) if face_id in scores]
    if not found:
        raise MetricError("no face of results/counterfactual/pairs.json has a score; `dvc repro --force counterfactual`")
    values, named = [], []
    for face_id in found:
        row = pairs[face_id]
        ids = [row[part]["face_id"] for part in ("without", "with")]
        missing = [name for name in ids if name not in scores or name not in texts]
        if missing:
            raise MetricError(f"{missing[0]}: no score or no explanation; `dvc repro --force counterfactual` makes both anew")
        values.append([*(scores[name] for name in ids), scores[face_id]])
        named.append([row["cue"] in vocabulary.named_cues(texts[name]) for name in ids])
    kinds = [pairs[face_id]["cue"] for face_id in found]
    return Pairs([subjects[face_id] for face_id in found], kinds, np.array(values), np.array(named, dtype=float))


def logit(p: np.ndarray) -> np.ndarray:
    """Return log-odds of probabilities, which are kept `LEAST` away from 0 and 1."""
    kept = np.clip(p, LEAST, 1 - LEAST)
    return np.log(kept) - np.log1p(-kept)


def measure(rows: Pairs, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return `MEASURES`, each of shape (replicates,), for weights (replicates, rows); NaN where there is nothing to count."""
    without, present, own = rows.scores.T
    before, after = rows.named[:, 1], rows.named[:, 0]
    drop = logit(present) - logit(without)

    def mean(values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
        share = weights if among is None else weights * among
        return share @ values / share.sum(axis=1)

    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "score_change": mean(present - without),
            "logit_change": mean(drop),
            "fell": mean((without < present).astype(float)),
            "redrawn": mean(np.abs(present - own)),
            "named_with": mean(before),
            "named_without": mean(after),
            "named_change": mean(before - after),
            "still_named": mean(after, before),
            "newly_named": mean(after, 1 - before),
            "agreement": correlation(before - after, drop, weights),
        }


def correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of two values of each row, (rows,), under weights (replicates, rows): (replicates,).

    NaN where one of them does not vary, but for rounding, among the rows that weigh anything.
    """
    total = weights.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = [values - weights @ values[:, None] / total for values in (one, other)]
        variances = [(weights * part**2).sum(axis=1) / total[:, 0] for part in apart]
        found = (weights * apart[0] * apart[1]).sum(axis=1) / total[:, 0] / np.sqrt(variances[0] * variances[1])
    steady = np.minimum(*variances) < LEAST**2
    return np.where(steady, np.nan, np.clip(found, -1, 1))


def only(rows: Pairs, cue: str) -> np.ndarray:
    """Return which rows are of a cue, as 0 and 1."""
    return np.array([name == cue for name in rows.cues], dtype=float)


def summarise(by_seed: Mapping[int, Pairs], stream: str, replicates: int, confidence: float, seed: int) -> dict[str, Any]:
    """Return {"measures", "cues", "counts"}: `MEASURES` of all pairs, `OF_A_CUE` of each cue's, and what is behind them.

    All rows are of the same faces in the same order. Figures are means over seeds; intervals resample subjects and seeds, as
    `statistics` does; but all faces are attacks, so that no replicate can lack a label. `stream` names the draws.
    """
    rows = next(iter(by_seed.values()))
    names, place = np.unique(np.asarray(rows.subjects), return_inverse=True)
    random = bootstrap.generator(seed, f"{stream}/counterfactual subjects")
    counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=replicates).astype(float)
    draws = bootstrap.draw_seeds(len(by_seed), replicates, seed, stream)

    def figures(wanted: Sequence[str], kept: np.ndarray, subjects: int) -> dict[str, Any]:
        found = []
        for _, pairs in sorted(by_seed.items()):
            whole = measure(pairs, kept[None, :])
            found.append(
                (whole, bootstrap.replicated(lambda weights, pairs=pairs: measure(pairs, weights * kept), counts, place))
            )
        made = {}
        for name in wanted:
            value = float(np.mean([whole[name][0] for whole, _ in found]))
            drawn = bootstrap.over_seeds(np.stack([many[name] for _, many in found]), draws)
            made[name] = bootstrap.figure(value, drawn, confidence, subjects)
        return made

    by_cue = {}
    for cue in (name for name in vocabulary.CUES if name in rows.cues):
        kept = only(rows, cue)
        subjects = len({subject for subject, name in zip(rows.subjects, rows.cues, strict=True) if name == cue})
        by_cue[cue] = {**figures(OF_A_CUE, kept, subjects), "counts": {"faces": int(kept.sum()), "subjects": subjects}}
    return {
        "measures": figures(MEASURES, np.ones(len(rows.cues)), len(names)),
        "cues": by_cue,
        "counts": {"faces": len(rows.cues), "subjects": len(names), "seeds": len(by_seed)},
    }

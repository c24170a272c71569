"""Attacks unlike those of the sources: what a run gains over another on each species, and whether it gains where cues are shared.

Paper 1's negative claim is that reasoning captions teach the cues of prints and replays, which mislead on masks and make-up. If
so, the gain of a species rises with how much it shares cues with the sources (`sharing`): a positive slope.

- gain: by species at the dev threshold, by video. "apcer": APCER of the baseline minus that of the run; "p_attack": mean score of
  the run minus that of the baseline. Either way positive is better for the run. A threshold that moves with the run moves all
  species, and so the intercept rather than the slope.
- slope: of the weighted least-squares line of gain on sharing, one point a species, its weight its number of videos; so it is the
  gain of a species all of whose cues the sources show, less that of one of whose cues they show none. The intercept is the gain
  of the latter.
- spearman: rank correlation of gain and sharing over species, unweighted.

Figures are means over seeds, then over protocols of one target. Intervals resample seeds, and subjects within species, so that a
species keeps its subjects; gain, sharing and weights are found anew for the drawn subjects. They are about these species: what
other species would do no interval here can tell, but how far the slope moves without any one of them is told beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from fasrepro import vocabulary
from fasrepro.evaluation import aggregate, bootstrap
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.analyses import cue_overlap
from fasrepro.evaluation.analyses.cue_overlap import Shared
from fasrepro.evaluation.metrics import MetricError, ratio
from fasrepro.rows.faces import Face

MEASURES = ("apcer", "p_attack")
AT = np.linspace(0, 1, 11)  # sharing at which the line and its band are told
EQUAL = 1e-12  # a spread below it is rounding

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Scored:
    """A run on a protocol: `scores` of the target's faces by seed and face_id, `cuts` (dev thresholds, by video) by seed."""

    protocol: str
    run: str
    scores: Mapping[int, Mapping[str, float]]
    cuts: Mapping[int, float]


@dataclasses.dataclass(frozen=True)
class Draws:
    """The attack videos of a target, which all its jobs share, and their replicates.

    `species`: (species,) names in the order of `cues.SPECIES`; `belongs`: (videos, species) of 0 and 1; `weights`:
    (1 + replicates, videos), the first row all ones, so that every array below has the figure itself in row 0. `subjects`: how
    many a species has; `free`: how many of them another can be drawn for.
    """

    ids: Array
    species: list[str]
    belongs: Array
    weights: Array
    subjects: dict[str, int]
    free: dict[str, int]

    @property
    def videos(self) -> Array:
        """Return the number of videos of each species, shape (1 + replicates, species)."""
        return self.weights @ self.belongs

    def mean(self, values: Array) -> Array:
        """Return the mean by species of `values`, (videos,), NaN left out; shape (1 + replicates, species)."""
        known = ~np.isnan(values)[:, None] * self.belongs
        return ratio(self.weights @ (np.nan_to_num(values)[:, None] * known), self.weights @ known)


@dataclasses.dataclass(frozen=True)
class Found:
    """One protocol's figures. Arrays are (1 + replicates, species) or, in `fits`, (1 + replicates,), but for those of `runs`."""

    seeds: int
    shares: Array
    nominal: Array
    gains: dict[str, Array]  # measure -> gain
    fits: dict[str, dict[str, Array]]  # measure -> "slope", "intercept", "spearman"
    without: dict[str, Array]  # measure -> (species,), the slope without each species
    runs: dict[str, dict[str, Array]]  # run -> measure -> (species,), "bpcer" and "p_attack_bona_fide" -> ()


def drawn(videos: Columns, replicates: int, seed: int, target: str) -> Draws:
    """Draw replicates of the attacks among a target's `videos`, within species."""
    attack = videos.labels == 1
    kinds, subjects = videos.species[attack], videos.subjects[attack]
    species = [name for name in vocabulary.SPECIES if name in set(kinds.tolist())]
    counts, place, free = bootstrap.draw_within(subjects.tolist(), kinds.tolist(), replicates, seed, target)
    belongs = np.stack([kinds == name for name in species], axis=1).astype(float)
    weights = np.concatenate([np.ones((1, len(place))), counts[:, place]])
    held = {name: len(set(subjects[kinds == name].tolist())) for name in species}
    loose = {name: len(set(subjects[free & (kinds == name)].tolist())) for name in species}
    return Draws(videos.ids[attack], species, belongs, weights, held, loose)


def line(x: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    """Return slope and intercept of the weighted least-squares line of `y` on `x`, each (replicates,); all (replicates, points).

    A point of which either is NaN is left out. NaN where the points that are left have one `x`.
    """
    known = ~(np.isnan(x) | np.isnan(y))
    x, y, weights = np.where(known, x, 0), np.where(known, y, 0), np.where(known, weights, 0)
    total = weights.sum(axis=1)
    middle_x, middle_y = ratio((weights * x).sum(axis=1), total), ratio((weights * y).sum(axis=1), total)
    away = x - middle_x[:, None]
    spread = (weights * away**2).sum(axis=1)
    slope = ratio((weights * away * (y - middle_y[:, None])).sum(axis=1), np.where(spread > EQUAL, spread, 0))
    return slope, middle_y - slope * middle_x


def spearman(x: Array, y: Array) -> Array:
    """Return the rank correlation of `x` and `y`, (replicates, points) -> (replicates,), ties sharing their mean rank.

    A point of which either is NaN is left out. NaN where the points that are left have one `x` or one `y`.
    """
    lost = np.isnan(x) | np.isnan(y)
    # Rounded, because what differs by rounding alone ties.
    ranks = [stats.rankdata(np.where(lost, np.nan, np.round(values, 9)), axis=1, nan_policy="omit") for values in (x, y)]
    ones = np.ones(x.shape)
    # The slope of either on the other, whose product is the squared correlation.
    one, other = line(ranks[0], ranks[1], ones)[0], line(ranks[1], ranks[0], ones)[0]
    return np.sign(one) * np.sqrt(np.clip(one * other, 0, 1))


def _by_video(faces: Sequence[Face], values: Mapping[str, float], ids: Array) -> Array:
    """Return the mean of what is known of each video's faces, (videos,), in the order of `ids`; NaN where nothing is."""
    by_video: dict[str, list[float]] = {}
    for face in faces:
        if not np.isnan(values.get(face.face_id, np.nan)):
            by_video.setdefault(face.presentation, []).append(values[face.face_id])
    return np.array([np.mean(by_video[name]) if name in by_video else np.nan for name in ids.tolist()])


def _measured(job: Scored, seeds: Sequence[int], faces: Sequence[Face], draws: Draws) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return each measure of a job's attacks, (seeds, 1 + replicates, species), and what is told of it: see `Found.runs`."""
    rows: dict[str, list[Array]] = {name: [] for name in MEASURES}
    told: dict[str, list[float]] = {"bpcer": [], "p_attack_bona_fide": []}
    for seed in seeds:
        columns = aggregate.scores(faces, job.scores[seed], "video", f"{job.protocol}-{job.run}, seed {seed}")
        attack = columns.labels == 1
        values, live = columns.values[attack], columns.values[~attack]
        rows["apcer"].append(draws.mean((values < job.cuts[seed]).astype(float)))
        rows["p_attack"].append(draws.mean(values))
        told["bpcer"].append(float(np.mean(live >= job.cuts[seed])) if live.size else np.nan)
        told["p_attack_bona_fide"].append(float(np.mean(live)) if live.size else np.nan)
    made = {name: np.stack(found) for name, found in rows.items()}
    return made, {name: found[:, 0].mean(axis=0) for name, found in made.items()} | {
        name: np.mean(found) for name, found in told.items()
    }


def protocol(
    jobs: Mapping[str, Scored], faces: Sequence[Face], shared: Shared, run: str, baseline: str, draws: Draws, seed: int
) -> Found:
    """Return one protocol's figures; `jobs` by run, `faces` the target's test faces. Raises `MetricError`: no seed in common."""
    name = jobs[run].protocol
    seeds = sorted(jobs[run].scores.keys() & jobs[baseline].scores.keys())
    if not seeds:
        raise MetricError(f"{name}: {run} and {baseline} have no seed in common; give both the same under experiments")
    trained = bootstrap.draw_seeds(len(seeds), len(draws.weights) - 1, seed, name)
    found = {
        key: _measured(job, seeds if key in (run, baseline) else sorted(job.scores), faces, draws) for key, job in jobs.items()
    }
    (ours, _), (theirs, _) = found[run], found[baseline]
    gains = {
        "apcer": bootstrap.averaged(theirs["apcer"] - ours["apcer"], trained),
        "p_attack": bootstrap.averaged(ours["p_attack"] - theirs["p_attack"], trained),
    }
    shares, videos = draws.mean(_by_video(faces, shared.by_face, draws.ids)), draws.videos
    fits, without = {}, {}
    for measure, gain in gains.items():
        slope, intercept = line(shares, gain, videos)
        fits[measure] = {"slope": slope, "intercept": intercept, "spearman": spearman(shares, gain)}
        others = videos[:1] * (1 - np.eye(len(draws.species)))  # a row a species, which alone weighs nothing
        without[measure] = line(*(np.repeat(values[:1], len(others), axis=0) for values in (shares, gain)), others)[0]
    nominal = np.array([shared.nominal[species] for species in draws.species])
    return Found(len(seeds), shares, nominal, gains, fits, without, {key: told for key, (_, told) in found.items()})


def _cell(found: Sequence[Found], draws: Draws, confidence: float) -> dict[str, Any]:
    """Return the JSON-able mean of some protocols."""

    def figure(values: Sequence[Array], free: int) -> dict[str, float | None]:
        mean = np.mean(values, axis=0)
        return bootstrap.figure(float(mean[0]), mean[1:], confidence, free)

    def plain(values: Sequence[Any]) -> float | None:
        mean = float(np.mean(values))
        return None if np.isnan(mean) else mean

    runs = [name for name in found[0].runs if all(name in one.runs for one in found)]
    species = {
        name: {
            "sharing": plain([one.shares[0, place] for one in found]),
            "nominal": plain([one.nominal[place] for one in found]),
            "runs": {run: {m: plain([one.runs[run][m][place] for one in found]) for m in MEASURES} for run in runs},
            "gain": {m: figure([one.gains[m][:, place] for one in found], draws.free[name]) for m in MEASURES},
        }
        for place, name in enumerate(draws.species)
    }
    lines, free = {}, max(draws.free.values())
    for measure in MEASURES:
        fits = [one.fits[measure] for one in found]
        lines[measure] = {name: figure([fit[name] for fit in fits], free) for name in ("slope", "intercept", "spearman")}
        without = np.mean([one.without[measure] for one in found], axis=0)
        known = without[~np.isnan(without)].tolist()
        lines[measure]["without_one"] = {"low": min(known, default=None), "high": max(known, default=None)}
        lines[measure]["band"] = [
            {"sharing": float(at), **figure([fit["intercept"] + at * fit["slope"] for fit in fits], free)} for at in AT
        ]
    bona_fide = {run: {m: plain([one.runs[run][m] for one in found]) for m in ("bpcer", "p_attack_bona_fide")} for run in runs}
    return {"seeds": min(one.seeds for one in found), "species": species, "bona_fide": bona_fide, "lines": lines}


def summarise(
    jobs: Sequence[Scored],
    faces: Sequence[Face],
    shared: Mapping[str, Shared],
    run: str,
    baseline: str,
    target: str,
    replicates: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Return what results/unseen.json holds of a target: "counts", each protocol, and their "mean"; of those with both runs.

    `faces`: the target's test faces; `shared` by protocol. Empty where no protocol has both runs. Raises `MetricError`.
    """
    by_protocol: dict[str, dict[str, Scored]] = {}
    for job in jobs:
        by_protocol.setdefault(job.protocol, {})[job.run] = job
    both = {name: found for name, found in sorted(by_protocol.items()) if {run, baseline} <= found.keys()}
    if not both:
        return {}
    first = next(iter(both.values()))[run]
    videos = aggregate.scores(faces, first.scores[min(first.scores)], "video", f"{first.protocol}-{run}")
    draws = drawn(videos, replicates, seed, target)
    found = {name: protocol(entry, faces, shared[name], run, baseline, draws, seed) for name, entry in both.items()}
    sizes = draws.videos[0].astype(int).tolist()
    return {
        "counts": {
            "species": {
                name: {"family": cue_overlap.family(name), "videos": size, "subjects": draws.subjects[name]}
                for name, size in zip(draws.species, sizes, strict=True)
            },
            "attack": sum(sizes),
            "bona_fide": len(videos.ids) - sum(sizes),
            "subjects": len(set(videos.subjects[videos.labels == 1].tolist())),
            "alone": sorted(name for name, count in draws.free.items() if not count),
        },
        "measured": all(shared[name].measured for name in both),
        "protocols": {name: _cell([one], draws, confidence) for name, one in found.items()},
        "mean": _cell(list(found.values()), draws, confidence),
    }

"""Attacks unlike those of the sources: what a run gains over a baseline on each species, and whether it gains where cues overlap.

Paper 1's negative claim is that reasoning captions teach the cues of prints and replays, which mislead on masks and make-up. If
so, the gain on a species rises with the overlap of its cues with the sources' (`cue_overlap`): the slope is positive.

- gain: by species at the dev threshold, by video. "apcer": APCER of the baseline minus that of the run. "p_attack": mean score of
  the run minus that of the baseline. In both, positive is better for the run. A threshold that moves with the run moves all
  species, so it changes the intercept rather than the slope.
- slope: of the weighted least-squares line of gain on overlap, one point a species, its weight its number of videos. So it is the
  gain on a species all of whose cues the sources show, minus the gain on one of whose cues they show none. The intercept is the
  latter gain.
- spearman: the rank correlation of gain and overlap over species, unweighted.

Figures are means over seeds, then over the cells of one target. Intervals resample seeds, and subjects within species, so that a
species keeps its subjects; gain, overlap and weights are computed again for the drawn subjects. They are about these species: no
interval here says what other species would do, but the range of the slope without any one species is reported with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import aggregate, bootstrap
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.analyses import cue_overlap
from fasrepro.evaluation.analyses.cue_overlap import CueOverlap
from fasrepro.evaluation.analyses.regression import line, spearman
from fasrepro.evaluation.metrics import MetricError, ratio
from fasrepro.evaluation.results import Cell, EvaluationSettings, Figure
from fasrepro.evaluation.results.unseen import (
    GainLine,
    LinePoint,
    Range,
    SpeciesCounts,
    SpeciesGain,
    TargetCounts,
    UnseenGains,
    UnseenTarget,
)
from fasrepro.rows.faces import Face

MEASURES = ("apcer", "p_attack")
BONA_FIDE_MEASURES = ("bpcer", "p_attack_bona_fide")
LINE_OVERLAPS = np.linspace(0, 1, 11)  # at which the line and its band are reported

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class ScoredCell:
    """Scores of the target's faces, by seed and face_id, and dev thresholds (by video), by seed."""

    cell: Cell
    scores: Mapping[int, Mapping[str, float]]
    thresholds: Mapping[int, float]


@dataclasses.dataclass(frozen=True)
class Draws:
    """The attack videos of a target, which all its cells share, and their replicates.

    Args:
        ids: of the videos, (videos,).
        species: names in the order of `vocabulary.SPECIES`.
        belongs: (videos, species) of 0 and 1.
        weights: (1 + replicates, videos); the first row is all ones, so every array below has the figure itself in row 0.
        subjects: how many a species has.
        varying_subjects: how many subjects of a species are not alone in their stratum.
    """

    ids: Array
    species: list[str]
    belongs: Array
    weights: Array
    subjects: dict[str, int]
    varying_subjects: dict[str, int]

    @property
    def videos(self) -> Array:
        """The number of videos of each species, (1 + replicates, species)."""
        return self.weights @ self.belongs

    def mean(self, values: Array) -> Array:
        """Return the mean of `values`, (videos,), by species, NaN omitted; (1 + replicates, species)."""
        included = ~np.isnan(values)[:, None] * self.belongs
        return ratio(self.weights @ (np.nan_to_num(values)[:, None] * included), self.weights @ included)


@dataclasses.dataclass(frozen=True)
class CellGains:
    """One cell's gains; arrays are (1 + replicates, species) unless said otherwise.

    Args:
        seeds: that both runs have.
        overlaps: by species.
        nominal: (species,).
        gains: by measure.
        fits: measure -> "slope", "intercept", "spearman" -> (1 + replicates,).
        slopes_without: measure -> (species,), the slope without each species.
        runs: run -> measure -> (species,); and "bpcer" and "p_attack_bona_fide" -> ().
    """

    seeds: int
    overlaps: Array
    nominal: Array
    gains: dict[str, Array]
    fits: dict[str, dict[str, Array]]
    slopes_without: dict[str, Array]
    runs: dict[str, dict[str, Array]]


def draw(videos: Columns, target: str, settings: EvaluationSettings) -> Draws:
    """Draw replicates of the attacks among a target's `videos`, within species."""
    attack = videos.labels == 1
    kinds, subjects = videos.species[attack], videos.subjects[attack]
    species = [name for name in vocabulary.SPECIES if name in set(kinds.tolist())]
    counts, subject_of_row, varies = bootstrap.draw_stratified(
        subjects.tolist(), kinds.tolist(), settings.replicates, settings.seed, target
    )
    return Draws(
        ids=videos.ids[attack],
        species=species,
        belongs=np.stack([kinds == name for name in species], axis=1).astype(float),
        weights=np.concatenate([np.ones((1, len(subject_of_row))), counts[:, subject_of_row]]),
        subjects={name: len(set(subjects[kinds == name].tolist())) for name in species},
        varying_subjects={name: len(set(subjects[varies & (kinds == name)].tolist())) for name in species},
    )


def _by_video(faces: Sequence[Face], values: Mapping[str, float], ids: Array) -> Array:
    """Return the mean value of each video's faces, (videos,), in the order of `ids`; NaN where no face has one."""
    by_video: dict[str, list[float]] = {}
    for face in faces:
        if not np.isnan(values.get(face.face_id, np.nan)):
            by_video.setdefault(face.presentation, []).append(values[face.face_id])
    return np.array([np.mean(by_video[name]) if name in by_video else np.nan for name in ids.tolist()])


def _measure(
    scored: ScoredCell, seeds: Sequence[int], faces: Sequence[Face], draws: Draws
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return each of `MEASURES` of a run's attacks, (seeds, 1 + replicates, species), and `CellGains.runs` of it."""
    by_seed: dict[str, list[Array]] = {name: [] for name in MEASURES}
    bona_fide: dict[str, list[float]] = {name: [] for name in BONA_FIDE_MEASURES}
    for seed in seeds:
        columns = aggregate.scores(faces, scored.scores[seed], "video", f"{scored.cell.key}, seed {seed}")
        attack = columns.labels == 1
        attacks, live = columns.values[attack], columns.values[~attack]
        threshold = scored.thresholds[seed]
        by_seed["apcer"].append(draws.mean((attacks < threshold).astype(float)))
        by_seed["p_attack"].append(draws.mean(attacks))
        bona_fide["bpcer"].append(float(np.mean(live >= threshold)) if live.size else np.nan)
        bona_fide["p_attack_bona_fide"].append(float(np.mean(live)) if live.size else np.nan)
    measured = {name: np.stack(values) for name, values in by_seed.items()}
    run = {name: values[:, 0].mean(axis=0) for name, values in measured.items()}
    return measured, run | {name: np.mean(values) for name, values in bona_fide.items()}


def cell_gains(
    by_run: Mapping[str, ScoredCell],
    faces: Sequence[Face],
    overlap: CueOverlap,
    runs: tuple[str, str],
    draws: Draws,
    settings: EvaluationSettings,
) -> CellGains:
    """Return the gains on one protocol and target.

    Args:
        by_run: its runs, with at least both of `runs`.
        faces: the target's test faces.
        overlap: of these faces with the protocol's training rows.
        runs: run and baseline.
        draws: of the target's attacks.
        settings: of the bootstrap.

    Raises:
        MetricError: where run and baseline have no seed in common.
    """
    run, baseline = runs
    name = by_run[run].cell.cell
    seeds = sorted(by_run[run].scores.keys() & by_run[baseline].scores.keys())
    if not seeds:
        raise MetricError(f"{name}: {run} and {baseline} have no seed in common; give both the same under experiments")
    seed_draws = bootstrap.draw_seeds(len(seeds), len(draws.weights) - 1, settings.seed, name)
    measured, run_figures = {}, {}
    for key, scored in by_run.items():
        measured[key], run_figures[key] = _measure(scored, seeds if key in runs else sorted(scored.scores), faces, draws)
    gains = {
        "apcer": bootstrap.mean_with_replicates(measured[baseline]["apcer"] - measured[run]["apcer"], seed_draws),
        "p_attack": bootstrap.mean_with_replicates(measured[run]["p_attack"] - measured[baseline]["p_attack"], seed_draws),
    }
    overlaps, videos = draws.mean(_by_video(faces, overlap.by_face, draws.ids)), draws.videos
    fits, slopes_without = {}, {}
    for measure, gain in gains.items():
        slope, intercept = line(overlaps, gain, videos)
        fits[measure] = {"slope": slope, "intercept": intercept, "spearman": spearman(overlaps, gain)}
        without_one = videos[:1] * (1 - np.eye(len(draws.species)))  # one row a species, in which that species has no weight
        x, y = (np.repeat(values[:1], len(without_one), axis=0) for values in (overlaps, gain))
        slopes_without[measure], _ = line(x, y, without_one)
    nominal = np.array([overlap.nominal[species] for species in draws.species])
    return CellGains(len(seeds), overlaps, nominal, gains, fits, slopes_without, run_figures)


def _defined(values: Sequence[float | Array]) -> float | None:
    """Return the mean of values; None where it is NaN."""
    mean = float(np.mean(values))
    return None if np.isnan(mean) else mean


def _figure(values: Sequence[Array], confidence: float, subjects: int) -> Figure:
    """Return the mean over cells of values (1 + replicates,)."""
    mean = np.mean(values, axis=0)
    return bootstrap.figure(float(mean[0]), mean[1:], confidence, subjects)


def _mean_gains(cells: Sequence[CellGains], draws: Draws, confidence: float) -> UnseenGains:
    """Return the mean of some cells."""
    runs = [name for name in cells[0].runs if all(name in one.runs for one in cells)]
    species = {}
    for place, name in enumerate(draws.species):
        subjects = draws.varying_subjects[name]
        species[name] = SpeciesGain(
            overlap=_defined([one.overlaps[0, place] for one in cells]),
            nominal=_defined([one.nominal[place] for one in cells]),
            runs={run: {m: _defined([one.runs[run][m][place] for one in cells]) for m in MEASURES} for run in runs},
            gain={m: _figure([one.gains[m][:, place] for one in cells], confidence, subjects) for m in MEASURES},
        )
    return UnseenGains(
        seeds=min(one.seeds for one in cells),
        species=species,
        bona_fide={run: {m: _defined([one.runs[run][m] for one in cells]) for m in BONA_FIDE_MEASURES} for run in runs},
        lines={measure: _line(cells, measure, draws, confidence) for measure in MEASURES},
    )


def _line(cells: Sequence[CellGains], measure: str, draws: Draws, confidence: float) -> GainLine:
    fits = [one.fits[measure] for one in cells]
    subjects = max(draws.varying_subjects.values())
    without = np.mean([one.slopes_without[measure] for one in cells], axis=0)
    slopes = without[~np.isnan(without)].tolist()
    band = []
    for overlap in LINE_OVERLAPS:
        figure = _figure([fit["intercept"] + overlap * fit["slope"] for fit in fits], confidence, subjects)
        band.append(LinePoint(figure.value, figure.low, figure.high, float(overlap)))
    return GainLine(
        slope=_figure([fit["slope"] for fit in fits], confidence, subjects),
        intercept=_figure([fit["intercept"] for fit in fits], confidence, subjects),
        spearman=_figure([fit["spearman"] for fit in fits], confidence, subjects),
        without_one=Range(min(slopes, default=None), max(slopes, default=None)),
        band=band,
    )


def summarise(
    scored: Sequence[ScoredCell],
    faces: Sequence[Face],
    overlaps: Mapping[str, CueOverlap],
    runs: tuple[str, str],
    settings: EvaluationSettings,
) -> UnseenTarget | None:
    """Return the figures of one target, over the cells that have both runs; None where none has.

    Args:
        scored: the target's cells.
        faces: the target's test faces.
        overlaps: by the cell's short name.
        runs: run and baseline.
        settings: of the bootstrap.

    Raises:
        MetricError: where run and baseline have no seed in common.
    """
    run, baseline = runs
    by_cell: dict[str, dict[str, ScoredCell]] = {}
    for one in scored:
        by_cell.setdefault(one.cell.cell, {})[one.cell.run] = one
    both = {name: by_run for name, by_run in sorted(by_cell.items()) if {run, baseline} <= by_run.keys()}
    if not both:
        return None
    first = next(iter(both.values()))[run]
    videos = aggregate.scores(faces, first.scores[min(first.scores)], "video", first.cell.key)
    draws = draw(videos, first.cell.target, settings)
    gains = {name: cell_gains(by_run, faces, overlaps[name], runs, draws, settings) for name, by_run in both.items()}
    sizes = draws.videos[0].astype(int).tolist()
    counts = TargetCounts(
        species={
            name: SpeciesCounts(cue_overlap.family(name), size, draws.subjects[name])
            for name, size in zip(draws.species, sizes, strict=True)
        },
        attack=sum(sizes),
        bona_fide=len(videos.ids) - sum(sizes),
        subjects=len(set(videos.subjects[videos.labels == 1].tolist())),
        no_interval=sorted(name for name, subjects in draws.varying_subjects.items() if not subjects),
    )
    return UnseenTarget(
        counts=counts,
        measured=all(overlaps[name].measured for name in both),
        cells={name: _mean_gains([one], draws, settings.confidence) for name, one in gains.items()},
        mean=_mean_gains(list(gains.values()), draws, settings.confidence),
        misplaced_cues=None,
    )

"""Threshold choice: the dev threshold beside the oracle, where both fall, and which videos change sides."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pandas as pd
from IPython.display import HTML, Image

from fasrepro import paths
from fasrepro.evaluation.metrics import LABELS
from fasrepro.report import curves, figures
from fasrepro.report.material import job_name
from fasrepro.report.notebook import Study, html_table, image
from fasrepro.report.tables import interval, words
from fasrepro.rows import table
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.rows.scores import Score

NAMED = 5  # videos of a cell and run
CUTS = ("dev", "oracle")


@dataclasses.dataclass(frozen=True)
class Decisions:
    """One model's videos of a target at both thresholds.

    `videos` has a row a video: video, species, label, score, and the decision at each of `cuts`.
    """

    cell: str
    run: str
    videos: pd.DataFrame
    cuts: dict[str, float]


def hter_table(study: Study) -> HTML:
    """Return HTER at the dev threshold and at the oracle, means over seeds, and what the oracle gains."""
    rows = []
    for cell in study.select(study.material.optimism.cells):
        errors = [interval(cell.hter[name]) for name in ("honest", "oracle_threshold")]
        rows.append([cell.cell, cell.run, len(cell.seeds), *errors, interval(cell.optimism["oracle_threshold"], signed=True)])
    return html_table(["protocol", "run", "seeds", "HTER, dev threshold", "HTER, oracle threshold", "better by"], rows)


def hter_figure(study: Study) -> Image | HTML:
    """Return the figure of HTER at both thresholds."""
    return image(figures.thresholds, study.cells, study.trained_runs) if study.cells else HTML("")


def videos_of(scores: list[Score], faces: dict[str, Face], target: str) -> pd.DataFrame:
    """Return one row a test video of `target`: video, species, label, and the mean score of its frames, in [0, 1]."""
    rows = []
    for row in scores:
        face = faces[row.face_id]
        if face.dataset == target and face.split == "test":
            names = {"video": face.presentation, "species": face.species, "label": LABELS[face.label]}
            rows.append({**names, "score": row.p_attack})
    frame = pd.DataFrame(rows, columns=["video", "species", "label", "score"])
    return frame.groupby(["video", "species", "label"], as_index=False)["score"].mean()


def decide(videos: pd.DataFrame, cuts: dict[str, float]) -> pd.DataFrame:
    """Return `videos` with a column of decisions for each of `cuts`: a score that equals the threshold is an attack."""
    decisions = {name: videos["score"].ge(cut).map({True: LABELS[1], False: LABELS[0]}) for name, cut in cuts.items()}
    return videos.assign(**decisions)


def decisions(study: Study) -> Iterator[Decisions]:
    """Yield the decisions of each cell's first seed, by this machine's own models."""
    for cell in study.select(study.material.own.optimism.cells):
        seed = min(cell.seeds)
        thresholds = cell.seeds[seed]
        cuts = {"dev": thresholds.threshold_dev, "oracle": thresholds.threshold_oracle}
        scores = table.read(study.material.root / paths.scores(job_name(cell, seed)), Score)
        yield Decisions(cell.cell, cell.run, decide(videos_of(scores, study.material.faces, cell.target), cuts), cuts)


def cumulative_figure(study: Study) -> Image | HTML:
    """Return, for every threshold, the share of videos below it, with both thresholds."""
    scores, cuts = {}, {}
    for one in decisions(study):
        scores[one.cell, one.run] = {label: list(part["score"]) for label, part in one.videos.groupby("label")}
        cuts[one.cell, one.run] = one.cuts
    return image(curves.cumulative, scores, cuts) if scores else HTML("")


def species_table(study: Study) -> HTML:
    """Return how many videos of each species are called an attack at either threshold."""
    rows = []
    for one in decisions(study):
        groups = sorted(one.videos.groupby("species"), key=lambda item: (item[0] != BONA_FIDE_SPECIES, item[0]))
        for species, part in groups:
            called = [int(part[cut].eq(LABELS[1]).sum()) for cut in CUTS]
            rows.append([one.cell, one.run, words(str(species)), len(part), *called])
    columns = ["videos", "called attack, dev threshold", "called attack, oracle threshold"]
    return html_table(["protocol", "run", "species", *columns], rows)


def changed_table(study: Study) -> HTML:
    """Return the videos that change sides, those whose score is nearest to the dev threshold first, a few of each cell and
    run."""
    rows, models = [], 0
    for one in decisions(study):
        models += 1
        changed = one.videos[one.videos["dev"] != one.videos["oracle"]]
        nearest = (changed["score"] - one.cuts["dev"]).abs().sort_values(kind="stable").index[:NAMED]
        for _, video in changed.loc[nearest].iterrows():
            decided = [video[cut] for cut in CUTS]
            rows.append([one.cell, one.run, video["video"], video["species"], f"{video['score']:.3f}", *decided, len(changed)])
    if models and not rows:
        return HTML("<p>No video changes sides.</p>")
    columns = ["video", "species", "score", "at the dev threshold", "at the oracle threshold", "videos that change sides"]
    return html_table(["protocol", "run", *columns], rows)

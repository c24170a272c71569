"""What a page or a notebook reads: results files, tables of rows and params, each loaded when it is first used.

The figures that depend on trainings come from a recorded run if there is one with the same params (`shown`), and otherwise from
this machine; `material.own` has this machine's in any case. Tables of rows are this machine's.

A page names what it reads in its `NEEDS`; anything else is refused, so that `NEEDS` is the truth about it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from fasrepro import files, names, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results.own_pictures import OwnPictures
from fasrepro.evaluation.results.pair_gains import PairGains
from fasrepro.evaluation.results.training_losses import TrainingLosses
from fasrepro.report import (
    difficulty,
    foundation_trials,
    gallery,
    known_world,
    markdown,
    printing,
    published,
    recipe_trials,
    recorded,
    shown,
)
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Judgement, Score
from fasrepro.rows.truth import Truth


class PageError(ValueError):
    """A page that reads what it does not name; the message says where to name it."""


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a page reads.

    Args:
        inputs: keys of `LOADERS`.
        params: sections of params.yaml.
    """

    inputs: tuple[str, ...] = ()
    params: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class CaptionWords:
    """What a page says about a caption set, taken from its style or its control.

    Args:
        prompt: how its annotator is asked about a print; "" for a derived set.
        prompt_version: of that prompt.
        may_know_label: whether the annotator may be told the label at all.
        source: for a derived set, the set it is made from; "" for another.
        lacks: for a derived set, what it lacks of its source.
        table: for a published set, where it was taken from; "" for another.
    """

    prompt: str = ""
    prompt_version: str = ""
    may_know_label: bool = True
    source: str = ""
    lacks: str = ""
    table: str = ""


@dataclasses.dataclass(frozen=True)
class Release:
    """What a page says about a data set, taken from the module of its archive.

    Args:
        species: its PAI species.
        counts: split -> subjects (0 where they are not known), bona fide presentations and attacks of the release; None where
            they are not known.
        totals: subjects and presentations, where the counts are not known by split and label; None where these are not known too.
    """

    species: tuple[str, ...]
    counts: Mapping[str, tuple[int, int, int] | None]
    totals: tuple[int, int] | None = None


def by_face(rows: Collection[Any]) -> dict[str, Any]:
    """Return rows by their face_id, of which each has its own: faces, truths, the captions of one set."""
    return {row.face_id: row for row in rows}


def job_name(cell: results.Cell, seed: int) -> str:
    """Return the name of the job that trained a cell's model with this seed."""
    return f"{cell.protocol}-{cell.run}-{seed}"


class Material:
    """What one page reads, and where it draws. A notebook reads without a page, and without `needs`.

    An input is an attribute, such as `material.metrics`, and is loaded when it is first used.

    Args:
        params: sections of params.yaml by name.
        needs: what may be read; None for everything.
        folder: where the page's figures and pictures go.
        page: the page's name: its generated files are included as `_generated/<page>/...`.
        root: of the project.
        caption_words: what pages say about each caption set.
        releases: what pages say about each data set that can be read.
        sections: the hashes of params.yaml, by section: see `recorded.sections`; none of a material without recorded figures.
        profile: whose recorded run figures are taken from first, if its params are the same; "" for this machine's own figures.
        loaded: inputs that another page has loaded already.
    """

    metrics: results.Metrics
    grounding: results.Grounding
    annotators: results.Annotators
    verdict_agreement: results.VerdictAgreement
    faithfulness: results.Faithfulness
    optimism: results.Optimism
    unseen: results.Unseen
    fairness: results.Fairness
    baselines: results.Metrics
    audit: results.Audit
    calibration: results.Calibration
    probes: results.Probes
    caption_models: results.CaptionModels
    caption_detectors: results.Metrics
    encoder_gains: results.EncoderGains
    read_out_figures: results.ReadOutFigures
    training_losses: TrainingLosses
    pair_gains: PairGains
    gold_report: dict[str, Any] | None
    stills: list[tuple[np.ndarray, str]]
    foundation_trials: foundation_trials.Log
    recipe_trials: recipe_trials.Log
    faces: dict[str, Face]
    truths: dict[str, Truth]
    captions: dict[str, dict[str, Caption]]
    caption_reports: dict[str, dict[str, Any]]
    index_reports: dict[str, dict[str, Any]]
    scores: list[Score]
    explanations: list[Explanation]
    judgements: list[Judgement]
    pairs: dict[str, Any]
    pair_scores: list[Score]
    pair_explanations: list[Explanation]
    own_pictures: OwnPictures
    world: known_world.KnownWorld
    published: dict[str, published.Published]
    recorded: list[recorded.Run]
    difficulty: difficulty.Log

    def __init__(
        self,
        params: Mapping[str, Any],
        needs: Needs | None = None,
        folder: Path = Path(),
        page: str = "",
        root: Path = Path(),
        caption_words: Mapping[str, CaptionWords] | None = None,
        releases: Mapping[str, Release] | None = None,
        sections: Mapping[str, str] | None = None,
        profile: str = shown.STUDY,
        loaded: dict[str, Any] | None = None,
    ) -> None:
        allowed = params if needs is None else {name: value for name, value in params.items() if name in needs.params}
        self.params = SimpleNamespace(**allowed)
        self.needs, self.folder, self.page, self.root = needs, folder, page, root
        self.caption_words, self.releases = dict(caption_words or {}), dict(releases or {})
        self.sections, self.profile = dict(sections or {}), profile
        self._loaded = {} if loaded is None else loaded

    def __getattr__(self, name: str) -> Any:
        """Load an input; called for attributes that are not set yet."""
        if name.startswith("_"):
            raise AttributeError(name)
        if self.needs is not None and name not in self.needs.inputs:
            raise PageError(f"page {self.page}: {name} is not among the inputs of its NEEDS: name it there")
        return self._input(name)

    def _input(self, name: str) -> Any:
        """Return an input, whether or not the page names it: others are made from it."""
        load = names.lookup(LOADERS, name, "input", PageError, f"page {self.page}")
        if name not in self._loaded:
            self._loaded[name] = load(self)
        return self._loaded[name]

    @functools.cached_property
    def record(self) -> recorded.Run | None:
        """What is recorded with these params, and figures are taken from; None where they are all this machine's own."""
        if not self.profile or not self.sections:
            return None
        return shown.comparable_record(self._input("recorded"), self.profile, self.sections)

    @functools.cached_property
    def own(self) -> Material:
        """The same with this machine's own figures, and no recorded run: none of other params either, as those of paper 2."""
        if not self._input("recorded"):
            return self
        same = self._loaded if self.record is None else {}
        return Material(
            vars(self.params),
            self.needs,
            self.folder,
            self.page,
            self.root,
            self.caption_words,
            self.releases,
            self.sections,
            profile="",
            loaded=self._loaded.setdefault("own", {**same, "recorded": []}),
        )

    @property
    def provenance(self) -> str:
        """One line on where the figures come from, and how far this machine's own agree with them."""
        return shown.provenance(self.record, self.own.metrics)

    @property
    def runs(self) -> list[str]:
        """The runs in the order of params.yaml: the order of every table."""
        return list(self.params.runs)

    @property
    def is_synthetic(self) -> bool:
        """Whether the archives were rendered."""
        return bool(self.params.archives.source == "synthetic")

    @functools.cached_property
    def printing(self) -> printing.Printing:
        """Which faces may be printed."""
        archives = self.params.archives
        listed = set(archives.printable) & set(printing.LISTED_ALONE)
        return printing.of_params(archives, self.params.synthetic, self._input("index_reports") if listed else {})

    @functools.cached_property
    def printable_faces(self) -> dict[str, Face]:
        """The faces that may be printed, by face_id."""
        return {face_id: face for face_id, face in self.faces.items() if self.printing.allows(face)}

    def draw(self, name: str, draw: Callable[[Path], object], caption: str, alt: str = "") -> str:
        """Draw a figure into the page's folder, and return the fragment that shows it."""
        path = Path("figures") / f"{name}.png"
        draw(self.folder / path)
        return markdown.figure(f"{paths.GENERATED.name}/{self.page}/{path}", caption, alt or caption)

    def pictures(self, crops: Path = paths.PICTURES) -> gallery.Pictures:
        """Return what copies crops into the page's folder."""
        prefix = f"{paths.GENERATED.name}/{self.page}/faces"
        return gallery.Pictures(self.root / crops, self.folder / "faces", prefix, self.printing)


def _results(path: Path, kind: type[Any]) -> Callable[[Material], Any]:
    return lambda material: results.read(material.root / path, kind)


def _analysis(path: Path) -> Callable[[Material], Any]:
    """Return a loader of a file of figures that depend on trainings, taken from the record where there is one."""
    kind = recorded.ANALYSES[path.stem]

    def load(material: Material) -> Any:
        if material.record is None:
            return results.read(material.root / path, kind)
        return shown.analysis(path.stem, material.record, getattr(material.own, path.stem), material.sections)

    return load


def _read_all_truths(material: Material) -> dict[str, Truth]:
    """Return what is known of images, by face_id; of licensed archives nothing is."""
    return by_face(table.read_all(material.root / paths.TRUTH, Truth)) if material.is_synthetic else {}


def _captions(material: Material) -> dict[str, dict[str, Caption]]:
    return {name: by_face(table.read(material.root / paths.captions(name), Caption)) for name in material.params.captions}


def _caption_reports(material: Material) -> dict[str, dict[str, Any]]:
    written = [name for name, entry in material.params.captions.items() if not entry.is_derived]
    return {name: files.read_json(material.root / paths.captions_report(name)) for name in written}


def _gold_report(material: Material) -> dict[str, Any] | None:
    """Return the report on gold captions; None where the data sets that they are about are absent."""
    path = material.root / paths.captions_report("gold")
    return files.read_json(path) if path.is_file() else None


def _index_reports(material: Material) -> dict[str, dict[str, Any]]:
    return {name: files.read_json(material.root / paths.index_report(name)) for name in material.params.archives.datasets}


def _predictions(path: Callable[[str], Path], kind: type[Any]) -> Callable[[Material], list[Any]]:
    """Return a loader of the rows of every job that this machine's metrics.json is about."""

    def load(material: Material) -> list[Any]:
        jobs = dict.fromkeys(job_name(cell, seed) for cell in material.own.metrics.cells.values() for seed in cell.seeds)
        return [row for job in jobs for row in table.read(material.root / path(job), kind)]

    return load


def _stills(material: Material) -> list[tuple[np.ndarray, str]]:
    """Return some stills of the foundation's pretraining with their captions; none of a backbone that was not made here."""
    if not (path := material.root / paths.PICTURED_STILLS).is_file():
        return []
    with np.load(path) as content:
        return list(zip(content["pictures"], content["captions"].tolist(), strict=True))


# The files and folders that each input is read from; of an input that is not here, the package's own data.
FILES: dict[str, tuple[Path, ...]] = {
    "caption_models": (paths.CAPTION_MODELS,),
    "caption_detectors": (paths.CAPTION_DETECTOR_FIGURES,),
    "metrics": (paths.METRICS,),
    "grounding": (paths.GROUNDING,),
    "annotators": (paths.ANNOTATORS,),
    "verdict_agreement": (paths.VERDICT_AGREEMENT,),
    "faithfulness": (paths.FAITHFULNESS,),
    "optimism": (paths.OPTIMISM,),
    "unseen": (paths.UNSEEN,),
    "fairness": (paths.FAIRNESS,),
    "baselines": (paths.BASELINES,),
    "audit": (paths.AUDIT,),
    "calibration": (paths.CALIBRATION,),
    "probes": (paths.PROBES,),
    "encoder_gains": (paths.ENCODER_GAINS,),
    "read_out_figures": (paths.READ_OUT_FIGURES,),
    "training_losses": (paths.TRAINING_LOSSES,),
    "pair_gains": (paths.PAIR_GAINS,),
    "gold_report": (paths.CAPTIONS_REPORT,),
    "stills": (paths.PICTURED_STILLS,),
    "faces": (paths.FACES, paths.PICTURES),
    "truths": (paths.TRUTH,),
    "captions": (paths.CAPTIONS,),
    "caption_reports": (paths.CAPTIONS_REPORT,),
    "index_reports": (paths.INDEX_REPORT,),
    "scores": (paths.PREDICTIONS,),
    "explanations": (paths.PREDICTIONS,),
    "judgements": (paths.JUDGEMENTS,),
    "pairs": (paths.COUNTERFACTUAL,),
    "pair_scores": (paths.COUNTERFACTUAL,),
    "pair_explanations": (paths.COUNTERFACTUAL,),
    "own_pictures": (paths.OWN_PICTURES,),
    "world": (paths.WORLD.parent,),
    "recorded": (paths.RECORDED,),
}

LOADERS: dict[str, Callable[[Material], Any]] = {
    "metrics": _analysis(paths.METRICS),
    "grounding": _analysis(paths.GROUNDING),
    "annotators": _results(paths.ANNOTATORS, results.Annotators),
    "verdict_agreement": _analysis(paths.VERDICT_AGREEMENT),
    "faithfulness": _analysis(paths.FAITHFULNESS),
    "optimism": _analysis(paths.OPTIMISM),
    "unseen": _analysis(paths.UNSEEN),
    "fairness": _analysis(paths.FAIRNESS),
    "baselines": _analysis(paths.BASELINES),
    "audit": _results(paths.AUDIT, results.Audit),
    "calibration": _results(paths.CALIBRATION, results.Calibration),
    "probes": _results(paths.PROBES, results.Probes),
    "encoder_gains": _analysis(paths.ENCODER_GAINS),
    "training_losses": _results(paths.TRAINING_LOSSES, TrainingLosses),
    "pair_gains": _results(paths.PAIR_GAINS, PairGains),
    "gold_report": _gold_report,
    "caption_models": _results(paths.CAPTION_MODELS, results.CaptionModels),
    "caption_detectors": _results(paths.CAPTION_DETECTOR_FIGURES, results.Metrics),
    "read_out_figures": _results(paths.READ_OUT_FIGURES, results.ReadOutFigures),
    "stills": _stills,
    "foundation_trials": lambda material: foundation_trials.load(),
    "recipe_trials": lambda material: recipe_trials.load(),
    "faces": lambda material: by_face(table.read_all(material.root / paths.FACES, Face)),
    "truths": _read_all_truths,
    "captions": _captions,
    "caption_reports": _caption_reports,
    "index_reports": _index_reports,
    "scores": _predictions(paths.scores, Score),
    "explanations": _predictions(paths.explanations, Explanation),
    "judgements": lambda material: table.read(material.root / paths.JUDGEMENTS, Judgement),
    "pairs": lambda material: files.read_json(material.root / paths.PAIRS),
    "pair_scores": lambda material: table.read(material.root / paths.PAIR_SCORES, Score),
    "pair_explanations": lambda material: table.read(material.root / paths.PAIR_EXPLANATIONS, Explanation),
    "own_pictures": _results(paths.OWN_ANSWERS, OwnPictures),
    "world": lambda material: known_world.load(material.root / paths.WORLD, material.root / paths.CUE_PAIRS),
    "published": lambda material: published.load(),
    "recorded": lambda material: recorded.load(material.root / paths.RECORDED),
    "difficulty": lambda material: difficulty.load(),
}

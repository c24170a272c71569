"""Sentences beside the figures: warnings about probable mistakes, and notes about how to read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from fasrepro.evaluation.rescoring.options import Options
from fasrepro.evaluation.rescoring.table import LIVE_LISTS, Table
from fasrepro.evaluation.rescoring.videos import Videos
from fasrepro.evaluation.results import Figure

FEW_UNITS = 20  # an interval over fewer is much too narrow: see `bootstrap`


@dataclasses.dataclass(frozen=True)
class SetAuc:
    """The AUC within one data set of a split; its name is "" where it is unknown."""

    split: str
    dataset: str
    auc: Figure

    @property
    def name(self) -> str:
        """The split, and the data set where it is known."""
        return f"{self.split} of {self.dataset}" if self.dataset else self.split


def polarity(aucs: Sequence[SetAuc], options: Options, numeric_labels: bool) -> Iterator[str]:
    """Yield a warning for each data set in which the whole interval of the AUC is below one half.

    `numeric_labels` is that of the table: words say themselves what they are, and so does --label-live.
    """
    if options.higher_is_bona_fide:
        scores = "if a higher score means an attack, give --higher-is-attack"
    else:
        scores = "if a higher score means bona fide, give --higher-is-bona-fide"
    if numeric_labels:
        labels = "if the labels are the wrong way round (a label 1 is an attack here), give --label-live 1"
    else:
        labels = "if the labels are the wrong way round, correct them in the file, or --label-live where you gave it"
    turned = [one for one in aucs if one.auc.high is not None and one.auc.high < 0.5]
    right = ", ".join(one.name for one in aucs if one.auc.value is not None and one.auc.value > 0.5)
    for one in turned:
        interval = f"{options.confidence * 100:g} % interval {one.auc.low:.3f} to {one.auc.high:.3f}"
        remedy = f"{scores}; {labels}"
        if right:
            remedy = f"AUC is above 0.5 on {right}, so turn the scores or the labels of {one.name} alone, in its file"
        if one.split == "test":
            remedy += "; if both are right, the model is worse than chance there"
        yield f"polarity looks swapped: AUC on {one.name} is {one.auc.value:.3f}, {interval}, all below 0.5; {remedy}"


def one_label(test: Videos, table: Table) -> Iterator[str]:
    """Yield a warning where data sets of test hold one label only."""
    names = table.values("dataset")
    labels = {names[number]: set(test.labels[test.datasets == number].tolist()) for number in np.unique(test.datasets)}
    bona_fide, attack = (", ".join(name for name, present in labels.items() if present == {label}) for label in (0, 1))
    if not any(len(present) == 2 for present in labels.values()):
        fault = f"bona fide videos come from {bona_fide} and attacks from {attack}"
        yield f"test: {fault}: a model that tells the data sets apart scores well here; add the other label of each"
        return
    for name, label in ((bona_fide, "bona fide videos"), (attack, "attacks")):
        if name:
            yield f"test: {name} has {label} alone, so error rates also compare data sets; add the other label, or remove it"


def notes(test: Videos, table: Table, fewest: int, figures: Sequence[Figure]) -> list[str]:
    """Return the notes.

    Args:
        test: of the first training.
        table: that the videos are of.
        fewest: units of the label that has fewer.
        figures: all of the report.
    """
    sentences = []
    if table.numeric_labels:
        sentences.append(
            f"Labels are numbers: 0 is bona fide, and 1 is an attack. If yours are not, give --label-live: {LIVE_LISTS}."
        )
    several = int((test.frames > 1).sum())
    if several and not table.texts.keys() & {"frame", "path"}:
        sentences.append(
            f"{several} of {len(test.frames)} videos have several rows, which are averaged as frames. Scores of several "
            "trainings need a column seed; with a column frame, a row that stands twice is refused."
        )
    unused = sorted({name for origin in table.origins for name in origin.unused})
    if unused:
        sentences.append(f"Columns that are not used: {', '.join(unused)}.")
    if "seed" in table.texts:
        trainings = len(table.values("seed"))
        sentences.append(f"Figures are means over {trainings} trainings, each at its own threshold; intervals resample them too.")
    if "subject" not in table.texts:
        sentences.append(
            "No column subject: intervals resample videos, and are too narrow where a subject has several videos, because these "
            "are not independent trials."
        )
    if fewest < FEW_UNITS:
        sentences.append(f"Fewer than {FEW_UNITS} of one label to resample: intervals over so few are much too narrow.")
    if any(figure.value is not None and figure.low is None for figure in figures):
        sentences.append(
            "What takes the best threshold or the worst species of test, or rests on one subject, has no interval, and neither "
            "has dev's EER."
        )
    if "species" not in table.texts:
        sentences.append("No column species: all attacks count as one species, so a species that is always missed does not show.")
    if len(np.unique(test.datasets)) > 1:
        sentences.append("The data sets of test are pooled, each video weighing the same.")
    if any(figure.value in (0, 1) and figure.low == figure.high for figure in figures):
        sentences.append("A rate of 0 or 100 % has an interval of width 0: no replicate can draw an error that no video shows.")
    return sentences

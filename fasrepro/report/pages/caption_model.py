"""The page on caption models: what reinforcement learning improves, the curves of the trainings, and the controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation.results.caption_models import CaptionModel, CaptionModels
from fasrepro.report import curves, eleven_targets, markdown, tables
from fasrepro.report.caption_models import COLUMNS, HEADLINE, REINFORCED, SUPERVISED, by_entry, figure_of
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import one_to_eleven

NEEDS = Needs(inputs=("caption_models", "caption_detectors", "recorded"), params=("archives", "caption_models"))
NO_MODELS = "No caption model has been trained: a profile whose `captioners` have seeds trains them.\n"
CHANGES = {  # what the answer compares, in words
    "parse_rate": "the share of texts in the form",
    "accuracy": "their balanced accuracy",
    "auc": "the AUC of the log-odds",
}
PANELS = {  # of the curves, by what the log calls them; "reward/..." are drawn as well
    "reward": "reward, weighted sum",
    "groups_without_signal": "groups without signal",
    "kl": "divergence from the start, a token",
    "entropy": "entropy, a token",
    "length": "length, tokens",
    "cut": "share cut",
}
CURVES = "Along the trainings by rewards: the mean over seeds, and from the lowest to the highest seed."
SUCCESSES = "How many of the samples about a face conclude rightly, as a share of the faces; the mean over seeds."
SHOWN_FACES = 10  # all that a training writes about on its way


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments; where no caption model is known, the answer says so and the others are dashes."""
    models, source = shown(material)
    if not models.models:
        names = ("source", "gate", "table", "figure_curves", "figure_successes", "texts", "detectors", "detectors_by_target")
        return dict.fromkeys(names, markdown.NOTHING) | {"answer": markdown.answer(NO_MODELS)}
    groups = by_entry(models)
    rewarded = {entry: group for entry, group in groups.items() if any(model.steps for model in group)}
    curve_figure = bar_figure = NO_MODELS
    if rewarded:
        curve_figure = material.draw("curves", lambda path: curves.trainings(along(rewarded), panels(rewarded), path), CURVES)
    if successes(groups):
        bar_figure = material.draw("successes", lambda path: curves.successes(successes(groups), path), SUCCESSES)
    return {
        "answer": markdown.answer(answer(groups)),
        "source": f"Figures are those of {source}.\n",
        "gate": gate_table(models),
        "table": figures_table(groups),
        "figure_curves": curve_figure,
        "figure_successes": bar_figure,
        "texts": texts_table(rewarded),
        **detector_tables(material),
    }


def shown(material: Material) -> tuple[CaptionModels, str]:
    """Return this machine's caption models, or where it has none those of a recorded run; and whose they are."""
    own = material.caption_models
    in_order = eleven_targets.in_order(material.recorded)
    recorded = [run for run in in_order if run.caption_models is not None and run.caption_models.models]
    if own.models or not recorded:
        return own, "this machine"
    return recorded[0].caption_models or own, f"the recorded run of profile {recorded[0].source}"


def detector_tables(material: Material) -> dict[str, str]:
    """Return the errors of caption models as detectors: means over targets with their source, and a row a target."""
    cells, source = eleven_targets.caption_detectors(material.caption_detectors, material.recorded)
    if not cells:
        return dict.fromkeys(("detectors", "detectors_by_target"), markdown.NOTHING)
    means = f"{one_to_eleven.mean_table(cells)}\nFigures are those of {source}.\n"
    return {"detectors": means, "detectors_by_target": one_to_eleven.target_table(cells)}


def answer(groups: Mapping[str, Sequence[CaptionModel]]) -> str:
    """Return in one sentence what reinforcement learning changes on people whom no model was trained on."""
    if not {SUPERVISED, REINFORCED} <= groups.keys():
        return f"Nothing is compared: `{SUPERVISED}` and `{REINFORCED}` have not both been trained.\n"
    changes = []
    for name, words in CHANGES.items():
        before, after = (figure_of(groups[entry], HEADLINE, name) for entry in (SUPERVISED, REINFORCED))
        first, second = (tables.number(None if figure is None else figure.value) for figure in (before, after))
        changes.append(f"{words} from {first} to {second}")
    weak = any(model.missed for model in groups[SUPERVISED])
    verdict = " The gate was missed, so the instrument is too weak to say that it cannot lift more." if weak else ""
    return f"On people whom no caption model saw, reinforcement learning moves {', '.join(changes)}.{verdict}\n"


def gate_table(models: CaptionModels) -> str:
    """Return which supervised models pass the gate, and what the others miss."""
    rows = []
    for name, model in models.models.items():
        if model.entry == SUPERVISED:
            rows.append([name, "instrument too weak" if model.missed else "passed", "; ".join(model.missed) or tables.NONE])
    return tables.table_or_notice(["caption model", "gate", "what it misses"], rows, NO_MODELS)


def figures_table(groups: Mapping[str, Sequence[CaptionModel]]) -> str:
    """Return the figures of every entry on each part's people."""
    rows = []
    for entry, group in groups.items():
        for part in group[0].parts:
            figures = [tables.interval(figure_of(group, part, name)) for name in COLUMNS]
            rows.append([entry, part, len(group), *figures])
    return markdown.table(["caption model", "people", "seeds", *COLUMNS.values()], rows)


def panels(rewarded: Mapping[str, Sequence[CaptionModel]]) -> dict[str, str]:
    """Return the titles of the curves: each reward that a training logs, and `PANELS`."""
    logged = dict.fromkeys(name for group in rewarded.values() for model in group for row in model.steps for name in row)
    own = {name: f"reward: {tables.words(name.partition('/')[2])}" for name in logged if name.startswith("reward/")}
    return own | {name: title for name, title in PANELS.items() if name in logged}


def along(rewarded: Mapping[str, Sequence[CaptionModel]]) -> dict[str, list[list[dict[str, float]]]]:
    """Return the rows of each seed's steps, by entry."""
    return {entry: [model.steps for model in group if model.steps] for entry, group in rewarded.items()}


def successes(groups: Mapping[str, Sequence[CaptionModel]]) -> dict[str, list[float]]:
    """Return the share of faces by the number of right samples, the mean over seeds, of the entries that sample."""
    means = {}
    for entry, group in groups.items():
        shares = [model.parts[HEADLINE].successes for model in group if HEADLINE in model.parts]
        if entry in (SUPERVISED, REINFORCED) and shares and all(shares):
            means[entry] = np.mean(shares, axis=0).tolist()
    return means


def texts_table(rewarded: Mapping[str, Sequence[CaptionModel]]) -> str:
    """Return what the first rewarded model wrote about the same faces before its first step and after its last."""
    group = rewarded.get(REINFORCED, [])
    if not group or not group[0].texts:
        return NO_MODELS
    steps = sorted({text.step for text in group[0].texts})
    written = {(text.face_id, text.step): text.text for text in group[0].texts}
    faces = sorted({text.face_id for text in group[0].texts})[:SHOWN_FACES]
    rows = [
        [face_id, step, written[face_id, step]]
        for face_id in faces
        for step in (steps[0], steps[-1])
        if (face_id, step) in written
    ]
    return markdown.table(["face", "after step", "text"], rows)

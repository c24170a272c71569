"""Caption models: what each can read on people whom none was trained on, and its training by rewards step by step."""

from __future__ import annotations

import html

from IPython.display import HTML, Image

from fasrepro.evaluation.results.caption_models import CaptionModel
from fasrepro.report import curves
from fasrepro.report.caption_models import COLUMNS, by_entry, figure_of
from fasrepro.report.notebook import Study, html_table, image
from fasrepro.report.pages import caption_model as page
from fasrepro.report.tables import interval


def shown(study: Study) -> dict[str, list[CaptionModel]]:
    """Return the trained models of the entries that the option `models` names, by entry and seed."""
    groups = by_entry(study.material.caption_models)
    return {entry: groups[entry] for entry in study.option("models") if entry in groups}


def missing(study: Study) -> HTML:
    """Return which of the named caption models have not been trained, and how to train them; nothing to see if all have."""
    lacking = [entry for entry in study.option("models") if entry not in shown(study)]
    if not lacking:
        return HTML("")
    return HTML(
        f"<p>Not trained: {html.escape(', '.join(lacking))}. Give them seeds under <code>captioners:</code> in params.yaml, then"
        " run <code>fasrepro jobs</code> and <code>dvc repro</code>.</p>"
    )


def table(study: Study, *names: str) -> HTML:
    """Return figures (keys of `caption_models.COLUMNS`), a row a caption model and part of people; of several seeds the mean."""
    rows = [
        [entry, part, len(group), *(interval(figure_of(group, part, name)) for name in names)]
        for entry, group in shown(study).items()
        for part in group[0].parts
    ]
    return html_table(["caption model", "people", "seeds", *(COLUMNS[name] for name in names)], rows)


def curve_figure(study: Study) -> Image | HTML:
    """Return the figure of what trainings by rewards log at each step; nothing to see if none was trained."""
    rewarded = {entry: group for entry, group in shown(study).items() if any(model.steps for model in group)}
    return image(curves.trainings, page.along(rewarded), page.panels(rewarded)) if rewarded else HTML("")

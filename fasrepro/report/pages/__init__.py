"""The pages of the book: one module each, with `NEEDS` (what it reads) and `render(material)`, which returns its fragments by
name.

A page's text, book/<page>.md, includes a fragment as `_generated/<page>/<fragment>.md`. To add a page: a module here and its
line in `PAGES`, its text, and its line in book/_toc.yml.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import (
    ablation,
    audit,
    calibration,
    caption_model,
    captions,
    data,
    explanations,
    foundation,
    gold,
    index,
    ledger,
    method,
    optimism,
    results,
    unseen,
    world,
)


@dataclasses.dataclass(frozen=True)
class Page:
    """What a page reads, the fragments that it renders, and the values that its text substitutes besides params."""

    needs: Needs
    render: Callable[[Material], dict[str, str]]
    values: Callable[[Material], dict[str, str]] = lambda material: {}


PAGES: dict[str, Page] = {
    "index": Page(index.NEEDS, index.render),
    "data": Page(data.NEEDS, data.render),
    "world": Page(world.NEEDS, world.render),
    "audit": Page(audit.NEEDS, audit.render, audit.values),
    "captions": Page(captions.NEEDS, captions.render),
    "gold": Page(gold.NEEDS, gold.render),
    "caption_model": Page(caption_model.NEEDS, caption_model.render),
    "foundation": Page(foundation.NEEDS, foundation.render),
    "method": Page(method.NEEDS, method.render),
    "results": Page(results.NEEDS, results.render),
    "explanations": Page(explanations.NEEDS, explanations.render),
    "unseen": Page(unseen.NEEDS, unseen.render),
    "optimism": Page(optimism.NEEDS, optimism.render, optimism.values),
    "ledger": Page(ledger.NEEDS, ledger.render),
    "calibration": Page(calibration.NEEDS, calibration.render, calibration.values),
    "ablation": Page(ablation.NEEDS, ablation.render),
}

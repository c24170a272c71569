"""The pages of the book: one module each, with `NEEDS` (what it reads) and `render(material)`, which returns its fragments by
name.

A page's text, book/<page>.md, includes a fragment as `_generated/<page>/<fragment>.md`. To add a page: a module here and its
line in `PAGES`, its text, and its line in book/_toc.yml.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from fasrepro.report import world_pictures
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import (
    ablation,
    audit,
    baselines,
    calibration,
    caption_model,
    captions,
    data,
    encoder,
    explanations,
    fairness,
    foundation,
    gold,
    index,
    ledger,
    method,
    one_to_eleven,
    optimism,
    own_pictures,
    paper2_ablations,
    read_outs,
    results,
    reviewers,
    unseen,
    world,
)
from fasrepro.rows.faces import Face


@dataclasses.dataclass(frozen=True)
class Page:
    """A page of the book.

    Args:
        needs: what it reads.
        render: returns its fragments.
        values: returns what its text substitutes besides params.
        pictured: returns the faces of the index whose crops it shows; the stage `pictures` keeps those for it.
    """

    needs: Needs
    render: Callable[[Material], dict[str, str]]
    values: Callable[[Material], dict[str, str]] = lambda material: {}
    pictured: Callable[[Material], Iterable[Face]] = lambda material: ()


PAGES: dict[str, Page] = {
    "index": Page(index.NEEDS, index.render),
    "data": Page(data.NEEDS, data.render, pictured=data.pictured),
    "world": Page(world.NEEDS, world.render, pictured=world_pictures.pictured),
    "audit": Page(audit.NEEDS, audit.render, audit.values),
    "captions": Page(captions.NEEDS, captions.render, pictured=captions.pictured),
    "gold": Page(gold.NEEDS, gold.render, pictured=gold.pictured),
    "caption_model": Page(caption_model.NEEDS, caption_model.render),
    "foundation": Page(foundation.NEEDS, foundation.render),
    "method": Page(method.NEEDS, method.render),
    "results": Page(results.NEEDS, results.render),
    "one_to_eleven": Page(one_to_eleven.NEEDS, one_to_eleven.render),
    "read_outs": Page(read_outs.NEEDS, read_outs.render),
    "single_stage": Page(paper2_ablations.NEEDS, paper2_ablations.render_stages),
    "data_scale": Page(paper2_ablations.NEEDS, paper2_ablations.render_scale),
    "tags": Page(paper2_ablations.NEEDS, paper2_ablations.render_tags),
    "explanations": Page(explanations.NEEDS, explanations.render, pictured=explanations.pictured),
    "encoder": Page(encoder.NEEDS, encoder.render, pictured=encoder.pictured),
    "unseen": Page(unseen.NEEDS, unseen.render),
    "fairness": Page(fairness.NEEDS, fairness.render),
    "baselines": Page(baselines.NEEDS, baselines.render),
    "optimism": Page(optimism.NEEDS, optimism.render, optimism.values),
    "ledger": Page(ledger.NEEDS, ledger.render),
    "calibration": Page(calibration.NEEDS, calibration.render, calibration.values),
    "own_pictures": Page(own_pictures.NEEDS, own_pictures.render),
    "reviewers": Page(reviewers.NEEDS, reviewers.render),
    "ablation": Page(ablation.NEEDS, ablation.render),
}

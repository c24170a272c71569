"""`fasrepro why FIGURE`: the files, stages, params and commit behind a figure, and what making it anew would run and cost here.

FIGURE is a page, a figure or a table of a page, or an ablation: `results`, `results/hter`, `caption_style`. An ablation that has
the name of a page is named by its place in the book: `executed/explanations`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fasrepro import config, names, paths
from fasrepro.commands import provenance, reproduce, scheduling, side_by_side
from fasrepro.commands.provenance import Origin, Stage

NAMED = 8  # of a list


def figures(root: Path) -> list[str]:
    """Return the names of a built book's figures and fragments, as `<page>/<name>`."""
    folder = root / paths.GENERATED
    paths_of_figures = [*folder.glob("*/figures/*.png"), *folder.glob("*/*.md")]
    return sorted({f"{path.relative_to(folder).parts[0]}/{path.stem}" for path in paths_of_figures})


def page_of(figure: str, root: Path, ablations: Sequence[str]) -> str:
    """Return the place of the page that shows a figure. Raises `ValueError` for a figure that is not there."""
    from fasrepro.report.pages import PAGES  # here, because matplotlib takes seconds that no other command needs

    places = [provenance.place_of(name) for name in ablations]
    if figure in places:
        return figure
    page, _, part = figure.partition("/")
    known = dict(zip(ablations, places, strict=True)) | {name: name for name in PAGES}
    place = names.lookup(known, page, "page or ablation", ValueError)
    if part:
        shown = figures(root)
        if not shown:
            raise ValueError(f"{paths.GENERATED}: the book is not built here: run `make book`, or name a page, as in {page!r}")
        names.lookup(dict.fromkeys(shown), figure, "figure", ValueError, f"{paths.GENERATED}")
    return place


def shortened(items: Sequence[str]) -> str:
    """Return a list in a line: the first of it, and how many more there are.

    >>> shortened(list("abcdefghij"))
    'a, b, c, d, e, f, g, h and 2 more'
    """
    rest = len(items) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def report(origin: Origin, stages: Mapping[str, Stage], times: dict[str, float], workers: int, shown_by: str) -> Iterator[str]:
    """Yield the lines about a figure.

    Args:
        origin: of its page.
        stages: of the project.
        times: seconds of the stages that ran here.
        workers: how many stages would run at once.
        shown_by: the stage that writes the page.
    """
    yield f"{', '.join(origin.badges) or 'shows no results'}"
    if origin.run is not None:
        yield f"recorded run  {origin.run.source}: {paths.RECORDED}/{origin.run.profiles[0]}, {origin.run.duration}"
    if origin.commit:
        yield f"commit        {origin.commit}"
    yield f"files         {shortened([str(path) for path in origin.files]) or 'none'}"
    yield f"params        {shortened(sorted({key for name in origin.stages for key in stages[name].params})) or 'none'}"
    kinds = list(dict.fromkeys(name.partition("@")[0] for name in origin.stages))
    yield f"stages        {len(origin.stages)}: {', '.join(kinds)}"
    if origin.changed:
        yield f"changed since {shortened(origin.changed)}"
    whole = provenance.leading_to(stages, stages[shown_by].outputs)
    of_figure = [name for name in whole if name in origin.stages or name == shown_by]
    for title, waits_for in (
        ("up to date", provenance.to_run(stages, of_figure)),
        ("from nothing", {name: stages[name].waits_for & set(of_figure) for name in of_figure}),
    ):
        seconds = scheduling.estimates(waits_for, times)
        cost = scheduling.clock(scheduling.wall_clock(waits_for, seconds, workers))
        yield f"{title:<14}{len(waits_for)} stages, {cost} with {workers} at once: {shortened(list(waits_for)) or 'none'}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("figure", help="a page, `<page>/<figure>`, or an ablation")


def run(arguments: argparse.Namespace) -> int:
    """Print what is behind the figure."""
    root = Path()
    params = config.load("threads", "ablations")
    place = page_of(arguments.figure, root, list(params.ablations))
    stages = provenance.read_stages(root)
    workers = reproduce.default_workers(params.threads)
    origin = provenance.origins(root, stages)(place)
    lines = report(origin, stages, side_by_side.times(root), workers, provenance.stage_of(place))
    print("\n".join([arguments.figure, *lines]))
    return 0

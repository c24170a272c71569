"""Attacks unlike those of the sources: gains against shared cues, by species, and misplaced cues, a protocol at a time."""

from __future__ import annotations

import html
from collections.abc import Iterator

from IPython.display import HTML, Image, display

from fasrepro import config, paths
from fasrepro.evaluation.results import key
from fasrepro.evaluation.results.unseen import UnseenGains, UnseenTarget
from fasrepro.report import curves
from fasrepro.report.notebook import Study, html_table, image
from fasrepro.report.pages.unseen import MEASURES
from fasrepro.report.tables import interval, number, words


def compared(study: Study) -> tuple[str, str]:
    """Return the study's run and its baseline.

    Raises:
        ConfigError: if there is not exactly one run besides the baseline.
    """
    others = [run for run in study.runs if run != study.entry.baseline]
    if len(others) != 1:
        where = f"{paths.PARAMS}: ablations.{study.name}"
        listed = ", ".join(others) or "none"
        raise config.ConfigError(f"{where}: needs one run besides its baseline, and has {listed}: name the others under `omit`")
    return others[0], study.entry.baseline


def gains_of(study: Study) -> Iterator[tuple[str, UnseenTarget, UnseenGains]]:
    """Yield the gains on each of the study's cells, if unseen.json compares the study's runs."""
    unseen = study.material.unseen
    if (unseen.run, unseen.baseline) != compared(study):
        return
    for name in dict.fromkeys(cell.cell for cell in study.cells):
        for target in unseen.targets.values():
            if name in target.cells:
                yield name, target, target.cells[name]


def notice(study: Study) -> str:
    """Return what to type if unseen.json compares other runs, or none of the study's cells; "" if all is there."""
    unseen, (run, baseline) = study.material.unseen, compared(study)
    if (unseen.run, unseen.baseline) != (run, baseline):
        return (
            f"{paths.UNSEEN} compares {unseen.run!r} with {unseen.baseline!r}: name {run!r} and {baseline!r} under `unseen:` in"
            " params.yaml, then run `dvc repro`."
        )
    if not any(gains_of(study)):
        return f"{paths.UNSEEN} has no gains on these protocols: they need a target with attacks unlike those of its sources."
    return ""


def line_table(study: Study) -> HTML:
    """Return the regression of the gain on the share of cues that the sources show, a row a cell and measure."""
    rows = []
    for name, target, gains in gains_of(study):
        for measure, title in MEASURES.items():
            line = gains.lines[measure]
            fits = [interval(fit, signed=True) for fit in (line.slope, line.intercept, line.spearman)]
            rows.append([name, title, *fits, gains.seeds, target.counts.subjects])
    columns = ["protocol", "gain in", "slope", "gain where no cue is shared", "Spearman", "seeds", "subjects"]
    return html_table(columns, rows) if rows else HTML(f"<p>{html.escape(notice(study))}</p>")


def display_gains(study: Study) -> None:
    """Display the figure of gains of each cell under its name."""
    run, baseline = compared(study)
    for name, target, gains in gains_of(study):
        print(name)
        display(_gain_figure(target, gains, run, baseline))


def _gain_figure(target: UnseenTarget, gains: UnseenGains, run: str, baseline: str) -> Image:
    return image(curves.gains, gains, target.counts.species, run, baseline)


def species_table(study: Study) -> HTML:
    """Return rates and gains of each species, those with most shared cues first."""
    run, baseline = compared(study)
    rows = []
    for name, target, gains in gains_of(study):
        for species in sorted(gains.species, key=lambda species: (-(gains.species[species].overlap or 0), species)):
            entry, counts = gains.species[species], target.counts.species[species]
            rates = [number(entry.runs[one]["apcer"]) for one in (baseline, run)]
            better = [number(entry.gain[measure].value, signed=True) for measure in MEASURES]
            rows.append([name, words(species), counts.family, counts.videos, number(entry.overlap), *rates, *better])
    columns = ["protocol", "species", "family", "videos", "shared cues", f"APCER, {baseline}", f"APCER, {run}"]
    return html_table([*columns, *(f"gain in {title}" for title in MEASURES.values())], rows)


def misplaced_cue_table(study: Study) -> HTML:
    """Return the share of explanations that name a cue of prints and replays alone, a row a cell and kind of face."""
    run, baseline = compared(study)
    rows = []
    for name, target, _ in gains_of(study):
        cues = target.misplaced_cues
        if cues is None:
            continue
        for kind, counts in cues.counts.items():
            by_run = [cues.cells.get(key(name, one)) for one in (baseline, run)]
            shares = [interval(figures[kind]["print_replay"] if figures else None) for figures in by_run]
            rows.append([name, words(kind), *shares, counts.faces])
    return html_table(["protocol", "face", baseline, run, "faces"], rows)

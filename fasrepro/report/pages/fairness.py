"""The page on groups of people and conditions: error rates by group, gaps between groups, and what captions change in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from fasrepro.datasets import DATASETS
from fasrepro.evaluation import inference
from fasrepro.evaluation.results import Fairness
from fasrepro.evaluation.results.fairness import Compared, GroupChanges, RunGroups
from fasrepro.report import eleven_targets, figures, markdown, tables
from fasrepro.report.claims.rows import counted
from fasrepro.report.figures import Target
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import interval, number, words

NEEDS = Needs(inputs=("metrics", "fairness", "recorded"), params=("archives", "synthetic", "runs", "fairness"))
NO_GROUPS = "No run has been tested on faces of known groups: run `dvc repro`.\n"
NO_PAIR = "No pair of runs of `fairness.pairs` in `params.yaml` was trained.\n"
RATES = {"bpcer": "BPCER", "apcer": "APCER"}
ORDER = ("skin_tone", "age", "beard", "light", "quality", "camera")  # of attributes in tables and figures
UNDRAWN = ("camera",)  # attributes with too many groups for a figure
Groups = TypeVar("Groups")  # by name: those of a run, or of a change
TWO = 2  # of two groups, the gap of one is that of the other with the other sign


@dataclasses.dataclass(frozen=True)
class Gap:
    """One gap, or its change.

    Args:
        place: attribute and group, in words.
        measure: of `RATES`.
        run: whose gap it is.
        figure: the gap, or the change.
        baseline: of a change the baseline's gap; None of a gap.
    """

    place: str
    measure: str
    run: str
    figure: Compared
    baseline: float | None = None


@dataclasses.dataclass(frozen=True)
class Scope:
    """Cells that are taken together: their runs, and the changes between them."""

    runs: list[RunGroups]
    changes: list[GroupChanges]
    source: str = ""  # in words, where it is not this book's own

    @property
    def title(self) -> str:
        """The targets, the protocols, and the fewest seeds of a run: a record may have others than the pages around it."""
        one = self.runs[0]
        names = ", ".join(DATASETS[target].title for target in one.targets)
        protocols = ", ".join(one.protocols)
        source = f"; {self.source}" if self.source else ""
        seeds = counted(min(entry.seeds for entry in self.runs), "seed")
        return escape(f"{names} (trained on {protocols}; {seeds}{source})")


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw a figure for each scope."""
    scopes, confidence = all_scopes(material), material.fairness.confidence
    return {
        "answer": markdown.answer(answer(scopes, confidence)),
        "figure": each(scopes, lambda place, scope: figure(material, place, scope), NO_GROUPS),
        "rates": each(scopes, lambda _, scope: rate_table(scope), markdown.NOTHING),
        "gaps": each(scopes, lambda _, scope: gap_table(scope), markdown.NOTHING),
        "changes": each([scope for scope in scopes if scope.changes], lambda _, scope: change_tables(scope), NO_PAIR),
    }


def each(scopes: Sequence[Scope], text_of: Callable[[int, Scope], str], notice: str) -> str:
    """Return a text for each scope under its title; `notice` of none. `text_of` takes the scope's number and the scope."""
    parts = [f"**{scope.title}**\n\n{text_of(place, scope)}" for place, scope in enumerate(scopes)]
    return "\n".join(parts) if parts else notice


def all_scopes(material: Material) -> list[Scope]:
    """Return the scopes of paper 1, those with most targets first, then those of paper 2 (`eleven_targets.fairness`)."""
    own = material.fairness
    second, source = eleven_targets.fairness(own, material.recorded)
    first = [entry for entry in own.runs.values() if not eleven_targets.is_of_paper_2(entry.protocols)]
    return [
        *scopes_of(first, own, material.runs),
        *scopes_of(second.runs.values(), second, material.runs, "" if source == eleven_targets.OWN else source),
    ]


def scopes_of(entries: Iterable[RunGroups], of: Fairness, runs: Sequence[str], source: str = "") -> list[Scope]:
    """Return entries by their cells, those with most targets first, each with its runs in the order of `runs`.

    A change is shown with the first entries that hold all of its cells.
    """
    groups: dict[tuple[str, ...], list[RunGroups]] = {}
    for entry in entries:
        if any(entry.attributes.values()):
            groups.setdefault(tuple(entry.cells), []).append(entry)
    place = {run: count for count, run in enumerate(runs)}
    scopes: list[Scope] = []
    left = list(of.changes)
    for cells, own in sorted(groups.items(), key=lambda item: (-len(item[1][0].targets), item[0])):
        inside = [change for change in left if set(change.cells) <= set(cells)]
        left = [change for change in left if change not in inside]
        scopes.append(Scope(sorted(own, key=lambda entry: place.get(entry.run, len(place))), inside, source))
    return scopes


def place_of(attribute: str, name: str) -> str:
    """Return a group in words.

    >>> place_of("skin_tone", "Monk 8 to 10"), place_of("beard", "no beard")
    ('skin tone Monk 8 to 10', 'no beard')
    """
    return name if attribute in name else f"{words(attribute)} {name}"


def in_order(attributes: Mapping[str, Groups]) -> dict[str, Groups]:
    """Return attributes in the order of tables."""
    return {name: attributes[name] for name in sorted(attributes, key=ORDER.index)}


def distinct(groups: Collection[str]) -> list[str]:
    """Return the groups whose gaps differ: of two groups one is enough."""
    return list(groups)[:1] if len(groups) == TWO else list(groups)


def gaps_of(scope: Scope) -> list[Gap]:
    """Return every gap of the scope's runs that has an interval."""
    return [
        Gap(place_of(attribute, name), measure, entry.run, groups[name].gaps[measure])
        for entry in scope.runs
        for attribute, groups in in_order(entry.attributes).items()
        for name in distinct(groups)
        for measure in RATES
        if groups[name].gaps[measure].error is not None
    ]


def changes_of(scope: Scope) -> list[Gap]:
    """Return every change of a gap that has an interval."""
    return [
        Gap(place_of(attribute, name), measure, change.run, groups[name].gaps[measure], groups[name].baseline_gaps[measure])
        for change in scope.changes
        for attribute, groups in in_order(change.attributes).items()
        for name in distinct(groups)
        for measure in RATES
        if groups[name].gaps[measure].error is not None
    ]


def told(gaps: Sequence[Gap], confidence: float) -> tuple[list[Gap], list[Gap]]:
    """Return the gaps whose own interval excludes zero, and those of them that Holm's adjustment over all of them leaves."""
    p_values = [
        inference.two_sided_p(gap.figure.value or 0.0, gap.figure.error or 0.0, gap.figure.degrees or 1.0) for gap in gaps
    ]
    alone = [gap for gap, p in zip(gaps, p_values, strict=True) if p <= 1 - confidence]
    adjusted = [gap for gap, p in zip(gaps, inference.holm(p_values), strict=True) if p <= 1 - confidence]
    return alone, adjusted


def answer(scopes: Sequence[Scope], confidence: float) -> str:
    """Return what could be told of the gaps, and whether captions widen or narrow them."""
    if not scopes:
        return NO_GROUPS
    lines, adjusted = [], 0
    for scope in scopes:
        gaps, changes = gaps_of(scope), changes_of(scope)
        sentences = [
            _counted("gaps", gaps, confidence, _listed_gap),
            _counted("changes of gaps", changes, confidence, _listed_change),
        ]
        lines.append(f"- {scope.title}. {' '.join(filter(None, sentences))}")
        adjusted += len(told(gaps, confidence)[1]) + len(told(changes, confidence)[1])
    headline = (
        f"**{adjusted} of the differences between groups, and of what captions change in them, can be told from none.**"
        if adjusted
        else "**No gap between a group and all others can be told from none, and no change that captions make in one.** That is"
        " no proof of equal treatment: see how large a gap would have to be."
    )
    return "\n".join([headline, "", *lines, ""])


def _counted(what: str, gaps: Sequence[Gap], confidence: float, listed: Callable[[Gap], str]) -> str:
    """Return how many of some gaps can be told, which, and how large a gap could have been told; "" of none."""
    if not gaps:
        return ""
    alone, adjusted = told(gaps, confidence)
    by_chance = (1 - confidence) * len(gaps)
    least = [gap.figure.detectable for gap in gaps if gap.figure.detectable is not None]
    which = f" ({'; '.join(map(listed, adjusted))})" if adjusted else ""
    return (
        f"Of {len(gaps)} {what}, {len(alone)} have an interval that excludes zero, where chance alone would give {by_chance:.1f};"
        f" **{len(adjusted) or 'none'} can be told** after Holm's adjustment{which}. Half of them would probably be told only"
        f" from {number(float(np.median(least)))} upwards, and none below {number(min(least))}."
    )


def _listed_gap(gap: Gap) -> str:
    return f"{escape(gap.run)}, {RATES[gap.measure]}, {gap.place} {number(gap.figure.value, signed=True)}"


def _listed_change(gap: Gap) -> str:
    return f"{escape(gap.run)} {direction(gap)} {RATES[gap.measure]}, {gap.place}, by {number(gap.figure.value, signed=True)}"


def direction(gap: Gap) -> str:
    """Return whether a run widens or narrows its baseline's gap: a change away from zero widens it.

    A change by more than twice the gap turns it round and widens it too.
    """
    change, before = gap.figure.value or 0.0, gap.baseline or 0.0
    return "widens" if abs(before + change) > abs(before) else "narrows"


def rate_table(scope: Scope) -> str:
    """Return the rates of every group: a row a group, with its people, and two columns a run."""
    columns = ["", "group", "people: bona fide / attacks", "videos or images"]
    columns += [f"{title}, {entry.run}" for entry in scope.runs for title in RATES.values()]
    first, rows = scope.runs[0], []
    for attribute, groups in in_order(first.attributes).items():
        for count, (name, group) in enumerate(groups.items()):
            rates = [interval(entry.attributes[attribute][name].rates[measure]) for entry in scope.runs for measure in RATES]
            people = f"{group.bona_fide.subjects} / {group.attack.subjects}"
            videos = f"{group.bona_fide.faces} / {group.attack.faces}"
            rows.append(["" if count else words(attribute), name, people, videos, *rates])
    return markdown.table(columns, rows) + unknown(first)


def unknown(entry: RunGroups) -> str:
    """Return how many rows are in no group; "" where each is in one."""
    missing = [f"{words(name)} of {count}" for name, count in entry.unknown.items() if count]
    return f"\nNot known, over all protocols: {', '.join(missing)} videos or images.\n" if missing else ""


def gap_table(scope: Scope) -> str:
    """Return the gaps: a row a group and run."""
    columns = ["", "group", "run", *(f"{title} {part}" for title in RATES.values() for part in ("gap", "could be told from"))]
    rows = []
    for attribute in in_order(scope.runs[0].attributes):
        for name in distinct(scope.runs[0].attributes[attribute]):
            for entry in scope.runs:
                gaps = [entry.attributes[attribute][name].gaps[measure] for measure in RATES]
                if any(gap.value is not None for gap in gaps):
                    rows.append([words(attribute), name, entry.run, *_with_size(gaps)])
    return tables.table_or_notice(columns, rows, "No group has two people on both sides in any target.\n")


def change_tables(scope: Scope) -> str:
    """Return the changes of gaps: a table for each pair of runs, a row a group."""
    parts = []
    for change in scope.changes:
        rows = []
        for attribute, groups in in_order(change.attributes).items():
            for name, group in groups.items():
                gaps = [group.gaps[measure] for measure in RATES]
                before = [number(group.baseline_gaps[measure], signed=True) for measure in RATES]
                sized = _with_size(gaps)
                cells = [before[0], *sized[:2], before[1], *sized[2:], interval(group.rates["hter"], signed=True)]
                rows.append([words(attribute), name, *cells])
        columns = ["", "group"]
        for title in RATES.values():
            columns += [f"{title} gap of {change.baseline}", "change", "could be told from"]
        columns.append("HTER in the group, change")
        parts.append(f"{escape(change.run)} − {escape(change.baseline)}\n\n{markdown.table(columns, rows)}")
    return "\n".join(parts)


def _with_size(gaps: Sequence[Compared]) -> list[str]:
    """Return each gap with its interval, and from what size on it would probably be told: "never" above the largest there is."""
    cells = []
    for gap in gaps:
        size = number(gap.detectable) if gap.detectable is None or gap.detectable <= 1 else "never"
        cells += [interval(gap, signed=True), size]
    return cells


def figure(material: Material, place: int, scope: Scope) -> str:
    """Draw the rates of one scope, and return the fragment."""
    runs = drawn_runs(scope)
    drawn = {attribute: groups for attribute, groups in in_order(runs[0].attributes).items() if attribute not in UNDRAWN}
    ticks = [(attribute, name) for attribute, groups in drawn.items() for name in groups]
    caption = (
        "Error rates by group at the dev threshold, with their intervals over people, trainings and dev people. A mark without an"
        " interval is a group of one person."
    )

    def draw(path: Target) -> None:
        drawing, panels = figures.panels(len(RATES), len(ticks))
        with figures.saved(path, drawing):
            for panel, (measure, title) in zip(panels, RATES.items(), strict=True):
                series = {
                    entry.run: {name: entry.attributes[attribute][name].rates[measure] for attribute, name in ticks}
                    for entry in runs
                }
                figures.draw_intervals(panel, series, [name for _, name in ticks])
                panel.set_ylabel(title)
                panel.set_ylim(-0.02, 1.02)
            figures.draw_legend(drawing, panels)

    return material.draw(f"groups_{place}", draw, caption, described(runs))


def drawn_runs(scope: Scope) -> list[RunGroups]:
    """Return the runs whose gaps are compared; all where none is."""
    compared = {name for change in scope.changes for name in (change.run, change.baseline)}
    return [entry for entry in scope.runs if entry.run in compared] or scope.runs


def described(runs: Sequence[RunGroups]) -> str:
    """Return a figure of rates in words: each run's lowest and highest group."""
    sentences = []
    for measure, title in RATES.items():
        for entry in runs:
            rates: list[tuple[float, str]] = []
            for attribute, groups in in_order(entry.attributes).items():
                if attribute not in UNDRAWN:
                    values = {name: group.rates[measure] for name, group in groups.items()}
                    rates += [(rate.value, place_of(attribute, name)) for name, rate in values.items() if rate.value is not None]
            if rates:
                (low, lowest), (high, highest) = min(rates), max(rates)
                sentences.append(f"{title} of {entry.run}: from {low:.3f} ({lowest}) to {high:.3f} ({highest})")
    return markdown.alt_text(". ".join(sentences) + ". The tables below hold every number")

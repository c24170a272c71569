"""The part of the page on encoders that is about counterfactual pairs: how many the encoders of two-stage runs put in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fasrepro.evaluation.results.pair_gains import ComparedOrders, PairGains, difference
from fasrepro.report import figures, markdown, tables
from fasrepro.report.eleven_targets import OWN, with_records
from fasrepro.report.figures import Target
from fasrepro.report.material import Material
from fasrepro.report.tables import interval, number, words

NOT_RUN = (
    "Not run: no run in two stages is recorded with its pairs, and this machine has trained none. `make reproduce"
    " PROFILE=one_to_eleven` does, and `fasrepro record --profile one_to_eleven` keeps its figures.\n"
)
FRAGMENTS = ("pairs_by_cue", "pairs_between", "figure_pairs")


def render(material: Material) -> dict[str, str]:
    """Return the fragments about pairs; where none are known, the first says so and the others are dashes."""
    gains, source = shown(material)
    if not gains.cells:
        return {"pairs": NOT_RUN} | dict.fromkeys(FRAGMENTS, markdown.NOTHING)
    entries = runs_in_order(gains.cells.values(), material.runs)
    return {
        "pairs": f"Figures are those of {source}.\n\n{mean_table(entries)}",
        "pairs_by_cue": cue_table(entries),
        "pairs_between": difference_table(gains, entries),
        "figure_pairs": figure(material, entries),
    }


def shown(material: Material) -> tuple[PairGains, str]:
    """Return this machine's figures, or where it has none those of a recorded run; and whose they are."""
    own = material.pair_gains
    for gains, source in with_records("pair_gains", own, material.recorded):
        if gains.cells:
            return gains, source
    return own, OWN


def runs_in_order(entries: Iterable[ComparedOrders], runs: Sequence[str]) -> list[ComparedOrders]:
    """Return entries by protocol, then in the order of `runs`."""
    place = {run: count for count, run in enumerate(runs)}
    return sorted(entries, key=lambda entry: (entry.protocol, place.get(entry.run, len(place))))


def mean_table(entries: Sequence[ComparedOrders]) -> str:
    """Return the table of runs against the foundation, means over cues."""
    rows = [
        [
            *(entry.protocol, entry.run, len(entry.seeds), f"{entry.pairs} / {entry.subjects}"),
            *(number(entry.mean.baseline), number(entry.mean.run), interval(entry.mean.change, signed=True)),
        ]
        for entry in entries
    ]
    return markdown.table(["trained on", "run", "seeds", "pairs / people", "foundation", "trained", "gain"], rows)


def cue_table(entries: Sequence[ComparedOrders]) -> str:
    """Return the same by cue."""
    rows = [
        [entry.protocol, entry.run, words(cue), number(one.baseline), number(one.run), interval(one.change, signed=True)]
        for entry in entries
        for cue, one in entry.by_cue.items()
    ]
    return markdown.table(["trained on", "run", "cue", "foundation", "trained", "gain"], rows)


def difference_table(gains: PairGains, entries: Sequence[ComparedOrders]) -> str:
    """Return the table of the runs of a protocol against each other, a later one of `entries` minus an earlier one."""
    rows = []
    for count, run in enumerate(entries):
        for baseline in entries[:count]:
            compared = difference(gains, run.protocol, run.run, baseline.run) if run.protocol == baseline.protocol else None
            if compared is not None:
                change = interval(compared.mean.change, signed=True)
                rows.append([run.protocol, f"{run.run} − {baseline.run}", len(compared.seeds), change])
    return tables.table_or_notice(
        ["trained on", "runs", "seeds", "difference"], rows, "No two runs of a protocol share a seed.\n"
    )


def figure(material: Material, entries: Sequence[ComparedOrders]) -> str:
    """Draw the gains by cue, and return the fragment that shows them."""
    return material.draw(
        "pairs",
        lambda path: draw(entries, path),
        "Share of the pairs of each cue that the trained encoder puts in order, minus the foundation's, with intervals over"
        " people and seeds. Above zero, training made the cue easier to see. Dotted: no change.",
        "Gain in pairs in order over the foundation's encoder, by cue, a panel a protocol and a mark a run",
    )


def draw(entries: Sequence[ComparedOrders], path: Target) -> None:
    """Draw the gains: a panel a protocol, a tick a cue, a mark a run."""
    protocols = list(dict.fromkeys(entry.protocol for entry in entries))
    drawing, axes = figures.grid(len(protocols), 1, 3.6)
    with figures.saved(path, drawing):
        for panel, protocol in zip(axes[:, 0], protocols, strict=True):
            own = [entry for entry in entries if entry.protocol == protocol]
            cues = list(dict.fromkeys(cue for entry in own for cue in entry.by_cue))
            series = {entry.run: {words(cue): one.change for cue, one in entry.by_cue.items()} for entry in own}
            figures.draw_intervals(panel, series, [words(cue) for cue in cues])
            panel.axhline(0, color="0.3", linestyle=":", linewidth=1)
            panel.set_title(protocol)
            panel.set_ylabel("gain in pairs in order")
        figures.draw_legend(drawing, axes[:, 0])

"""The page on attacks unlike those of the sources: does a run's gain depend on the cues that the sources share?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fasrepro.datasets import DATASETS
from fasrepro.evaluation.results import Figure, LedgerSettings, Unseen
from fasrepro.evaluation.results.unseen import SpeciesCounts, UnseenGains, UnseenTarget, target_and_protocols
from fasrepro.report import curves, markdown, tables
from fasrepro.report.claims import verdicts
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import interval, number, words

NEEDS = Needs(inputs=("metrics", "unseen"), params=("archives", "synthetic", "runs"))
NO_TARGET = (
    "No target has a family of attacks that its sources lack and results of both runs: name one under `test` of a protocol in"
    " `params.yaml`, then run `fasrepro jobs` and `dvc repro`.\n"
)
NOT_EXPLAINED = "No run with captions explained a face of this target.\n"
MEASURES = {"apcer": "APCER", "p_attack": "mean score"}
KINDS = {
    "bona_fide": "bona fide",
    "print": "print",
    "replay": "replay",
    "mask": "mask",
    "makeup": "make-up",
    "partial": "partial cover",
    "unseen": "mask, make-up or partial cover",
}
CAPTION = (
    "Gain on each species against the share of its cues that the sources show, means over protocols and seeds: in APCER and"
    " in mean score. A mark's area grows with the number of videos; marks at one place are set apart sideways. Line and"
    " band: weighted least squares with its interval."
)


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw a figure for each target."""
    unseen, runs, settings = material.unseen, material.runs, material.metrics.settings.ledger

    def each(text_of: Callable[[str, UnseenTarget], str]) -> str:
        """Return a text for each target, under its title if there are several."""
        parts = {name: text_of(name, target) for name, target in unseen.targets.items()}
        if len(parts) < 2:
            return next(iter(parts.values()), NO_TARGET)
        return "\n".join(f"**{entry_title(name)}**\n\n{text}" for name, text in parts.items())

    def draw(name: str, target: UnseenTarget) -> str:
        def draw_gains(path: Any) -> None:
            curves.gains(target.mean, target.counts.species, unseen.run, unseen.baseline, path)

        return material.draw(f"gains_{re.sub(r'[^a-z0-9]+', '_', name)}", draw_gains, CAPTION)

    return {
        "answer": markdown.answer(each(lambda _, target: meaning(target, unseen, settings))),
        "figure": each(draw),
        "lines": each(lambda _, target: line_table(target)),
        "species": each(lambda _, target: species_table(target, runs)),
        "species_by_cell": each(lambda _, target: species_table_by_cell(target, runs)),
        "misplaced_cues": each(lambda _, target: misplaced_cue_table(target, unseen, runs, settings)),
    }


def entry_title(entry: str) -> str:
    """Return the title of an entry of unseen.json: its target's, and its protocols where the target has several entries."""
    target, protocols = target_and_protocols(entry)
    return f"{DATASETS[target].title}, {escape(protocols)}" if protocols else DATASETS[target].title


def kind_title(name: str) -> str:
    """Return a kind of face, or another family, in words."""
    return KINDS.get(name, name)


def species_columns(runs: Sequence[str]) -> list[str]:
    """Return the headings of `species_rows`."""
    rates = [f"APCER, {run}" for run in runs]
    return ["species", "family", "videos / subjects", "shared cues", "nominal", *rates, "gain in APCER", "gain in mean score"]


def species_rows(gains: UnseenGains, counts: Mapping[str, SpeciesCounts], runs: Sequence[str]) -> list[list[Any]]:
    """Return a row a species, those with most shared cues first."""

    def order(name: str) -> tuple[float, int, str]:
        return -(gains.species[name].overlap or 0), list(KINDS).index(counts[name].family), name

    rows = []
    for name in sorted(gains.species, key=order):
        entry, size = gains.species[name], counts[name]
        rows.append(
            [
                words(name),
                kind_title(size.family),
                f"{size.videos} / {size.subjects}",
                number(entry.overlap),
                number(entry.nominal),
                *(number(entry.runs[run]["apcer"]) for run in runs),
                number(entry.gain["apcer"].value, signed=True),
                number(entry.gain["p_attack"].value, signed=True),
            ]
        )
    return rows


def species_table(target: UnseenTarget, runs: Sequence[str]) -> str:
    """Return the table of species, means over protocols, and the error rates on bona fide faces that belong to them."""
    tested = [run for run in runs if run in target.mean.bona_fide]
    table = markdown.table(species_columns(tested), species_rows(target.mean, target.counts.species, tested))
    return f"{table}\n{bona_fide_rates(target, tested)}"


def bona_fide_rates(target: UnseenTarget, runs: Sequence[str]) -> str:
    """Return the error rates on bona fide faces at the same thresholds, without which an APCER says little; "" if unknown."""
    rates = {run: target.mean.bona_fide[run]["bpcer"] for run in runs}
    if any(rate is None for rate in rates.values()):
        return ""
    listed = ", ".join(f"{escape(run)} {number(rate)}" for run, rate in rates.items())
    return f"BPCER on the {target.counts.bona_fide} bona fide videos, at the same thresholds: {listed}.\n"


def species_table_by_cell(target: UnseenTarget, runs: Sequence[str]) -> str:
    """Return the table of species, a row a cell and species."""
    tested = [run for run in runs if run in target.mean.bona_fide]
    rows = []
    for name, gains in sorted(target.cells.items()):
        rows += [[name, *row] for row in species_rows(gains, target.counts.species, tested)]
    return markdown.table(["protocol", *species_columns(tested)], rows)


def line_table(target: UnseenTarget) -> str:
    """Return the table of regressions, a row a measure and cell, their mean last."""
    scopes = dict(sorted(target.cells.items()))
    if len(scopes) > 1:
        scopes["mean"] = target.mean
    rows = []
    for measure, title in MEASURES.items():
        for scope, gains in scopes.items():
            line = gains.lines[measure]
            least, most = line.without_one.low, line.without_one.high
            spread = tables.NONE if least is None else f"{number(least, signed=True)} to {number(most, signed=True)}"
            fits = [interval(fit, signed=True) for fit in (line.slope, line.intercept, line.spearman)]
            rows.append([f"gain in {title}", scope, *fits, spread])
    columns = ["", "protocol", "slope", "gain where no cue is shared", "Spearman", "slope without any one species"]
    return markdown.table(columns, rows)


def sign(figure: Figure, enough: bool) -> int:
    """Return 1 or -1 if a figure's interval lies above or below zero; 0 otherwise, and without `enough` seeds and subjects."""
    if not enough or figure.low is None or figure.high is None:
        return 0
    return int(figure.low > 0) - int(figure.high < 0)


def meaning(target: UnseenTarget, unseen: Unseen, settings: LedgerSettings) -> str:
    """Return what the regression of the gain in APCER says about the negative claim."""
    mean, counts = target.mean, target.counts
    run, baseline, line = escape(unseen.run), escape(unseen.baseline), mean.lines["apcer"]
    if line.slope.value is None:
        return f"All species share equally many cues, so there is no line. {_basis(target, run, baseline)}\n"
    enough = verdicts.enough(mean.seeds, counts.subjects, len(target.cells), settings)
    slope, intercept = interval(line.slope, signed=True), interval(line.intercept, signed=True)
    sentences = [
        {
            1: "**The gain rises with the share of cues that the sources show, as the negative claim says.**",
            -1: "**The gain falls with the share of cues that the sources show, the opposite of what the negative claim says.**",
            0: "**Undecided: the gain may rise with the share of cues that the sources show, as the negative claim says, or"
            " fall.**",
        }[sign(line.slope, enough)],
        f"From a species that shares no cue with the sources to one that shares all, the gain in APCER changes by {slope}.",
        {
            1: f"Where nothing is shared, {run} gains: {intercept}.",
            -1: f"Where nothing is shared, {run} loses, as paper 1 reports of such attacks **[2]**: {intercept}.",
            0: f"Where nothing is shared, it is undecided whether {run} gains or loses: {intercept}.",
        }[sign(line.intercept, enough)],
    ]
    if not enough:
        sentences.append(
            f"With fewer than {settings.min_seeds} seeds ({settings.min_seeds_alone} of one training set) or"
            f" {settings.min_subjects} subjects both are undecided, whatever the intervals."
        )
    sentences.append(_basis(target, run, baseline))
    return f"{' '.join(sentences)}\n"


def _basis(target: UnseenTarget, run: str, baseline: str) -> str:
    """Return what the regression rests on."""
    mean, counts = target.mean, target.counts
    seeds = f"{mean.seeds} {'seed' if mean.seeds == 1 else 'seeds'}"
    size = f"{counts.attack} attack videos of {counts.subjects} subjects, {len(counts.species)} species"
    source = "as seen in the images" if target.measured else "nominal, because the cues in the images are not known"
    cells = ", ".join(sorted(target.cells))
    text = f"The gain is that of {run} over {baseline}; shared cues are {source} ({size}, {seeds}, mean of {cells})."
    if counts.no_interval:
        names = ", ".join(map(words, counts.no_interval))
        text += f" There is one subject of each of {names}, which adds nothing to an interval's width."
    return text


def misplaced_cue_table(target: UnseenTarget, unseen: Unseen, runs: Sequence[str], settings: LedgerSettings) -> str:
    """Return the table of the cues that explanations name: a row a kind of face and run, then run minus baseline."""
    cues = target.misplaced_cues
    if cues is None:
        return NOT_EXPLAINED
    rows = []
    for kind in [kind for kind in KINDS if kind in cues.counts]:
        size = f"{cues.counts[kind].faces} / {cues.counts[kind].subjects}"
        parts = [(run, cues.mean[run], False) for run in runs if run in cues.mean]
        if cues.difference:
            parts.append((f"{unseen.run} − {unseen.baseline}", cues.difference, True))
        for label, by_kind, signed in parts:
            shares = {name: interval(by_kind[kind][name], signed) for name in ("print_replay", "present", "any")}
            present = tables.NONE if kind == "bona_fide" else shares["present"]
            rows.append([KINDS[kind], size, label, shares["print_replay"], present, shares["any"]])
    columns = ["face", "faces / subjects", "run", "names a print or replay cue", "names a cue that is there", "names any cue"]
    return misplaced_cue_verdict(target, unseen, settings) + markdown.table(columns, rows)


def misplaced_cue_verdict(target: UnseenTarget, unseen: Unseen, settings: LedgerSettings) -> str:
    """Return whether the run names print and replay cues on other attacks more often than the baseline; "" if unknown."""
    cues = target.misplaced_cues
    if cues is None or "unseen" not in cues.difference:
        return ""
    figure = cues.difference["unseen"]["print_replay"]
    enough = verdicts.enough(target.mean.seeds, cues.counts["unseen"].subjects, len(target.cells), settings)
    run, baseline = escape(unseen.run), escape(unseen.baseline)
    sentence = {
        1: f"{run} names a print or replay cue more often than {baseline}",
        -1: f"{run} names a print or replay cue less often than {baseline}",
        0: f"it is undecided whether {run} names a print or replay cue more often than {baseline}",
    }[sign(figure, enough)]
    return f"On a {KINDS['unseen']}, {sentence}: {interval(figure, signed=True)}.\n\n"

"""Tables and sentences about attacks unlike those of the sources, all made from the numbers of results/unseen.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro.datasets import DATASETS
from fasrepro.report import figures, fragments, ledger, tables
from fasrepro.report.gallery import escaped

NOTHING = (
    "No target has a family of attacks that its sources lack and results of both runs: name one under `transfer` of an experiment"
    " in `params.yaml`, then `fasrepro jobs` and `dvc repro`.\n"
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


def kind(name: str) -> str:
    """Return a kind of face, a key of `KINDS` or not, in words."""
    return KINDS.get(name, name)


def columns_of(runs: Sequence[str]) -> list[str]:
    """Return the headings of `rows_of`."""
    rates = [f"APCER, {run}" for run in runs]
    return ["species", "family", "videos / subjects", "sharing", "nominal sharing", *rates, "gain in APCER", "gain in mean score"]


def rows_of(cell: Mapping[str, Any], species: Mapping[str, Any], runs: Sequence[str]) -> list[list[Any]]:
    """Return the cells of one protocol, or of the mean, a row a species, by falling sharing; `runs` those that all have."""
    found = cell["species"]
    rows = []
    for name in sorted(
        found, key=lambda name: (-(found[name]["sharing"] or 0), list(KINDS).index(species[name]["family"]), name)
    ):
        entry, counts = found[name], species[name]
        rows.append(
            [
                name.replace("_", " "),
                kind(counts["family"]),
                f"{counts['videos']} / {counts['subjects']}",
                tables.number(entry["sharing"]),
                tables.number(entry["nominal"]),
                *(tables.number(entry["runs"][run]["apcer"]) for run in runs),
                tables.number(entry["gain"]["apcer"]["value"], signed=True),
                tables.number(entry["gain"]["p_attack"]["value"], signed=True),
            ]
        )
    return rows


def species(target: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of species, means over protocols, and the rates on bona fide faces that go with it."""
    known = [run for run in runs if run in target["mean"]["bona_fide"]]
    table = fragments.table(columns_of(known), rows_of(target["mean"], target["counts"]["species"], known))
    return f"{table}\n{bona_fide(target, known)}"


def bona_fide(target: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return what the same thresholds do to bona fide faces, without which an APCER says little; "" where there is none."""
    rates = [(run, target["mean"]["bona_fide"][run]["bpcer"]) for run in runs]
    if any(rate is None for _, rate in rates):
        return ""
    told = ", ".join(f"{escaped(run)} {tables.number(rate)}" for run, rate in rates)
    return f"BPCER on the {target['counts']['bona_fide']} bona fide videos, at the same thresholds: {told}.\n"


def by_protocol(target: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of species, a row a protocol and species."""
    known = [run for run in runs if run in target["mean"]["bona_fide"]]
    rows = [
        [name, *row]
        for name, cell in sorted(target["protocols"].items())
        for row in rows_of(cell, target["counts"]["species"], known)
    ]
    return fragments.table(["protocol", *columns_of(known)], rows)


def lines(target: Mapping[str, Any]) -> str:
    """Return the table of regressions, a row a measure and protocol, their mean last."""
    scopes = dict(sorted(target["protocols"].items()))
    if len(scopes) > 1:
        scopes["mean"] = target["mean"]
    rows = []
    for measure, name in MEASURES.items():
        for scope, cell in scopes.items():
            fit = cell["lines"][measure]
            left = fit["without_one"]
            rows.append(
                [
                    f"gain in {name}",
                    scope,
                    *(tables.interval(fit[part], signed=True) for part in ("slope", "intercept", "spearman")),
                    tables.NONE
                    if left["low"] is None
                    else f"{tables.number(left['low'], signed=True)} to {tables.number(left['high'], signed=True)}",
                ]
            )
    columns = ["", "protocol", "slope", "gain where no cue is shared", "Spearman", "slope without any one species"]
    return fragments.table(columns, rows)


def decided(figure: Mapping[str, float | None], enough: bool) -> int:
    """Return 1 or -1 where a figure's interval lies above or below zero, else 0, as without an interval or without `enough`."""
    low, high = figure["low"], figure["high"]
    if not enough or low is None or high is None:
        return 0
    return int(low > 0) - int(high < 0)


def meaning(target: Mapping[str, Any], run: str, baseline: str, settings: Mapping[str, Any]) -> str:
    """Return what the regression of the gain in APCER says of the negative claim; `settings` are those of metrics.json."""
    mean, counts = target["mean"], target["counts"]
    fit = mean["lines"]["apcer"]
    size = f"{counts['attack']} attack videos of {counts['subjects']} subjects, {len(counts['species'])} species"
    trained = f"{mean['seeds']} {'seed' if mean['seeds'] == 1 else 'seeds'}"
    source = "seen in the images" if target["measured"] else "nominal, because which cues are in the images is not known"
    said = [
        f"The gain is that of {escaped(run)} over {escaped(baseline)}; the sharing is {source}"
        f" ({size}, {trained}, mean of {', '.join(sorted(target['protocols']))})."
    ]
    if fit["slope"]["value"] is None:
        return f"{said[0]} All species share equally much: there is no line.\n"
    enough = ledger.enough({"seeds": mean["seeds"], "subjects": counts["subjects"]}, settings["ledger"])
    said.append(
        f"From a species that shares no cue with the sources to one that shares all, the gain in APCER changes by"
        f" **{tables.interval(fit['slope'], signed=True)}**."
    )
    said.append(
        {
            1: "It rises with sharing, as the negative claim says.",
            -1: "It falls with sharing, which is the opposite of what the negative claim says.",
            0: "Whether it rises, as the negative claim says, or falls is undecided.",
        }[decided(fit["slope"], enough)]
    )
    where = tables.interval(fit["intercept"], signed=True)
    said.append(
        {
            1: f"Where nothing is shared {escaped(run)} gains: {where}.",
            -1: f"Where nothing is shared {escaped(run)} loses, as paper 1 reports of such attacks **[2]**: {where}.",
            0: f"Whether {escaped(run)} gains or loses where nothing is shared is undecided: {where}.",
        }[decided(fit["intercept"], enough)]
    )
    least = settings["ledger"]
    if not enough:
        said.append(
            f"With fewer than {least['min_seeds']} seeds or {least['min_subjects']} subjects both are undecided whatever the"
            " intervals."
        )
    if counts["alone"]:
        names = ", ".join(name.replace("_", " ") for name in counts["alone"])
        said.append(f"Of {names} there is one subject each, which adds nothing to an interval's width.")
    return f"{' '.join(said)}\n"


def named(target: Mapping[str, Any], runs: Sequence[str], run: str, baseline: str, settings: Mapping[str, Any]) -> str:
    """Return the table of what explanations name, a row a kind of face and run, means over protocols; then run minus baseline."""
    found = target["named"]
    if not found:
        return NOT_EXPLAINED
    rows = []
    for name in [name for name in KINDS if name in found["counts"]]:
        size = f"{found['counts'][name]['faces']} / {found['counts'][name]['subjects']}"
        parts = [(one, found["mean"][one], False) for one in runs if one in found["mean"]]
        if found["difference"]:
            parts.append((f"{run} − {baseline}", found["difference"], True))
        for label, cells, signed in parts:
            foreign, there, anything = (
                tables.interval(cells[name][part], signed=signed) for part in ("foreign", "present", "any")
            )
            rows.append([KINDS[name], size, label, foreign, tables.NONE if name == "bona_fide" else there, anything])
    columns = ["face", "faces / subjects", "run", "names a print or replay cue", "names a cue that is there", "names any cue"]
    return f"{more(target, run, baseline, settings)}{fragments.table(columns, rows)}"


def more(target: Mapping[str, Any], run: str, baseline: str, settings: Mapping[str, Any]) -> str:
    """Return whether the run names print and replay cues on other attacks more often than the baseline; "" if that is unknown."""
    found = target["named"]
    if "unseen" not in found["difference"]:
        return ""
    figure, counts = found["difference"]["unseen"]["foreign"], found["counts"]["unseen"]
    enough = ledger.enough({"seeds": target["mean"]["seeds"], "subjects": counts["subjects"]}, settings["ledger"])
    names = escaped(run), escaped(baseline)
    said = {
        1: "{} names a print or replay cue more often than {}",
        -1: "{} names a print or replay cue less often than {}",
        0: "whether {} names a print or replay cue more often than {} is undecided",
    }[decided(figure, enough)].format(*names)
    return f"On a {KINDS['unseen']}, {said}: {tables.interval(figure, signed=True)}.\n\n"


def fragments_of(results: Mapping[str, Any], settings: Mapping[str, Any], runs: Sequence[str]) -> dict[str, str]:
    """Return every fragment of this module by its name; `settings` are those of metrics.json, `runs` gives the order."""
    run, baseline, targets = results["run"], results["baseline"], results["targets"]

    def each(parts: Mapping[str, str]) -> str:
        if len(parts) < 2:
            return next(iter(parts.values()), NOTHING)
        return "\n".join(f"**{DATASETS[name].title}**\n\n{text}" for name, text in parts.items())

    caption = (
        "Gain on each species against the share of its cues that the sources show, means over protocols and seeds: in APCER and"
        " in mean score. A mark's area goes with the number of videos; marks of one sharing are set apart sideways. Line and"
        " band: weighted least squares with its interval."
    )
    return {
        "unseen_species_table": each({name: species(found, runs) for name, found in targets.items()}),
        "unseen_protocols_table": each({name: by_protocol(found, runs) for name, found in targets.items()}),
        "unseen_meaning": each({name: meaning(found, run, baseline, settings) for name, found in targets.items()}),
        "unseen_lines_table": each({name: lines(found) for name, found in targets.items()}),
        "unseen_named_table": each({name: named(found, runs, run, baseline, settings) for name, found in targets.items()}),
        "figure_unseen": each({name: fragments.figure(f"unseen_{name}", caption, caption) for name in targets}),
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Draw the figure of each target into `folder`."""
    for name, found in results["targets"].items():
        figures.gains(found, results["run"], results["baseline"], folder / f"figures/unseen_{name}.png")

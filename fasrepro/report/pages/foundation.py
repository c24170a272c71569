"""The page on the backbone: what it was pretrained on, and what it can see and read before any caption run."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.datasets import DATASETS
from fasrepro.evaluation.results.probes import Probes, SiteProbes
from fasrepro.report import contact_sheets, figures, foundation_trials, markdown, tables, worlds
from fasrepro.report.contact_sheets import Cell, Row
from fasrepro.report.figures import Target
from fasrepro.report.material import Material, Needs
from fasrepro.report.recorded import Run
from fasrepro.vocabulary import CUES

NEEDS = Needs(inputs=("probes", "stills", "foundation_trials", "recorded"), params=("foundation", "probes"))
ACROSS = 4  # stills in a row of their sheet
LETTERS = 30  # of a caption in a line
PROBED = ("AUC of attacks", "AUC of cues", "pairs in order", "worst cue's pairs")  # at the encoder / at the projector
READ = "likelier with its own picture: new faces / new stills"
NO_TRIALS = "No trial yet.\n"
NO_STILLS = "It was shown no stills.\n"


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its figures."""
    probes = material.probes
    return {
        "answer": markdown.answer(answer(probes)),
        "stills": stills(material),
        "gate": gate(probes),
        "figure": material.draw(
            "pairs",
            lambda path: draw(probes, path),
            "The share of pairs of unseen people that a probe orders rightly, by cue and site. Dotted: a guess; dashed: what each"
            " cue should reach.",
        ),
        "cues": cue_table(probes),
        "attacks": attack_table(probes),
        "reading": reading_table(probes),
        "zero_shot": zero_shot_table(probes),
        "others": others_table(probes, [one for one in material.recorded if differs(one, material.sections)]),
        "trials": trial_table(material.foundation_trials),
    }


def mean_pairs(site: SiteProbes) -> float:
    """Return the share of pairs in order, on average over cues."""
    return float(np.mean([probe.pairs for probe in site.cues.values()]))


def attack_auc(site: SiteProbes) -> float | None:
    """Return the AUC of the probe for attacks."""
    return site.attack_auc


def cues_of(probes: Probes) -> list[str]:
    """Return the cues of the pairs in the order of the vocabulary."""
    return [cue for cue in CUES if cue in probes.tested_pairs]


def missed_cues(probes: Probes) -> list[str]:
    """Return the cues that are below what each should reach at any site."""
    names = [name for site in probes.sites.values() for name, probe in site.cues.items() if probe.pairs < probes.bounds.min_pairs]
    return list(dict.fromkeys(names))


def answer(probes: Probes) -> str:
    """Return how many cues are seen, how well pairs are ordered at each site, and how often the language model looks."""
    ordered = ", ".join(f"{mean_pairs(site):.2f} at the {name}" for name, site in probes.sites.items())
    count, missed = len(next(iter(probes.sites.values())).cues), missed_cues(probes)
    seen = f"All {count} cues" if not missed else f"{count - len(missed)} of {count} cues"
    weak = f" It hardly sees {', '.join(map(tables.words, missed))}." if missed else ""
    looks = " and of ".join(f"{share:.2f} for {kind}" for kind, share in probes.reading.own_picture.items())
    return (
        f"{seen} can be seen by a linear probe at every site: of two pictures that differ in one cue, it finds the right one in a"
        f" share of {ordered}, on average over cues.{weak} Its"
        f" language model finds a description likelier with its own picture than with another in a share of {looks}, where 0.5"
        " would be blind.\n"
    )


def stills(material: Material) -> str:
    """Draw the sheet of stills with their captions, and return its fragment; a notice if there is none."""
    if not material.stills:
        return NO_STILLS
    cells = [Cell(picture, "\n".join(textwrap.wrap(caption, LETTERS))) for picture, caption in material.stills]
    rows = [Row(cells[start : start + ACROSS]) for start in range(0, len(cells), ACROSS)]
    return material.draw(
        "stills",
        lambda path: contact_sheets.draw_sheet(path, rows, ACROSS),
        "Stills of the pretraining with the captions that it was given.",
    )


def gate(probes: Probes) -> str:
    """Return the bounds and what was reached, as a table."""
    bounds, rows = probes.bounds, []
    for name, site in probes.sites.items():
        least = min(site.cues, key=lambda cue: site.cues[cue].pairs)
        worst = f"pairs in order, worst cue ({tables.words(least)})"
        shuffled = float(np.mean([probe.shuffled_pairs for probe in site.cues.values()]))
        rows += [
            _row(name, "pairs in order, mean over cues", mean_pairs(site), bounds.min_mean_pairs, at_least=True),
            _row(
                name,
                worst,
                site.cues[least].pairs,
                bounds.min_pairs,
                at_least=True,
            ),
            _row(name, "pairs in order, shuffled labels", shuffled, bounds.max_shuffled_pairs, at_least=False),
            _row(name, "AUC of attacks, unseen people", site.attack_auc, bounds.min_attack_auc, at_least=True),
        ]
    return markdown.table(["site", "figure", "reached", "should be", "holds"], rows)


def _row(site: str, what: str, value: float | None, bound: float, *, at_least: bool) -> list[str]:
    holds = value is not None and (value >= bound if at_least else value <= bound)
    words = "at least" if at_least else "at most"
    return [site, what, tables.number(value), f"{words} {bound:g}", "yes" if holds else "no"]


def cue_table(probes: Probes) -> str:
    """Return the table of cues: pairs in order and AUC at each site, and pairs that no camera would tell apart."""
    titles = ["cue", "pairs", "invisible in a crop"]
    for site in probes.sites:
        titles += [f"{site}: pairs in order", f"{site}: with shuffled labels", f"{site}: AUC in the archives"]
    rows = []
    for cue in cues_of(probes):
        row = [tables.words(cue), probes.tested_pairs[cue], tables.number(probes.invisible_pairs[cue])]
        for site in probes.sites.values():
            probe = site.cues[cue]
            row += [tables.number(probe.pairs), tables.number(probe.shuffled_pairs), tables.number(probe.auc)]
        rows.append(row)
    return markdown.table(titles, rows)


def attack_table(probes: Probes) -> str:
    """Return the table of probes for attacks."""
    return markdown.table(
        ["site", "AUC of attacks, unseen people of all data sets"],
        [[name, tables.number(site.attack_auc)] for name, site in probes.sites.items()],
    )


def reading_table(probes: Probes) -> str:
    """Return the table of what the language model reads of new pictures, each figure beside that of a blind one."""
    read = probes.reading
    rows = [
        [f"descriptions of new {kind} that are likelier with their own picture than with another", tables.number(share), "0.500"]
        for kind, share in read.own_picture.items()
    ]
    effects = read.effects
    rows += [
        ["effects in new stills that its texts name", tables.number(effects.recall), tables.number(effects.another_recall)],
        ["effects named in its texts that the still shows", tables.number(effects.precision), tables.number(None)],
    ]
    return markdown.table(["share of", "reached", "without looking"], rows)


def zero_shot_table(probes: Probes) -> str:
    """Return the table of the untrained model's preference for one conclusion, by data set."""
    rows = [[DATASETS[name].title, tables.number(value)] for name, value in probes.zero_shot_auc.items()]
    return tables.table_or_notice(["data set", "zero-shot AUC"], rows)


def differs(one: Run, sections: Mapping[str, str]) -> bool:
    """Return whether a recorded run has another foundation than params with these hashes."""
    return one.sections_sha256.get("foundation") != sections.get("foundation")


def others_table(probes: Probes, runs: Sequence[Run]) -> str:
    """Return the table of this foundation beside those of recorded runs that kept their probes."""
    kept = {"this book": probes, **{one.profile: one.probes for one in runs if one.probes is not None}}
    if len(kept) == 1:
        return worlds.NO_FOUNDATION
    titles = ["foundation", *PROBED[:1], "pairs in order, mean over cues", "zero-shot AUC, mean over data sets"]
    rows = []
    for name, one in kept.items():
        by_site = ({site: value(probed) for site, probed in one.sites.items()} for value in (attack_auc, mean_pairs))
        zero_shot = float(np.mean(list(one.zero_shot_auc.values()))) if one.zero_shot_auc else None
        rows.append([name, *map(_both, by_site), tables.number(zero_shot)])
    return markdown.table(titles, rows)


def trial_table(log: foundation_trials.Log) -> str:
    """Return what decided, and the trials as a table."""
    rows = []
    for number, trial in enumerate(log.trials, start=1):
        probed = [_both(values) for values in (trial.attack_auc, trial.cue_auc, trial.pairs, trial.least_pairs)]
        shown = f"{trial.faces} + {trial.stills}, {trial.word_epochs} + {trial.epochs}"
        read = _both(trial.own_picture) if trial.own_picture else tables.number(None)
        rows.append([number, trial.changed, trial.why, shown, *probed, read, tables.number(trial.dev_auc)])
    titles = ["trial", "what it is", "why", "faces + stills, passes (words + captions)", *PROBED, READ, "label_only, dev AUC"]
    return f"{markdown.escape(log.decided)}\n\n{tables.table_or_notice(titles, rows, NO_TRIALS)}"


def _both(values: Mapping[str, float | None]) -> str:
    return " / ".join(map(tables.number, values.values()))


def draw(probes: Probes, path: Target) -> None:
    """Draw each cue's share of pairs in order, a mark a site."""
    cues = cues_of(probes)
    drawing, axes = figures.grid(1, 1, 0.9 + 0.24 * len(cues))
    with figures.saved(path, drawing):
        panel = axes[0][0]
        for number, (name, site) in enumerate(probes.sites.items()):
            places = np.arange(len(cues)) + figures.spread(len(probes.sites), 0.3)[number]
            figures.draw_points(panel, number, [site.cues[cue].pairs for cue in cues], places.tolist(), name)
        panel.axvline(0.5, color="0.3", linestyle=":", linewidth=1)
        panel.axvline(probes.bounds.min_pairs, color="0.3", linestyle="--", linewidth=1)
        panel.set_yticks(range(len(cues)), list(map(tables.words, cues)))
        panel.set_ylim(len(cues) - 0.5, -0.5)
        panel.set_xlabel("share of pairs in order")
        figures.draw_legend(drawing, [panel])

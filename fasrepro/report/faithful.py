"""Faithfulness: what becomes of score and explanation when a cue is taken out of the image: tables, figure, pairs to look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import files, paths
from fasrepro.hashing import unit_hash
from fasrepro.report import figures, fragments, gallery, tables
from fasrepro.rows import table as row_table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score

UNKNOWN = "No face was drawn again: a cue can be taken out of drawn images alone, by the models that params.yaml names for it.\n"
EXAMPLES = 3
COLUMNS = {
    "score_change": "score with the cue minus without",
    "fell": "share of faces whose score falls",
    "redrawn": "score moved by drawing again",
    "named_with": "cue named, it is there",
    "named_without": "cue named, it is gone",
    "named_change": "difference",
    "still_named": "of those that named it, name it still",
    "agreement": "correlation of naming and score",
}
PANELS = {"score_change": "p(attack),\nwith − without", "named_change": "share naming it,\nwith − without"}
OF_A_CUE = ("score_change", "named_with", "named_without", "named_change")
SIGNED = ("score_change", "named_change", "agreement")


def table(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of all pairs, a row a job."""
    rows = []
    for job in tables.by_protocol(found.values(), runs):
        counts = job["counts"]
        figures = [tables.interval(job["measures"][name], signed=name in SIGNED) for name in COLUMNS]
        rows.append([job["protocol"], job["run"], counts["faces"], counts["subjects"], *figures])
    columns = ["protocol", "run", "pairs", "subjects", *COLUMNS.values()]
    return fragments.table(columns, rows) if rows else UNKNOWN


def by_cue(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of each cue, a row a job and cue."""
    rows = []
    for job in tables.by_protocol(found.values(), runs):
        for cue, entry in job["cues"].items():
            figures = [tables.interval(entry[name], signed=name in SIGNED) for name in OF_A_CUE]
            rows.append([job["protocol"], job["run"], cue.replace("_", " "), entry["counts"]["faces"], *figures])
    columns = ["protocol", "run", "cue", "pairs", *(COLUMNS[name] for name in OF_A_CUE)]
    return fragments.table(columns, rows) if rows else UNKNOWN


def draw(found: Mapping[str, Any], runs: Sequence[str], path: Path) -> None:
    """Draw what each cue's removal changes, a column a protocol: score above, naming below; every run a mark of its own."""
    jobs = tables.by_protocol(found.values(), runs)
    protocols = list(dict.fromkeys(job["protocol"] for job in jobs))
    figure, axes = figures.grid(len(PANELS), len(protocols), 2.3, sharey="row")
    with figures.saved(path, figure):
        for column, protocol in enumerate(protocols):
            own = [job for job in jobs if job["protocol"] == protocol]
            ticks = [cue.replace("_", " ") for cue in own[0]["cues"]]
            for row, (name, label) in enumerate(PANELS.items()):
                series = {
                    job["run"]: dict(zip(ticks, (entry[name] for entry in job["cues"].values()), strict=True)) for job in own
                }
                panel = axes[row][column]
                figures.draw_intervals(panel, series, ticks)
                panel.axhline(0, color="0.3", linestyle=":", linewidth=1)
                panel.tick_params(axis="x", rotation=90, labelbottom=row == len(PANELS) - 1)
                if column == 0:
                    panel.set_ylabel(label)
            axes[0][column].set_title(protocol)
        marks = axes[0][0].get_legend_handles_labels()
        figure.legend(*marks, loc="outside upper center", ncols=max(len(marks[1]), 1), frameon=False)


def drawn(found: Mapping[str, Any], runs: Sequence[str], folder: Path) -> str:
    """Draw the figure into `folder`/figures and return the fragment that shows it."""
    if not found:
        return UNKNOWN
    draw(found, runs, folder / "figures/faithfulness.png")
    caption = (
        "What a cue's removal changes, by cue, with intervals over subjects and seeds: above the score, below the share of"
        " explanations that name the cue. Over 0 the score falls, or the cue is named less often, when it is gone. Few pairs and"
        " subjects are behind each mark (see the table), so that intervals are too narrow; a single mark decides nothing."
    )
    return fragments.figure("faithfulness", caption, "Change of score and of naming by cue, a mark for each run")


def examples(
    pairs: Mapping[str, Any],
    scores: Sequence[Score],
    texts: Sequence[Explanation],
    faces: Mapping[str, Face],
    picture: gallery.Pictures,
) -> str:
    """Return cards of a few pairs, chosen by a hash: both pictures, and what the last job's first model makes of either.

    `faces` by face_id; `picture` copies the crops that were drawn again. The cue that was taken out is marked where it is named.
    """
    if not pairs or not texts:
        return UNKNOWN
    job = texts[-1].protocol, texts[-1].run
    last = (*job, min(row.seed for row in texts if (row.protocol, row.run) == job))
    said = {row.face_id: row.text for row in texts if (row.protocol, row.run, row.seed) == last}
    given = {row.face_id: row.p_attack for row in scores if (row.protocol, row.run, row.seed) == last}
    known = [face_id for face_id in pairs if pairs[face_id]["with"]["face_id"] in said]
    items = []
    for face_id in sorted(known, key=lambda name: unit_hash("faithful", name))[:EXAMPLES]:
        row, cue = pairs[face_id], pairs[face_id]["cue"]
        words = cue.replace("_", " ")
        for part, title, there in (("with", f"with {words}", [cue]), ("without", f"{words} taken out", [])):
            again = dataclasses.replace(faces[face_id], **row[part])
            body = f"<p>{gallery.marked(said[again.face_id], there, [cue])}</p>"
            note = gallery.escaped(f"{last[1]} on {last[0]}: score {given[again.face_id]:.3f}")
            items.append(gallery.card(f"{gallery.describe(again)}: {title}", body, picture(again), note))
    return (f"{gallery.HIDDEN}\n\n" if not picture.show else "") + gallery.cards(items)


def fragments_of(
    found: Mapping[str, Any], runs: Sequence[str], faces: Mapping[str, Face], show: bool, folder: Path
) -> dict[str, str]:
    """Return the fragments by name; `found` is results/faithfulness.json. Pictures go into `folder`, if they may be shown."""
    scores, texts = row_table.read(paths.PAIR_SCORES, Score), row_table.read(paths.PAIR_EXPLANATIONS, Explanation)
    picture = gallery.Pictures(paths.PAIR_CROPS, folder / "pairs", f"{paths.GENERATED.name}/pairs", show)
    return {
        "faithfulness_table": table(found, runs),
        "faithfulness_figure": drawn(found, runs, folder),
        "faithfulness_cues_table": by_cue(found, runs),
        "faithfulness_pairs": examples(files.read_json(paths.PAIRS), scores, texts, faces, picture),
    }

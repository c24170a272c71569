"""Faithfulness: tables of what becomes of score and explanation when a cue is taken out of the image, and pairs to look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import paths, provenance, records
from fasrepro.provenance import unit_hash
from fasrepro.records import Explanation, Face, Score
from fasrepro.report import fragments, gallery, tables

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
OF_A_CUE = ("score_change", "named_with", "named_without", "named_change")
SIGNED = ("score_change", "named_change", "agreement")


def in_order(found: Mapping[str, Any], runs: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return the entries of results/faithfulness.json by protocol, then in the order of `runs`."""
    return sorted(found.values(), key=lambda job: (job["protocol"], runs.index(job["run"])))


def table(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of all pairs, a row a job."""
    rows = []
    for job in in_order(found, runs):
        counts = job["counts"]
        figures = [tables.interval(job["measures"][name], signed=name in SIGNED) for name in COLUMNS]
        rows.append([job["protocol"], job["run"], counts["faces"], counts["subjects"], *figures])
    columns = ["protocol", "run", "pairs", "subjects", *COLUMNS.values()]
    return fragments.table(columns, rows) if rows else UNKNOWN


def by_cue(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of each cue, a row a job and cue."""
    rows = []
    for job in in_order(found, runs):
        for cue, entry in job["cues"].items():
            figures = [tables.interval(entry[name], signed=name in SIGNED) for name in OF_A_CUE]
            rows.append([job["protocol"], job["run"], cue.replace("_", " "), entry["counts"]["faces"], *figures])
    columns = ["protocol", "run", "cue", "pairs", *(COLUMNS[name] for name in OF_A_CUE)]
    return fragments.table(columns, rows) if rows else UNKNOWN


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
    last = texts[-1].protocol, texts[-1].run, min(row.seed for row in texts)
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
    scores, texts = records.read(paths.PAIR_SCORES, Score), records.read(paths.PAIR_EXPLANATIONS, Explanation)
    picture = gallery.Pictures(paths.PAIR_CROPS, folder / "pairs", f"{paths.GENERATED.name}/pairs", show)
    return {
        "faithfulness_table": table(found, runs),
        "faithfulness_cues_table": by_cue(found, runs),
        "faithfulness_pairs": examples(provenance.read_json(paths.PAIRS), scores, texts, faces, picture),
    }

"""Explanations to browse: faces of each target, what each run's model wrote about them, and filters.

All runs of a cell are shown on the same faces, so that their texts can be compared. Faces are sampled by a hash: some of each PAI
species, then some for the outcomes that these do not show. The page is complete without JavaScript; book/_static/explorer.js
hides what its reader filters out, and needs no network.

Raw HTML opens and closes what Markdown would take apart. Pictures are directives between, so that Sphinx copies them.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from fasrepro.datasets import DATASETS
from fasrepro.evaluation.results import Cell
from fasrepro.report import contact_sheets, gallery, markdown
from fasrepro.report.markdown import escape, raw_html
from fasrepro.report.tables import words
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label
from fasrepro.rows.scores import Explanation, Judgement
from fasrepro.rows.truth import Truth

NOTHING = "No explanation has been read yet: run `dvc repro`.\n"
PER_SPECIES = 2  # faces of a cell, fewer if it has many species
MOST = 24  # faces of a cell
OUTCOMES = ("right, attack", "right, bona fide", "wrong, attack", "wrong, bona fide", "undecided")
SIGNS = {"right": "✓", "wrong": "✗", "undecided": "?"}  # the first word of an outcome, and the sign beside its colour
EVERY_ATTACK = "attack"


@dataclasses.dataclass(frozen=True, slots=True)
class CellExplanations:
    """What one model of a cell wrote about the target's faces, and a reader's verdicts on it, both by face_id."""

    cell: str
    run: str
    target: str
    texts: Mapping[str, Explanation]
    verdicts: Mapping[str, Verdict]  # of the same faces as `texts`


def collect(
    cells: Iterable[Cell],
    explanations: Iterable[Explanation],
    judgements: Iterable[Judgement],
    reader: str,
    faces: Mapping[str, Face],
) -> list[CellExplanations]:
    """Return the explanations of each cell by its first seed, without cells on which `reader` judged nothing.

    Raises:
        ValueError: for an explanation of a face that is not in `faces`.
    """
    verdicts = {(row.protocol, row.run, row.seed, row.face_id): row.verdict for row in judgements if row.reader == reader}
    by_model: dict[tuple[str, str], list[Explanation]] = {}
    for row in explanations:
        by_model.setdefault((row.protocol, row.run), []).append(row)
    collected = []
    for cell in cells:
        rows = by_model.get((cell.protocol, cell.run), [])
        first_seed = min((row.seed for row in rows), default=0)
        texts: dict[str, Explanation] = {}
        read: dict[str, Verdict] = {}
        for row in rows:
            verdict = verdicts.get((row.protocol, row.run, first_seed, row.face_id))
            if row.seed != first_seed or verdict is None:
                continue
            if row.face_id not in faces:
                raise ValueError(
                    f"explanations of {cell.protocol}-{cell.run}: {row.face_id} is not in the index; run `dvc repro`"
                )
            if faces[row.face_id].dataset == cell.target:
                texts[row.face_id], read[row.face_id] = row, verdict
        if texts:
            collected.append(CellExplanations(cell.cell, cell.run, cell.target, texts, read))
    return collected


def outcome(face: Face, verdict: Verdict) -> str:
    """Return what a verdict makes of an explanation: one of `OUTCOMES`."""
    if verdict is Verdict.UNDECIDED:
        return "undecided"
    right = (verdict is Verdict.ATTACK) == (face.label is Label.ATTACK)
    return ("right, " if right else "wrong, ") + ("attack" if face.label is Label.ATTACK else "bona fide")


def outcome_table(cells: Sequence[CellExplanations], faces: Mapping[str, Face]) -> str:
    """Return the table of outcomes over all explanations of a cell, printed as examples or not."""
    rows = []
    for cell in cells:
        counts = Counter(outcome(faces[face_id], verdict) for face_id, verdict in cell.verdicts.items())
        rows.append((cell.cell, cell.run, counts.total(), *(counts[name] for name in OUTCOMES)))
    return markdown.table(("protocol", "run", "explanations", *OUTCOMES), rows) if rows else NOTHING


def by_short_name(cells: Iterable[CellExplanations]) -> dict[str, list[CellExplanations]]:
    """Return the cells by their short names: those of one name are of different runs."""
    by_name: dict[str, list[CellExplanations]] = {}
    for cell in cells:
        by_name.setdefault(cell.cell, []).append(cell)
    return by_name


def pictured(cells: Iterable[CellExplanations], faces: Mapping[str, Face]) -> list[Face]:
    """Return the faces of all cells that `browser` shows."""
    return [face for group in by_short_name(cells).values() for face in sample_faces(group, faces)]


def sample_faces(cells: Sequence[CellExplanations], faces: Mapping[str, Face]) -> list[Face]:
    """Return at most `MOST` faces to show for the `cells` of one short name, bona fide faces first, then by species.

    Up to `PER_SPECIES` of each species; then one for each run and outcome that these do not show, while there is room. A face
    that more runs explain comes first; then by hash, different subjects first.
    """
    explained_by = Counter(face_id for cell in cells for face_id in cell.texts)
    everyone = _ranked([faces[face_id] for face_id in explained_by], explained_by)
    species = sorted({face.species for face in everyone}, key=_species_order)
    each = max(1, min(PER_SPECIES, MOST // max(1, len(species))))
    sampled: list[Face] = []
    for name in species:
        sampled += _ranked([face for face in everyone if face.species == name], explained_by)[:each]
    sampled = sampled[:MOST]
    for kind, cell in itertools.product(OUTCOMES, cells):
        candidates = [
            face for face in everyone if face.face_id in cell.verdicts and outcome(face, cell.verdicts[face.face_id]) == kind
        ]
        if candidates and len(sampled) < MOST and not any(face in sampled for face in candidates):
            sampled.append(candidates[0])
    return sorted(sampled, key=lambda face: _species_order(face.species))


def _ranked(faces: Sequence[Face], explained_by: Mapping[str, int]) -> list[Face]:
    sampled = contact_sheets.sample(faces, len(faces), "explanations")
    return sorted(sampled, key=lambda face: -explained_by[face.face_id])


def _species_order(species: str) -> tuple[bool, str]:
    return species != BONA_FIDE_SPECIES, species


def browser(
    cells: Sequence[CellExplanations], faces: Mapping[str, Face], truths: Mapping[str, Truth], picture: gallery.Pictures
) -> str:
    """Return the filters and a card a face, with a block for each run: its name, the outcome, and the text.

    With JavaScript the page begins with the first cell alone, which is short enough to read.
    """
    if not cells:
        return NOTHING
    by_name = by_short_name(cells)
    sampled = {name: sample_faces(group, faces) for name, group in by_name.items()}
    species = sorted({face.species for group in sampled.values() for face in group}, key=_species_order)
    titles = {name: f"{name} (tested on {DATASETS[group[0].target].title})" for name, group in by_name.items()}
    runs = {cell.run: cell.run for cell in cells}
    omitted = picture.printing.why_omitted(face for group in sampled.values() for face in group)
    lines = [_how_sampled(), f"{omitted}\n" if omitted else ""]
    lines += raw_html(['<div class="explorer">', *_filters(titles, runs, species)])
    for name, group in by_name.items():
        for face in sampled[name]:
            lines += _card(name, face, group, truths, picture)
    return "\n".join([*lines, *raw_html(["</div>"])])


def _how_sampled() -> str:
    return (
        f"Shown are up to {PER_SPECIES} faces of each species on each protocol, fewer if it has many species, and then faces with"
        f" the outcomes that these lack, at most {MOST} in all. Rare outcomes are therefore more frequent here than in the table"
        " above.\n"
    )


def _filters(cells: Mapping[str, str], runs: Mapping[str, str], species: Sequence[str]) -> list[str]:
    kinds = {name: words(name) for name in species}
    if len(kinds) > 1:
        attacks = {EVERY_ATTACK: "every attack"} | {name: kinds[name] for name in species if name != BONA_FIDE_SPECIES}
        kinds = {name: kinds[name] for name in species if name == BONA_FIDE_SPECIES} | attacks
    return [
        # Hidden until the script shows it: without the script it would do nothing.
        '<form class="explorer-filters" aria-label="Filters of the explanations" autocomplete="off" hidden>',
        _select("protocol", "Protocol", "every protocol", cells, selected=next(iter(cells))),
        _select("run", "Run", "every run", runs),
        _select("species", "Face", "every face", kinds),
        _select("outcome", "Right or wrong", "every outcome", {name: name for name in SIGNS}),
        '<button type="button">Reset</button>',
        '<output aria-live="polite"></output>',
        "</form>",
    ]


def _select(name: str, label: str, everything: str, options: Mapping[str, str], selected: str = "") -> str:
    """Return a labelled `<select>`; `options` maps a value to its words, and the value "" selects everything."""
    parts = [
        f'<option value="{escape(value)}"{" selected" if value == selected else ""}>{escape(text)}</option>'
        for value, text in {"": everything, **options}.items()
    ]
    return f'<label>{escape(label)} <select name="{name}">{"".join(parts)}</select></label>'


def _card(
    name: str, face: Face, cells: Sequence[CellExplanations], truths: Mapping[str, Truth], picture: gallery.Pictures
) -> list[str]:
    kinds = face.species if face.label is Label.BONA_FIDE else f"{EVERY_ATTACK} {face.species}"
    heading = f"{name}: {gallery.describe(face)}"
    note = gallery.truth_note(face, truths)
    known = gallery.present_cues(face, truths)
    opening = [
        f'<div class="explorer-face" data-protocol="{escape(name)}" data-species="{escape(kinds)}">',
        f'<div class="explorer-image"><div class="card-heading">{escape(heading)}</div>',
    ]
    notes = [f'<div class="model-note">{note}</div>'] if note else []
    blocks = [_block(cell, face, known) for cell in cells if face.face_id in cell.texts]
    closing = [*notes, "</div>", '<div class="explorer-texts">', *blocks, "</div></div>"]
    copied = picture(face)
    if copied is None:
        return raw_html([*opening, *closing])
    with Image.open(picture.folder / Path(copied).name) as opened:
        width, height = opened.size  # reserves room for a picture that is fetched when it is scrolled to
    image = [f"```{{image}} /{copied}", f":alt: {markdown.alt_text(heading)}", ":class: explorer-picture no-scaled-link"]
    image += [f":width: {width}px", f":height: {height}px", ":loading: lazy", "```", ""]
    return [*raw_html(opening), *image, *raw_html(closing)]


def _block(cell: CellExplanations, face: Face, known: Sequence[str] | None) -> str:
    row, verdict = cell.texts[face.face_id], cell.verdicts[face.face_id]
    kind = outcome(face, verdict).partition(",")[0]
    read = "" if verdict is Verdict.UNDECIDED else f": read as {words(verdict.value)}"
    cut = "" if row.finished else " <small>(cut off at the limit)</small>"
    return (
        f'<div class="explorer-text" data-run="{escape(cell.run)}" data-outcome="{kind}">'
        f'<span class="model-style">{escape(cell.run)}</span> '
        f'<span class="outcome outcome-{kind}">{SIGNS[kind]} {escape(kind + read)}</span>'
        f'<div class="model-text">{gallery.mark_cues(row.text, known) or "(no text)"}{cut}</div></div>'
    )

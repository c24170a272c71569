"""Explanations to look through: faces of each target, what each run's model wrote about them, and filters.

The same faces stand for all runs of a protocol, so that texts about one image can be compared. They are chosen by a hash, and
not by eye: some of each PAI species, then some for what else an explanation came to. What is written here is whole without
JavaScript; book/_static/explorer.js hides what its reader does not ask for, and needs no network.

Raw HTML opens and closes what Markdown would take apart. Pictures stand between as directives, so that Sphinx copies them.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from fasrepro.datasets import DATASETS
from fasrepro.report import fragments, gallery, pictures
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label
from fasrepro.rows.scores import Explanation, Judgement
from fasrepro.rows.truth import Truth

NOTHING = "No explanation has been read yet: `dvc repro` makes and reads them.\n"
PER_SPECIES = 2  # faces of a protocol, fewer where it has many species
MOST = 24  # faces of a protocol
OUTCOMES = ("right, attack", "right, bona fide", "wrong, attack", "wrong, bona fide", "undecided")
SIGNS = {"right": "✓", "wrong": "✗", "undecided": "?"}  # what an outcome begins with; a word and a sign, not a colour alone
EVERY_ATTACK = "attack"


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What one job's model of the first seed wrote about the target `target`, and a reader's verdicts on it, by face_id."""

    protocol: str
    run: str
    target: str
    texts: Mapping[str, Explanation]
    verdicts: Mapping[str, Verdict]  # of the same faces as `texts`


def told(
    jobs: Mapping[str, Mapping[str, Any]],
    explanations: Mapping[str, Sequence[Explanation]],
    judgements: Iterable[Judgement],
    reader: str,
    faces: Mapping[str, Face],
) -> list[Told]:
    """Return what each of `jobs` told, in their order (of metrics.json), without those of which `reader` judged nothing.

    `explanations` maps a job's name to all its rows. Of several seeds the first is taken. Raises `ValueError` for an explanation
    of a face that is none of `faces`.
    """
    verdicts = {(row.protocol, row.run, row.seed, row.face_id): row.verdict for row in judgements if row.reader == reader}
    found = []
    for name, job in jobs.items():
        first = min((row.seed for row in explanations[name]), default=0)
        texts, read = {}, {}
        for row in explanations[name]:
            verdict = verdicts.get((job["protocol"], job["run"], first, row.face_id))
            if row.seed != first or verdict is None:
                continue
            if row.face_id not in faces:
                raise ValueError(
                    f"explanations of {name}: {row.face_id} is no face of the index; `dvc repro` explains those that are"
                )
            texts[row.face_id], read[row.face_id] = row, verdict
        if texts:
            found.append(Told(job["protocol"], job["run"], job["target"], texts, read))
    return found


def outcome(face: Face, verdict: Verdict) -> str:
    """Return what a reader's verdict makes of an explanation, in words: one of `OUTCOMES`."""
    if verdict is Verdict.UNDECIDED:
        return "undecided"
    right = (verdict is Verdict.ATTACK) == (face.label is Label.ATTACK)
    return ("right, " if right else "wrong, ") + ("attack" if face.label is Label.ATTACK else "bona fide")


def counts(jobs: Sequence[Told], faces: Mapping[str, Face]) -> str:
    """Return the table of what all explanations of a job came to, shown as examples or not."""
    rows = []
    for job in jobs:
        found = Counter(outcome(faces[name], verdict) for name, verdict in job.verdicts.items())
        rows.append((job.protocol, job.run, found.total(), *(found[name] for name in OUTCOMES)))
    return fragments.table(("protocol", "run", "explanations", *OUTCOMES), rows) if rows else NOTHING


def chosen(jobs: Sequence[Told], faces: Mapping[str, Face]) -> list[Face]:
    """Return the faces to show of one protocol, whose `jobs` are given: at most `MOST`, bona fide ones first, then by species.

    Of each species up to `PER_SPECIES`; then one for each job and outcome that these do not show, while there is room.
    A face that more jobs tell of comes before one of which fewer do; among those, by hash, other people first.
    """
    tellers = Counter(name for job in jobs for name in job.texts)
    everyone = _ranked([faces[name] for name in tellers], tellers)
    species = sorted({face.species for face in everyone}, key=_place)
    each = max(1, min(PER_SPECIES, MOST // max(1, len(species))))
    found = [face for name in species for face in _ranked([f for f in everyone if f.species == name], tellers)[:each]][:MOST]
    for kind, job in itertools.product(OUTCOMES, jobs):
        having = [f for f in everyone if f.face_id in job.verdicts and outcome(f, job.verdicts[f.face_id]) == kind]
        if having and len(found) < MOST and not any(face in found for face in having):
            found.append(having[0])
    return sorted(found, key=lambda face: _place(face.species))


def _ranked(faces: Sequence[Face], tellers: Mapping[str, int]) -> list[Face]:
    return sorted(pictures.chosen(faces, len(faces), "explanations"), key=lambda face: -tellers[face.face_id])


def _place(species: str) -> tuple[bool, str]:
    return species != BONA_FIDE_SPECIES, species


def fragment(jobs: Sequence[Told], faces: Mapping[str, Face], truths: Mapping[str, Truth], picture: gallery.Pictures) -> str:
    """Return the filters and a card a face, with a block for each run: its name, what its text came to, and the text.

    With JavaScript the page begins with the first protocol alone, which is short enough to read.
    """
    if not jobs:
        return NOTHING
    protocols = {name: [job for job in jobs if job.protocol == name] for name in dict.fromkeys(job.protocol for job in jobs)}
    shown = {name: chosen(group, faces) for name, group in protocols.items()}
    species = sorted({face.species for found in shown.values() for face in found}, key=_place)
    targets = {name: f"{name} (tested on {DATASETS[group[0].target].title})" for name, group in protocols.items()}
    runs = {job.run: job.run for job in jobs}
    lines = [_how(), "" if picture.show else f"{gallery.HIDDEN}\n"]
    lines += _raw(['<div class="explorer">', *_filters(targets, runs, species)])
    for name, group in protocols.items():
        for face in shown[name]:
            lines += _card(name, face, group, truths, picture)
    return "\n".join([*lines, *_raw(["</div>"])])


def _how() -> str:
    return (
        f"Of each protocol up to {PER_SPECIES} faces of each species (fewer where there are many), then faces that show what else"
        f" a run's explanations came to; {MOST} at most. So rare outcomes are seen more often here than in the table above.\n"
    )


def _raw(lines: Sequence[str]) -> list[str]:
    """Return HTML that goes to the page as it is; no line of it may be empty or hold a line's end."""
    return ["```{raw} html", *lines, "```", ""]


def _filters(protocols: Mapping[str, str], runs: Mapping[str, str], species: Sequence[str]) -> list[str]:
    kinds = {name: name.replace("_", " ") for name in species}
    if len(kinds) > 1:
        attacks = {EVERY_ATTACK: "every attack"} | {name: kinds[name] for name in species if name != BONA_FIDE_SPECIES}
        kinds = {name: kinds[name] for name in species if name == BONA_FIDE_SPECIES} | attacks
    return [
        # Hidden until the script shows it: without the script it would do nothing.
        '<form class="explorer-filters" aria-label="Filters of the explanations" autocomplete="off" hidden>',
        _select("protocol", "Protocol", "every protocol", protocols, begin=next(iter(protocols))),
        _select("run", "Run", "every run", runs),
        _select("species", "Face", "every face", kinds),
        _select("outcome", "Right or wrong", "every outcome", {name: name for name in SIGNS}),
        '<button type="button">Reset</button>',
        '<output aria-live="polite"></output>',
        "</form>",
    ]


def _select(name: str, label: str, every: str, options: Mapping[str, str], begin: str = "") -> str:
    """Return a labelled `<select>`; `options` maps a value to its words, and "" stands for all of them."""
    parts = [
        f'<option value="{gallery.escaped(value)}"{" selected" if value == begin else ""}>{gallery.escaped(words)}</option>'
        for value, words in {"": every, **options}.items()
    ]
    return f'<label>{gallery.escaped(label)} <select name="{name}">{"".join(parts)}</select></label>'


def _card(protocol: str, face: Face, jobs: Sequence[Told], truths: Mapping[str, Truth], picture: gallery.Pictures) -> list[str]:
    kinds = face.species if face.label is Label.BONA_FIDE else f"{EVERY_ATTACK} {face.species}"
    words = f"{protocol}: {gallery.describe(face)}"
    note = gallery.truth_note(face, truths)
    known = gallery.present_cues(face, truths)
    top = [
        f'<div class="explorer-face" data-protocol="{gallery.escaped(protocol)}" data-species="{gallery.escaped(kinds)}">',
        f'<div class="explorer-image"><div class="card-heading">{gallery.escaped(words)}</div>',
    ]
    rest = [f'<div class="model-note">{note}</div>'] if note else []
    blocks = [_block(job, face, known) for job in jobs if face.face_id in job.texts]
    shown = picture(face)
    if shown is None:
        return _raw([*top, *rest, "</div>", '<div class="explorer-texts">', *blocks, "</div></div>"])
    with Image.open(picture.folder / Path(shown).name) as opened:
        width, height = opened.size  # the room for a picture that is fetched once it is scrolled to
    image = [f"```{{image}} /{shown}", f":alt: {gallery.plain(words)}", ":class: explorer-picture no-scaled-link"]
    image += [f":width: {width}px", f":height: {height}px", ":loading: lazy", "```", ""]
    return [*_raw(top), *image, *_raw([*rest, "</div>", '<div class="explorer-texts">', *blocks, "</div></div>"])]


def _block(job: Told, face: Face, known: Sequence[str] | None) -> str:
    row, verdict = job.texts[face.face_id], job.verdicts[face.face_id]
    kind = outcome(face, verdict).partition(",")[0]
    read = "" if verdict is Verdict.UNDECIDED else f": read as {verdict.value.replace('_', ' ')}"
    cut = "" if row.finished else " <small>(cut off at the limit)</small>"
    return (
        f'<div class="explorer-told" data-run="{gallery.escaped(job.run)}" data-outcome="{kind}">'
        f'<span class="model-style">{gallery.escaped(job.run)}</span> '
        f'<span class="outcome outcome-{kind}">{SIGNS[kind]} {gallery.escaped(kind + read)}</span>'
        f'<div class="model-text">{gallery.marked(row.text, known) or "(no text)"}{cut}</div></div>'
    )

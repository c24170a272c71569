"""Faces with the texts that models wrote about them: marked cues, copied crops, and what is known of an image."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from PIL import Image

from fasrepro import files, regions, vocabulary
from fasrepro.crops import read_crop
from fasrepro.datasets import DATASETS
from fasrepro.report import contact_sheets, markdown
from fasrepro.report.markdown import escape, escape_part
from fasrepro.report.printing import Printing
from fasrepro.report.tables import words
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label
from fasrepro.rows.truth import Truth

NO_CAPTIONS = "No face has a caption in every set yet.\n"
_SENTENCE = re.compile(r"[^\s.!?<>][^.!?<>]*[.!?]")  # between the tags of a text, or in prose
LEAST_WIDTH = 128  # pixels of a printed crop


@functools.cache
def _phrases() -> re.Pattern[str]:
    groups = (
        f"(?P<{name}>" + "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in cue.phrasings) + ")"
        for name, cue in vocabulary.CUES.items()
    )
    return re.compile("|".join(groups), re.IGNORECASE)


def mark_cues(text: str, present: Collection[str] | None, only: Collection[str] | None = None) -> str:
    """Return `text` escaped, with each named cue marked as in the image or not, by a sign and a word as well as a colour.

    Args:
        text: what a model wrote.
        present: the cues in the image; None if nothing is known of it, which marks nothing.
        only: the cues that are marked at all; None for every cue.
    """
    if present is None:
        return escape(text)
    parts, end = [], 0
    text = text.strip()
    for match in _phrases().finditer(text):
        if only is not None and match.lastgroup not in only:
            continue
        state, sign = ("present", "✓ there") if match.lastgroup in present else ("absent", "✗ not there")
        parts.append(escape_part(text[end : match.start()]))
        parts.append(f'<mark class="cue-{state}">{escape_part(match.group())} <small>{sign}</small></mark>')
        end = match.end()
    return "".join(parts) + escape_part(text[end:])


def mark_sentences(text: str, present: Collection[str] | None) -> str:
    """Return `text` escaped, with each sentence that names cues marked: all of them in the image, or one of them not.

    Args:
        text: what a model wrote.
        present: the cues in the image; None if nothing is known of it, which marks nothing.
    """
    if present is None:
        return escape(text)
    parts, end = [], 0
    text = text.strip()
    for sentence in _SENTENCE.finditer(text):
        named = {match.lastgroup for match in _phrases().finditer(sentence.group())}
        if named:
            state, sign = ("present", "✓ there") if named <= set(present) else ("absent", "✗ not there")
            parts.append(escape_part(text[end : sentence.start()]))
            parts.append(f'<mark class="cue-{state}">{escape_part(sentence.group())} <small>{sign}</small></mark>')
            end = sentence.end()
    return "".join(parts) + escape_part(text[end:])


class Pictures:
    """Copies the crops that a page shows into its folder, each once, under a name without a path."""

    def __init__(self, crops: Path, folder: Path, prefix: str, printing: Printing) -> None:
        self.crops, self.folder, self.prefix, self.printing = crops, folder, prefix, printing

    def __call__(self, face: Face) -> str | None:
        """Return the picture's path from the book's root, or None if the face may not be printed."""
        if not self.printing.allows(face):
            return None
        name = f"{re.sub('[^A-Za-z0-9]+', '-', face.face_id)}.png"
        target = self.folder / name
        if not target.exists():
            picture = read_crop(self.crops, face.crop, face.crop_sha256)
            scale = max(1, -(-LEAST_WIDTH // max(picture.size)))
            with files.replaced(target) as temporary:
                size = (picture.width * scale, picture.height * scale)
                picture.resize(size, Image.Resampling.NEAREST).save(temporary, format="PNG")
        return f"{self.prefix}/{name}"

    def notice(self, faces: Iterable[Face]) -> str:
        """Return the sentence on those of a page's faces that may not be printed; "" if all may be."""
        sentence = self.printing.why_omitted(faces)
        return f"{sentence}\n\n" if sentence else ""


def describe(face: Face) -> str:
    """Return what the archive says of a face, in words."""
    kind = "bona fide" if face.label is Label.BONA_FIDE else f"{words(face.species)} ({face.instrument})"
    return f"{DATASETS[face.dataset].title}, {face.split}: {kind}"


def present_cues(face: Face, truths: Mapping[str, Truth]) -> list[str] | None:
    """Return the cues that are visible in the face's crop, by the annotator's measure; None if nothing is known of it."""
    truth = truths.get(face.face_id)
    return None if truth is None else regions.visible(face.box, truth.cues, truth.regions)


def truth_note(face: Face, truths: Mapping[str, Truth]) -> str:
    """Return what is known of the image, as HTML; "" if nothing is."""
    visible = present_cues(face, truths)
    if visible is None:
        return ""
    truth = truths[face.face_id]
    cues = ", ".join(map(words, visible)) or "no cue"
    look_alikes = f"; look-alike of {', '.join(map(words, truth.look_alikes))}" if truth.look_alikes else ""
    return escape(f"In the image: {cues}{look_alikes}")


def captioned(faces: Mapping[str, Face], texts: Mapping[str, Mapping[str, Caption]]) -> list[Face]:
    """Return of each species one face that has a caption in every set; `texts` maps a caption set to {face_id: caption}."""
    common = [faces[face_id] for face_id in sorted(faces) if texts and all(face_id in rows for rows in texts.values())]
    shown: list[Face] = []
    for species in sorted({face.species for face in common}, key=lambda name: (name != BONA_FIDE_SPECIES, name)):
        shown += contact_sheets.sample([face for face in common if face.species == species], 1, "captions")
    return shown


def captions(
    faces: Mapping[str, Face],
    texts: Mapping[str, Mapping[str, Caption]],
    truths: Mapping[str, Truth],
    picture: Pictures,
    mark: Callable[[str, Collection[str] | None], str] = mark_cues,
) -> str:
    """Return cards with the captions of every set beside the image they describe, of the faces of `captioned`.

    `mark` returns a text escaped, with what it names marked.
    """
    shown = captioned(faces, texts)
    if not shown:
        return NO_CAPTIONS
    items = []
    for face in shown:
        known = present_cues(face, truths)
        body = "".join(
            f'<p><span class="model-style">{escape(name)}</span><br>{mark(rows[face.face_id].text, known)}</p>'
            for name, rows in texts.items()
        )
        items.append(markdown.card(describe(face), body, picture(face), truth_note(face, truths)))
    return picture.notice(shown) + markdown.card_grid(items)

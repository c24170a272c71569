"""Captions beside their image, and how every page shows text written by a model.

A model's text is not trusted: it goes into the page as HTML in which every character that HTML or Markdown could take for its
own is written as a character reference. Cues that a text names are marked as there or not there, by `Truth`.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from PIL import Image

from fasrepro import files, regions, vocabulary
from fasrepro.crops import read_crop
from fasrepro.datasets import DATASETS
from fasrepro.report import pictures
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth

HIDDEN = "These people are not ours to print: the pictures of faces are left out of the book."
# Beside HTML's own: what Markdown, MyST substitutions and formulas begin with.
_MARKS = str.maketrans({char: f"&#{ord(char)};" for char in "`{}$\\*_[]|~^:@"})


# All that `str.splitlines` takes for the end of a line, as docutils does; and control characters, which no page may hold.
_ENDS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


def escaped(text: str) -> str:
    """Return `text` as one line of HTML that shows it letter by letter, whatever it holds.

    Line ends become <br>, control characters the replacement character.
    """
    return _inner(text.strip())


@functools.cache
def _phrases() -> re.Pattern[str]:
    groups = (
        f"(?P<{name}>" + "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in cue.phrasings) + ")"
        for name, cue in vocabulary.CUES.items()
    )
    return re.compile("|".join(groups), re.IGNORECASE)


def marked(text: str, present: Collection[str] | None, asked: Collection[str] | None = None) -> str:
    """Return `text` escaped, each named cue marked as present in the image or absent; `present` None: nothing is known of it.

    `asked`: the cues that are marked at all, None for every one.

    The mark is a sign and a word, not a colour alone.
    """
    if present is None:
        return escaped(text)
    parts, end = [], 0
    text = text.strip()
    for found in _phrases().finditer(text):
        if asked is not None and found.lastgroup not in asked:
            continue
        there = found.lastgroup in present
        state, sign = ("present", "✓ there") if there else ("absent", "✗ not there")
        parts.append(_inner(text[end : found.start()]))
        parts.append(f'<mark class="cue-{state}">{_inner(found.group())} <small>{sign}</small></mark>')
        end = found.end()
    return "".join(parts) + _inner(text[end:])


def _inner(text: str) -> str:
    """Escape a piece of a text, whose blanks at both ends count."""
    return _ENDS.sub("<br>", _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", html.escape(text).translate(_MARKS)))


def card(title: str, body: str, picture: str | None, note: str = "") -> str:
    """Return a sphinx-design card: `title` plain words, `picture` a path from the book's root, `body` and `note` ready HTML."""
    lines = [":::{grid-item-card}", f'<div class="card-heading">{escaped(title)}</div>', ""]
    if picture:
        lines += [f"```{{image}} /{picture}", f":alt: {plain(title)}", ":class: face", "```", ""]
    lines += [f'<div class="model-text">{body}</div>']
    if note:
        lines += [f'<div class="model-note">{note}</div>']
    return "\n".join([*lines, ":::"])


def plain(text: str) -> str:
    """Return `text` without what a directive's option could take for its own: a picture's alternative text."""
    return re.sub(r"[^\w .,()#/-]", " ", text)


def cards(items: Sequence[str]) -> str:
    """Return cards as a grid of two columns (one on a narrow screen)."""
    return "\n".join(["::::{grid} 1 1 2 2", ":gutter: 2", "", *items, "::::", ""])


class Pictures:
    """Copies the crops that a page shows into the folder of generated files, each once, under a name without a path."""

    def __init__(self, crops: Path, folder: Path, prefix: str, show: bool, least: int = 128) -> None:
        self.crops, self.folder, self.prefix, self.show, self.least = crops, folder, prefix, show, least

    def __call__(self, face: Face) -> str | None:
        """Return the picture's path from the book's root, or None where no face may be printed."""
        if not self.show:
            return None
        name = f"{re.sub('[^A-Za-z0-9]+', '-', face.face_id)}.png"
        target = self.folder / name
        if not target.exists():
            picture = read_crop(self.crops, face.crop, face.crop_sha256)
            scale = max(1, -(-self.least // max(picture.size)))
            with files.replaced(target) as temporary:
                picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST).save(
                    temporary, format="PNG"
                )
        return f"{self.prefix}/{name}"


def describe(face: Face) -> str:
    """Return in words what the archive says of a face."""
    kind = "bona fide" if face.label is Label.BONA_FIDE else f"{face.species.replace('_', ' ')} ({face.instrument})"
    return f"{DATASETS[face.dataset].title}, {face.split}: {kind}"


def present_cues(face: Face, truths: Mapping[str, Truth]) -> list[str] | None:
    """Return the cues that are seen in the face's crop, by the annotator's measure; None where nothing is known of it."""
    truth = truths.get(face.face_id)
    return None if truth is None else regions.visible(face.box, truth.cues, truth.regions)


def truth_note(face: Face, truths: Mapping[str, Truth]) -> str:
    """Return what is known of the image, as HTML."""
    seen = present_cues(face, truths)
    if seen is None:
        return ""
    truth = truths[face.face_id]
    there = ", ".join(cue.replace("_", " ") for cue in seen) or "no cue"
    alike = f"; look-alike of {', '.join(cue.replace('_', ' ') for cue in truth.look_alikes)}" if truth.look_alikes else ""
    return escaped(f"In the image: {there}{alike}")


def captions(
    faces: Mapping[str, Face],
    texts: Mapping[str, Mapping[str, Caption]],
    truths: Mapping[str, Truth],
    picture: Pictures,
    per_species: int = 1,
) -> str:
    """Return the fragment with every style's caption beside the image it is about.

    `texts` maps style to {face_id: caption}. For each species `per_species` faces that have a caption in every style.
    """
    styles = list(texts)
    common = [faces[i] for i in sorted(faces) if styles and all(i in texts[style] for style in styles)]
    if not common:
        return "No face has a caption in every style yet.\n"
    items = []
    for species in sorted({face.species for face in common}, key=lambda name: (name != "bona_fide", name)):
        for face in pictures.chosen([face for face in common if face.species == species], per_species, "captions"):
            known = present_cues(face, truths)
            body = "".join(
                f'<p><span class="model-style">{escaped(style)}</span><br>{marked(texts[style][face.face_id].text, known)}</p>'
                for style in styles
            )
            items.append(card(describe(face), body, picture(face), truth_note(face, truths)))
    return (f"{HIDDEN}\n\n" if not picture.show else "") + cards(items)

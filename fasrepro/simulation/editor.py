"""A simulated editor: what a person who knows the cues of an image would decide about a face whose replies were no captions.

The editor names every cue in the image and no other, and drops a face that is known to be an attack and shows none: nobody could
explain that verdict by what can be seen. The decisions have the format of people's own, under the name `EDITOR`.
"""

from __future__ import annotations

from fasrepro import regions, vocabulary
from fasrepro.captions import decisions
from fasrepro.captions.decisions import Decision
from fasrepro.captions.styles import OF_LABEL, Style
from fasrepro.rows.captions import Review
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation.annotator import templates
from fasrepro.simulation.annotator.annotator import WRITERS
from fasrepro.simulation.annotator.templates import Dice, Reading

EDITOR = "simulated editor"


def decision(face: Face, truth: Truth, style: Style, why: str) -> Decision:
    """Return what the editor decides about a face: a text of `style`, or to drop the face.

    Args:
        face: that has no caption.
        truth: of its image.
        style: of the captions.
        why: the last reply was rejected.
    """
    is_attack = face.label is Label.ATTACK
    visible = regions.visible(face.box, truth.cues, truth.regions) if is_attack else []
    dropped = is_attack and not visible
    review = Review(
        face_id=face.face_id,
        style=style.name,
        crop=face.crop,
        crop_sha256=face.crop_sha256,
        label=face.label.name.lower(),
        species=face.species,
        why=why,
        text="" if dropped else text(face, truth, style, visible),
    )
    return Decision(review, EDITOR, decisions.DROP if dropped else decisions.EDIT)


def text(face: Face, truth: Truth, style: Style, cues: list[str]) -> str:
    """Return a caption that names these cues, the harmless things in the image, and the verdict that the label gives."""
    reading = Reading(
        cues=tuple(name for name in vocabulary.CUES if name in cues),
        look_alikes=tuple(dict.fromkeys(truth.look_alikes)),
        attributes=templates.attributes_of(truth.attributes),
        verdict=OF_LABEL[face.label],
        species=vocabulary.SPECIES[face.species] if face.label is Label.ATTACK else "",
    )
    parts = WRITERS[style.name](reading, Dice((EDITOR, face.face_id)))
    return style.form.write(parts, reading.verdict)

"""The words of the style `cot`: what an annotator is asked for each of the six tags, and a hint for each kind of face.

FaceCoT gives its annotator a system prompt, a question, the label and a hint that depends on the attack. Its words were not
found, but for one hint in a third party's reading ("photographing a poster constitutes spoofing"), so all of these are ours. A
hint says what the camera saw and why that is an attack; it names no sign, so that an annotator has to look for those.
"""

from __future__ import annotations

from fasrepro import vocabulary
from fasrepro.captions.layouts import CONCLUSION, NO, TAGS, YES
from fasrepro.rows.captions import Verdict

SYSTEM = (
    "You describe images of faces for research on presentation attack detection. A presentation attack shows a camera a printed"
    " photo, a screen, a mask, a disguise of makeup or a false part of a face in place of a live person's own face. Go from the"
    " whole picture to its parts, and name only what the image lets you see. Write the tags that you are asked for, and no more."
)
# What each tag is asked to hold; the conclusion's words follow from what Yes means.
ASKED: dict[str, str] = {
    "Caption": "the scene as a whole: the person, the light and the surroundings",
    "Facial Description": "the face: its skin, hair, eyes, and what is worn on it",
    "Facial Attributes": "expression, pose, and the texture of the skin",
    "Reasoning": "what light, shadows, edges and surroundings speak for",
    "Spoofing Description": "the medium of an attack and the traces it leaves, or that there are none",
    CONCLUSION: "one word",
}
QUESTION = (
    "Answer in these six tags, each once and in this order, one or two short sentences a tag: "
    + "; ".join(f"<{tag}>{ASKED[tag]}</{tag}>" for tag in TAGS)
    + "."
)
MEANINGS = {Verdict.BONA_FIDE: "a live person's own face", Verdict.ATTACK: "a presentation attack"}
# One for a live face and one for each of the fourteen attacks of FaceCoT's figure, by species (`datasets.FACECOT_TYPES`).
TYPE_HINTS: dict[str, str] = {
    "bona_fide": "Nothing stands between this person and the camera, whatever the picture's quality.",
    "print": "The camera saw a photo: photographing a photo is an attack, however sharp the photo is.",
    "poster": "The camera saw a poster: photographing a poster is an attack, however large the poster is.",
    "a4_print": "The camera saw a sheet from an office printer: photographing a printed sheet is an attack.",
    "album_photo": "The camera saw a page of an album: photographing an album is an attack.",
    "newspaper_photo": "The camera saw a newspaper: photographing a printed page is an attack.",
    "facial_photo": "A person wears a photo of a face: wearing another's picture is an attack, though the body is alive.",
    "upper_body_photo": "A person holds a photo cut to head and shoulders: showing another's picture is an attack.",
    "replay_pad": "The camera saw a tablet: photographing a tablet's display is an attack.",
    "replay_pc": "The camera saw a monitor: photographing a computer's display is an attack.",
    "replay_phone": "The camera saw a phone: photographing a phone's display is an attack.",
    "adult_doll": "The camera saw a doll as large as an adult: a doll is an attack, as nobody lives in it.",
    "garage_kit": "The camera saw a model figure: a figure is an attack, as nobody lives in it.",
    "region_mask": "A person wears a cut-out over a part of the face: covering a part with a picture is an attack.",
    "mask_3d": "A person wears a three-dimensional mask: wearing a face is an attack, though the body is alive.",
}
# For species that FaceCoT does not have, by their family.
FAMILY_HINTS: dict[str, str] = {
    "print": "The camera saw a print: photographing a print is an attack.",
    "replay": "The camera saw a screen: photographing a screen is an attack.",
    "mask": "A false face stands before the camera: showing it is an attack.",
    "makeup": "The person wears makeup to be taken for somebody else: that is an attack.",
    "partial": "A part of the face is false: covering a part is an attack.",
}
HINTS: dict[str, str] = {
    **{species: FAMILY_HINTS[family] for family, members in vocabulary.FAMILIES.items() for species in members},
    **TYPE_HINTS,
}


def ending(conclusion_yes: Verdict) -> str:
    """Return the last sentence of a prompt, which says what Yes means in the conclusion.

    >>> ending(Verdict.ATTACK)
    "In <Conclusion> write Yes if this is a presentation attack, No if this is a live person's own face, and nothing else."
    """
    conclusion_no = Verdict.ATTACK if conclusion_yes is Verdict.BONA_FIDE else Verdict.BONA_FIDE
    return (
        f"In <{CONCLUSION}> write {YES} if this is {MEANINGS[conclusion_yes]}, {NO} if this is {MEANINGS[conclusion_no]},"
        " and nothing else."
    )

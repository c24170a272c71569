"""The vocabulary of spoof cues: words only. How a cue is drawn is in synthetic/effects.py."""

from __future__ import annotations

import dataclasses

# The six steps of paper 1's reasoning captions (second-hand: see the book's page on the method).
STEPS: dict[str, str] = {
    "observation": "Initial observation",
    "artifacts": "Artifact detection",
    "features": "Feature analysis",
    "lighting": "Lighting and shadows",
    "context": "Context",
    "judgment": "Final judgment",
}

# PAI species of the four archives, in words an annotator may be told.
SPECIES: dict[str, str] = {
    "bona_fide": "a live person in front of the camera",
    "print": "a printed photo held in front of the camera",
    "warped_photo": "a printed photo bent around a face",
    "cut_photo": "a printed photo with the eyes cut out, held before a person's face",
    "replay_photo": "a photo shown on a screen",
    "replay_video": "a video played on a screen",
}
PRINTS = ("print", "warped_photo", "cut_photo")
REPLAYS = ("replay_photo", "replay_video")


@dataclasses.dataclass(frozen=True, slots=True)
class Cue:
    """A visible sign of an attack: the reasoning step that names it, the species it goes with, and ways to say it.

    No phrasing of one cue holds a phrasing of another, so that a text can be read back into cues.
    """

    step: str
    species: tuple[str, ...]
    phrasings: tuple[str, ...]


CUES: dict[str, Cue] = {
    "halftone": Cue(
        "artifacts",
        PRINTS,
        (
            "halftone dots from a printer",
            "a fine raster of ink dots",
            "a dotted print pattern on the skin",
            "printer dots across the cheeks",
            "a regular screen of printed dots",
        ),
    ),
    "paper_border": Cue(
        "context",
        PRINTS,
        (
            "the pale edge of a sheet of paper",
            "a white paper margin around the face",
            "the straight border of a photo print",
            "a paper edge that cuts the background",
            "the rim of a printed sheet",
        ),
    ),
    "flat_light": Cue(
        "lighting",
        PRINTS,
        (
            "flat lighting without real shadows",
            "shading that is flat like a surface",
            "light that falls evenly as on a sheet",
            "no depth in the shadows of nose and chin",
            "an even light that ignores the shape of the face",
        ),
    ),
    "moire": Cue(
        "artifacts",
        REPLAYS,
        (
            "a moire pattern over the face",
            "wavy interference stripes",
            "rippled bands from a pixel grid",
            "coloured moire fringes",
            "interference between two grids",
        ),
    ),
    "glare": Cue(
        "lighting",
        REPLAYS,
        (
            "a glare on the glass of a screen",
            "a bright reflection on a display",
            "a washed patch where light hits the glass",
            "a mirror-like streak across the screen",
            "a lamp reflected by a glossy panel",
        ),
    ),
    "bezel": Cue(
        "context",
        REPLAYS,
        (
            "the dark bezel of a device",
            "a black frame around the picture",
            "the edge of a phone or tablet",
            "the rim of a monitor",
            "a dark device border beside the face",
        ),
    ),
}


def cues_of(species: str) -> list[str]:
    """Return the names of the cues that go with a PAI species; none for a bona fide face."""
    return [name for name, cue in CUES.items() if species in cue.species]


def named_cues(text: str) -> list[str]:
    """Return the names of the cues that a text names by any of their phrasings, in the order of `CUES`."""
    lowered = " ".join(text.lower().split())
    return [name for name, cue in CUES.items() if any(phrasing in lowered for phrasing in cue.phrasings)]

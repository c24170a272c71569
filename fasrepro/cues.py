"""The vocabulary of spoof cues: words only. How a cue is drawn is in synthetic/effects.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

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
VISIBLE_SHARE = 0.005  # of the crop's area: a cue that covers less of the crop is not seen in it


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


def boxes(region: str) -> list[tuple[float, float, float, float]]:
    """Return the boxes (x, y, width, height) of a `Truth`'s region: a border on two sides has two.

    >>> boxes("1 2 3 4;5 6 7 8")
    [(1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)]
    """
    found = []
    for part in region.split(";"):
        x, y, width, height = map(float, part.split())
        found.append((x, y, width, height))
    return found


def visible(box: Sequence[float], names: Iterable[str], regions: Iterable[str]) -> list[str]:
    """Return the `names` of cues whose boxes together lie in a face's `box` far enough to be seen in its crop.

    `regions` is one a name, as in `records.Truth`; all in pixels of the frame.
    """
    x, y, width, height = box
    seen = []
    for name, region in zip(names, regions, strict=True):
        overlap = sum(
            max(0.0, min(x + width, left + across) - max(x, left)) * max(0.0, min(y + height, top + down) - max(y, top))
            for left, top, across, down in boxes(region)
        )
        if overlap >= VISIBLE_SHARE * width * height:
            seen.append(name)
    return seen

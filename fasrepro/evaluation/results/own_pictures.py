"""results/own_pictures/answers.json: what `fasrepro predict` says of some files, as the book shows it."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class ShownFile:
    """A file, and what is said of it.

    Args:
        name: of the file.
        about: what it shows, in words.
        label: "attack" or "bona_fide"; "" of a file that is neither.
        picture: name of its PNG file beside answers.json, with the box of the face; "" of a file that gives no pixels.
        state: "scored", or the state that says why there is no score.
        verdict: "attack" or "bona_fide"; "" without a score.
        line: as `fasrepro predict` prints it.
        explanation: what the model writes about the face; "" without a score, and of a model that writes none.
        cues: that the explanation names, of `vocabulary.CUES`.
    """

    name: str
    about: str
    label: str
    picture: str
    state: str
    verdict: str
    line: str
    explanation: str
    cues: list[str]


@dataclasses.dataclass(frozen=True)
class OwnPictures:
    """All files that are shown; `job`: whose model answers, "" where no job has one; `warning`: as the command prints it."""

    job: str
    warning: str
    shown: list[ShownFile]

"""What a model says about a file: its state, and for each face the score, the verdict and the explanation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from fasrepro.archives.layout import Box
from fasrepro.deployment import found_faces, pictures
from fasrepro.deployment.exported import Loaded
from fasrepro.deployment.found_faces import FoundFace
from fasrepro.deployment.pictures import PictureError
from fasrepro.models.inputs import generate

SCORED, SEVERAL_FACES = "scored", "several_faces"
ATTACK, BONA_FIDE = "attack", "bona_fide"


@dataclasses.dataclass(frozen=True)
class Result:
    """One face of a picture, one video, or a file that has no score.

    Args:
        path: as it was named.
        state: "scored", "several_faces", "no_face", "too_small", "too_large", "unreadable" or "not_a_picture".
        remarks: what was changed on the way to the pixels, or why there is no score.
        box: x, y, width, height in pixels of the upright picture, or of the video's first frame that is scored.
        box_source: what found the box.
        frames: numbers of the frames that the score is the mean over.
        p_attack: in [0, 1].
        threshold: from which the score is called an attack.
        threshold_datasets: on whose dev people the threshold was chosen.
        verdict: "attack" or "bona_fide".
        explanation: what the model writes about the face; of a video, about its first frame that is scored.
        finished: whether the explanation ended by itself, and not at the limit of tokens.
    """

    path: str
    state: str
    remarks: list[str]
    box: Box | None = None
    box_source: str = ""
    frames: list[int] = dataclasses.field(default_factory=list)
    p_attack: float | None = None
    threshold: float | None = None
    threshold_datasets: list[str] = dataclasses.field(default_factory=list)
    verdict: str = ""
    explanation: str | None = None
    finished: bool | None = None


def of_file(loaded: Loaded, path: Path, all_faces: bool = False, explain: bool = False) -> list[Result]:
    """Return the result of a picture or a video; with `all_faces`, one for each face of a picture."""
    settings = loaded.about.index
    try:
        if pictures.is_video(path):
            return [_scored(loaded, path, found_faces.of_video(path, settings), [], explain)]
        picture = pictures.read(path)
        found = found_faces.of_picture(picture, settings)
    except PictureError as error:
        return [Result(str(path), error.state, [str(error)])]
    if len(found) > 1 and not all_faces:
        return [Result(str(path), SEVERAL_FACES, [*picture.remarks, f"{len(found)} faces; --all-faces scores each"])]
    return [_scored(loaded, path, [face], picture.remarks, explain) for face in found]


def _scored(loaded: Loaded, path: Path, found: list[FoundFace], remarks: list[str], explain: bool) -> Result:
    """Return the result of one face, given by a picture or by several frames of a video."""
    about, crops = loaded.about, [face.crop for face in found]
    # One at a time: a video's frames need not be of one size, and each score is rounded as the pipeline rounds it.
    p_attack = float(np.mean([round(loaded.scorer([crop])[0], 7) for crop in crops]))
    text, finished = None, None
    if explain:
        [(text, _, finished)] = generate(
            loaded.model.body, loaded.processor, crops[:1], about.prompt, max_new_tokens=about.max_new_tokens
        )
    return Result(
        path=str(path),
        state=SCORED,
        remarks=remarks,
        box=found[0].box,
        box_source=found[0].box_source,
        frames=[face.frame for face in found],
        p_attack=p_attack,
        threshold=about.threshold,
        threshold_datasets=about.threshold_datasets,
        verdict=ATTACK if p_attack >= about.threshold else BONA_FIDE,
        explanation=text,
        finished=finished,
    )


def line(result: Result) -> str:
    """Return a result as text: a line, and the explanation below it."""
    remarks = f"  ({'; '.join(result.remarks)})" if result.remarks else ""
    if result.p_attack is None:
        return f"{result.path}: {result.state}{remarks}"
    box = " ".join(map(str, result.box or ()))
    frames = f", mean of frames {', '.join(map(str, result.frames))}" if len(result.frames) > 1 else ""
    sources = ", ".join(result.threshold_datasets)
    text = (
        f"{result.path}: {result.verdict}  p_attack {result.p_attack:.4f}{frames}"
        f"  threshold {result.threshold:.4f} (dev of {sources})  face {box} ({result.box_source}){remarks}"
    )
    if result.explanation is None:
        return text
    cut = "" if result.finished else " [cut at the limit of tokens]"
    return f"{text}\n    {' '.join(result.explanation.split())}{cut}"

"""What a model says about a file: its state, and for each face the score, the verdict and the explanation."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np

from fasrepro import vocabulary
from fasrepro.archives.layout import Box
from fasrepro.deployment import found_faces, pictures
from fasrepro.deployment.exported import About, Loaded
from fasrepro.deployment.found_faces import FoundFace
from fasrepro.deployment.pictures import Picture, PictureError
from fasrepro.models.inputs import generate

SCORED, SEVERAL_FACES = "scored", "several_faces"
ATTACK, BONA_FIDE = "attack", "bona_fide"


@dataclasses.dataclass(frozen=True)
class Threshold:
    """From which score a face is called an attack, and whose pictures it was chosen on, as in "dev of casia, oulu"."""

    value: float
    source: str


@dataclasses.dataclass(frozen=True)
class Result:
    """One face of a picture, one video, or a file that has no score.

    Args:
        path: as it was named.
        state: "scored", "several_faces", "no_face", "too_small", "too_large", "unreadable" or "not_a_picture".
        remarks: what was changed on the way to the pixels, or why there is no score.
        box: x, y, width, height in pixels of the upright picture, or of the video's first frame that is scored.
        box_source: what faces the box.
        turns: quarter turns, counter-clockwise, that made the picture upright after those of its EXIF data.
        frames: numbers of the frames that the score is the mean over.
        p_attack: in [0, 1].
        threshold: from which the score is called an attack.
        threshold_from: whose pictures the threshold was chosen on.
        verdict: "attack" or "bona_fide".
        explanation: what the model writes about the face; of a video, about its first frame that is scored.
        finished: whether the explanation ended by itself, and not at the limit of tokens.
        cues: that the explanation names, of `vocabulary.CUES`.
    """

    path: str
    state: str
    remarks: list[str]
    box: Box | None = None
    box_source: str = ""
    turns: int = 0
    frames: list[int] = dataclasses.field(default_factory=list)
    p_attack: float | None = None
    threshold: float | None = None
    threshold_from: str = ""
    verdict: str = ""
    explanation: str | None = None
    finished: bool | None = None
    cues: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Question:
    """How pictures are judged.

    Args:
        threshold: that verdicts go by.
        all_faces: score each face of a picture that shows several, which otherwise has no score.
        explain: also generate an explanation.
    """

    threshold: Threshold
    all_faces: bool = False
    explain: bool = False


def dev_threshold(about: About) -> Threshold:
    """Return the threshold that an exported model brings."""
    return Threshold(about.threshold, f"dev of {', '.join(about.threshold_datasets)}")


def of_file(loaded: Loaded, path: Path, question: Question) -> list[Result]:
    """Return the result of a picture or a video; one for each face, if the question asks for that."""
    try:
        if not pictures.is_video(path):
            return of_picture(loaded, pictures.read(path), str(path), question)
        faces = found_faces.of_video(path, loaded.about.index)
    except PictureError as error:
        return [unscored(str(path), error)]
    return [_scored(loaded, str(path), faces, [], question)]


def of_bytes(loaded: Loaded, data: bytes, name: str, question: Question) -> list[Result]:
    """Return the results of a picture's file that is in memory, whose `name` they bear."""
    try:
        return of_picture(loaded, pictures.decode(io.BytesIO(data)), name, question)
    except PictureError as error:
        return [unscored(name, error)]


def of_picture(loaded: Loaded, picture: Picture, name: str, question: Question) -> list[Result]:
    """Return the results of a decoded picture, whose `name` they bear."""
    try:
        faces = found_faces.of_picture(picture, loaded.about.index)
    except PictureError as error:
        return [unscored(name, error)]
    remarks = [*picture.remarks, *(["turned until the face was upright"] if faces[0].turns else [])]
    if len(faces) > 1 and not question.all_faces:
        return [Result(name, SEVERAL_FACES, [*remarks, f"{len(faces)} faces; --all-faces scores each"])]
    return [_scored(loaded, name, [face], remarks, question) for face in faces]


def unscored(name: str, error: PictureError) -> Result:
    """Return the result of a picture that gives no face."""
    return Result(name, error.state, [str(error)])


def _scored(loaded: Loaded, name: str, faces: list[FoundFace], remarks: list[str], question: Question) -> Result:
    """Return the result of one face, given by a picture or by several frames of a video."""
    about, crops = loaded.about, [face.crop for face in faces]
    # One at a time: a video's frames need not be of one size, and each score is rounded as the pipeline rounds it.
    p_attack = float(np.mean([round(loaded.scorer([crop])[0], 7) for crop in crops]))
    text, finished = None, None
    if question.explain:
        [(text, _, finished)] = generate(
            loaded.model.body, loaded.processor, crops[:1], about.prompt, max_new_tokens=about.max_new_tokens
        )
    return Result(
        path=name,
        state=SCORED,
        remarks=remarks,
        box=faces[0].box,
        box_source=faces[0].box_source,
        turns=faces[0].turns,
        frames=[face.frame for face in faces],
        p_attack=p_attack,
        threshold=question.threshold.value,
        threshold_from=question.threshold.source,
        verdict=ATTACK if p_attack >= question.threshold.value else BONA_FIDE,
        explanation=text,
        finished=finished,
        cues=vocabulary.named_cues(text or ""),
    )


def line(result: Result) -> str:
    """Return a result as text: a line, and the explanation below it."""
    remarks = f"  ({'; '.join(result.remarks)})" if result.remarks else ""
    if result.p_attack is None:
        return f"{result.path}: {result.state}{remarks}"
    box = " ".join(map(str, result.box or ()))
    frames = f", mean of frames {', '.join(map(str, result.frames))}" if len(result.frames) > 1 else ""
    text = (
        f"{result.path}: {result.verdict}  p_attack {result.p_attack:.4f}{frames}"
        f"  threshold {result.threshold:.4f} ({result.threshold_from})  face {box} ({result.box_source}){remarks}"
    )
    if result.explanation is None:
        return text
    cut = "" if result.finished else " [cut at the limit of tokens]"
    return f"{text}\n    {' '.join(result.explanation.split())}{cut}"

"""Stage `own_pictures`: what `fasrepro predict` says of files as people have them -> results/own_pictures.

The files are videos of a target (one of a bona fide face and one of each species) and pictures that are edited from the first:
one for each state in which a picture has no score.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image, ImageDraw

from fasrepro import config, files, paths, stages
from fasrepro.archives import archive
from fasrepro.archives.layout import STILLS, VIDEOS
from fasrepro.config import Job
from fasrepro.data import splits
from fasrepro.data.frames import decode_one
from fasrepro.datasets import TITLES
from fasrepro.deployment import exported, judging, pictures, results
from fasrepro.deployment.exported import Loaded
from fasrepro.deployment.results import Question, Result
from fasrepro.evaluation.results.own_pictures import OwnPictures, ShownFile
from fasrepro.hashing import unit_hash
from fasrepro.models import backbones, scoring
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.stages import job_description, jobs

HEIGHT = 240  # pixels of a shown picture
QUALITY = 95  # of JPEG files
BOX_COLOUR = (255, 196, 0)


@dataclasses.dataclass(frozen=True)
class Example:
    """A file to be judged; `about`: its content in words; `label`: as in `ShownFile`."""

    path: Path
    about: str
    label: str = ""


def main(argv: list[str] | None = None) -> None:
    """Write results/own_pictures: answers.json and pictures. Licensed archives have none, because their faces are people's."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "archives", "index", "prediction")
    backbones.use_threads(params.threads)
    job = explaining_job(config.load_jobs()) if params.archives.source == "synthetic" else None
    with files.replaced_folder(paths.OWN_PICTURES, paths.WORK / "own_pictures") as folder:
        answers = OwnPictures("", "", []) if job is None else answers_of(job, params, folder)
        files.write_json(folder / paths.OWN_ANSWERS.name, dataclasses.asdict(answers))
    print(f"own_pictures: {len(answers.shown)} files")


def explaining_job(jobs_by_name: Mapping[str, Job]) -> Job | None:
    """Return the first job, by name, that learns to explain; None where none does."""
    explaining = [job for job in jobs_by_name.values() if any("caption" in phase["losses"] for phase in job.recipe["phases"])]
    return min(explaining, key=lambda job: job.name, default=None)


def answers_of(job: Job, params: SimpleNamespace, folder: Path) -> OwnPictures:
    """Return what a job's model says of the example files, and write their pictures into a folder.

    Args:
        job: with a trained model and its scores.
        params: the sections archives, index and prediction of params.yaml.
        folder: of the pictures.
    """
    model, processor, recipe = jobs.load_model(job, params.index.crop)
    about = job_description.about(job, params, exported.ADAPTER, paths.checkpoint(job.name))
    loaded = Loaded(about, model, processor, scoring.scorer(model, processor, recipe))
    question = Question(results.dev_threshold(about), explain=True)
    faces = one_a_species(splits.read(job.protocol).of_target(job.test[0]))
    shown = []
    with tempfile.TemporaryDirectory(dir=paths.WORK) as edited:
        for number, example in enumerate([*videos(faces), *edited_pictures(faces[0], params.index.min_face, Path(edited))]):
            (result,) = results.of_file(loaded, example.path, question)
            picture = folder / f"{number:02d}.png"
            has_picture = draw(example.path, result, picture)
            shown.append(shown_file(example, result, picture.name if has_picture else ""))
    return OwnPictures(job.name, judging.warning(loaded, question.threshold), shown)


def one_a_species(faces: Sequence[Face]) -> list[Face]:
    """Return a face of each species of a target, by hash, the bona fide one first."""
    face_of: dict[str, Face] = {}
    for face in sorted(faces, key=lambda face: unit_hash("own pictures", face.presentation)):
        face_of.setdefault(face.species, face)
    return sorted(face_of.values(), key=lambda face: (face.species != BONA_FIDE_SPECIES, face.species))


def videos(faces: Sequence[Face]) -> list[Example]:
    """Return the file of each face's presentation, as it lies in the archive."""
    examples = []
    for face in faces:
        kind = "a bona fide face" if face.species == BONA_FIDE_SPECIES else face.species.replace("_", " ")
        label = results.ATTACK if face.label else results.BONA_FIDE
        examples.append(Example(file_of(face), f"{kind}, {TITLES[face.dataset]}", label))
    return examples


def file_of(face: Face) -> Path:
    """Return the file of a synthetic archive that a face was taken from. Raises `ValueError` where there is none."""
    stem = face.presentation.removeprefix(f"{face.dataset}/")
    root = paths.archive(face.dataset) / archive(face.dataset).FOLDER
    for suffix in (*VIDEOS, *STILLS):
        if (root / f"{stem}{suffix}").is_file():
            return root / f"{stem}{suffix}"
    raise ValueError(f"{root / stem}: no such video or picture; run `dvc repro archives@{face.dataset}`")


def edited_pictures(live: Face, min_face: int, folder: Path) -> list[Example]:
    """Edit a frame of a bona fide face into one picture for each state, and write them into a folder.

    Args:
        live: the face; its box is in pixels of the frame.
        min_face: the least width of a face that has a score, in pixels.
        folder: of the pictures.
    """
    rgb = upright(file_of(live), live.frame, None)
    x, y, width, height = live.box
    left, right = max(0, x - width // 2), x + width + width // 2
    top, bottom = max(0, y - height // 2), y + height + height // 2
    hidden = rgb.copy()
    hidden[top:bottom, left:right] = rgb.mean((0, 1))
    person = rgb[:, left:right]
    shrink = min_face / (2 * width)
    small = Image.fromarray(rgb).resize((round(rgb.shape[1] * shrink), round(rgb.shape[0] * shrink)))

    save = functools.partial(save_jpeg, folder)
    still = save("still.jpg", Image.fromarray(rgb))
    half = folder / "half.jpg"
    half.write_bytes(still.read_bytes()[: still.stat().st_size // 2])
    note = folder / "note.jpg"
    note.write_text("This is no picture.\n", encoding="utf-8")
    return [
        Example(still, "one frame of the bona fide video", results.BONA_FIDE),
        Example(save("two.jpg", Image.fromarray(np.hstack([person, person]))), "the same face twice, side by side"),
        Example(save("small.jpg", small), "the same frame, its face too small"),
        Example(save("hidden.jpg", Image.fromarray(hidden)), "the same frame, its person painted over"),
        Example(half, "the first half of the frame's file"),
        Example(note, "a text file with a picture's name"),
    ]


def upright(path: Path, frame: int, turns: int | None) -> np.ndarray:
    """Return a frame of a video, or a picture, as uint8 RGB of (height, width, 3).

    Args:
        path: of the file.
        frame: its number in the video; ignored for a picture.
        turns: quarter turns, counter-clockwise, that make it upright; None for those that the file itself asks for.

    Raises:
        PictureError: it is no picture, or cannot be decoded.
    """
    if pictures.is_video(path):
        return decode_one(path, frame, turns).rgb(frame)
    return np.ascontiguousarray(np.rot90(pictures.read(path).rgb, turns or 0))


def save_jpeg(folder: Path, name: str, image: Image.Image) -> Path:
    """Write a picture and return its path."""
    image.save(folder / name, quality=QUALITY)
    return folder / name


def draw(path: Path, result: Result, to: Path) -> bool:
    """Draw a file's picture with the box of the face that was scored. Return False for a file without pixels."""
    frame = result.frames[0] if result.frames else 0
    turns = None if result.box is None else result.turns
    try:
        rgb = upright(path, frame, turns)
    except pictures.PictureError:
        return False
    image = Image.fromarray(rgb)
    if result.box is not None:
        x, y, width, height = result.box
        thickness = max(2, image.height // 120)
        ImageDraw.Draw(image).rectangle((x, y, x + width, y + height), outline=BOX_COLOUR, width=thickness)
    image.resize((round(image.width * HEIGHT / image.height), HEIGHT)).save(to)
    return True


def shown_file(example: Example, result: Result, picture: str) -> ShownFile:
    """Return what the book shows of a file; `picture`: its name there, "" for none."""
    without_folder = dataclasses.replace(result, path=example.path.name, explanation=None)
    return ShownFile(
        name=example.path.name,
        about=example.about,
        label=example.label,
        picture=picture,
        state=result.state,
        verdict=result.verdict,
        line=results.line(without_folder),
        explanation=" ".join((result.explanation or "").split()),
        cues=result.cues,
    )


if __name__ == "__main__":
    stages.run(main)

"""Stage `own_pictures`: what `fasrepro predict` says of files as people have them -> results/own_pictures.

The files are videos of a target, one of a bona fide face and one of each species, and pictures made of the first, each of which
meets another state.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
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
FAR_AWAY = 16  # pixels of a face's width that is too small, whatever the index asks


@dataclasses.dataclass(frozen=True)
class Example:
    """A file to be judged; `about`: what it shows, in words; `label`: as in `ShownFile`."""

    path: Path
    about: str
    label: str = ""


def main(argv: list[str] | None = None) -> None:
    """Write results/own_pictures: answers.json and pictures. Nothing is shown of licensed archives, whose faces are people's."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "archives", "index", "prediction")
    backbones.use_threads(params.threads)
    job = chosen(config.load_jobs()) if params.archives.source == "synthetic" else None
    with files.replaced_folder(paths.OWN_PICTURES, paths.WORK / "own_pictures") as folder:
        answers = OwnPictures("", "", []) if job is None else shown(job, params, folder)
        files.write_json(folder / paths.OWN_ANSWERS.name, dataclasses.asdict(answers))
    print(f"own_pictures: {len(answers.shown)} files")


def chosen(known: Mapping[str, Job]) -> Job | None:
    """Return the first job, by name, that learns to explain; None where none does."""
    explaining = [job for job in known.values() if any("caption" in phase["losses"] for phase in job.recipe["phases"])]
    return min(explaining, key=lambda job: job.name, default=None)


def shown(job: Job, params: SimpleNamespace, folder: Path) -> OwnPictures:
    """Return what a job's model says of the example files, and write their pictures into a folder."""
    model, processor, recipe = jobs.load_model(job, params.index.crop)
    about = job_description.about(job, params, exported.ADAPTER, paths.checkpoint(job.name))
    loaded = Loaded(about, model, processor, scoring.scorer(model, processor, recipe))
    threshold = results.dev_threshold(about)
    work = paths.WORK / "own_pictures_files"
    work.mkdir(parents=True, exist_ok=True)
    faces = one_a_species(splits.read(job.protocol).of_target(job.test[0]))
    answers = []
    for number, example in enumerate([*videos(faces), *made_of(faces[0], work)]):
        (result,) = results.of_file(loaded, example.path, Question(threshold, explain=True))
        picture = f"{number:02d}.png" if draw(example.path, result, folder / f"{number:02d}.png") else ""
        answers.append(answer(example, result, picture))
    return OwnPictures(job.name, judging.warning(loaded, threshold), answers)


def one_a_species(faces: Sequence[Face]) -> list[Face]:
    """Return a face of each species of a target, by hash, the bona fide one first."""
    by_hash = sorted(faces, key=lambda face: unit_hash("own pictures", face.presentation))
    first: dict[str, Face] = {}
    for face in by_hash:
        first.setdefault(face.species, face)
    return sorted(first.values(), key=lambda face: (face.species != BONA_FIDE_SPECIES, face.species))


def videos(faces: Sequence[Face]) -> list[Example]:
    """Return the file of each face's presentation, as it lies in the archive."""
    examples = []
    for face in faces:
        kind = "a bona fide face" if face.species == BONA_FIDE_SPECIES else face.species.replace("_", " ")
        label = results.ATTACK if face.label else results.BONA_FIDE
        examples.append(Example(file_of(face), f"{kind}, {TITLES[face.dataset]}", label))
    return examples


def file_of(face: Face) -> Path:
    """Return the file in a synthetic archive that shows a face. Raises `ValueError` where there is none."""
    stem = face.presentation.removeprefix(f"{face.dataset}/")
    root = paths.archive(face.dataset) / archive(face.dataset).FOLDER
    for suffix in (*VIDEOS, *STILLS):
        if (root / f"{stem}{suffix}").is_file():
            return root / f"{stem}{suffix}"
    raise ValueError(f"{root / stem}: no such video or picture; run `dvc repro archives@{face.dataset}`")


def made_of(live: Face, work: Path) -> list[Example]:
    """Return files made of a bona fide face, each of which meets another state, written into a folder."""
    rgb = frame_of(file_of(live), live.frame)
    x, y, width, height = live.box
    person = rgb[:, max(0, x - width // 2) : x + width + width // 2]
    hidden = rgb.copy()
    hidden[max(0, y - height // 2) : y + height + height // 2, max(0, x - width // 2) : x + width + width // 2] = rgb.mean((0, 1))
    shrink = FAR_AWAY / width
    far = Image.fromarray(rgb).resize((round(rgb.shape[1] * shrink), round(rgb.shape[0] * shrink)))
    save = functools.partial(save_jpeg, work)
    still = save("still.jpg", Image.fromarray(rgb))
    half = work / "half.jpg"
    half.write_bytes(still.read_bytes()[: still.stat().st_size // 2])
    note = work / "note.jpg"
    note.write_text("This is no picture.\n", encoding="utf-8")
    return [
        Example(still, "one frame of the bona fide video", results.BONA_FIDE),
        Example(save("two.jpg", Image.fromarray(np.hstack([person, person]))), "the same face twice, side by side"),
        Example(save("far.jpg", far), "the same frame, far too small"),
        Example(save("hidden.jpg", Image.fromarray(hidden)), "the same frame, its person painted over"),
        Example(half, "the first half of the frame's file"),
        Example(note, "a text whose file is called like a picture"),
    ]


def frame_of(path: Path, number: int) -> np.ndarray:
    """Return a frame of a video, or a picture, as uint8 RGB of (height, width, 3)."""
    if not pictures.is_video(path):
        return pictures.read(path).rgb
    return decode_one(path, number, None).rgb(number)


def save_jpeg(folder: Path, name: str, image: Image.Image) -> Path:
    """Write a picture and return its path."""
    image.save(folder / name, quality=QUALITY)
    return folder / name


def draw(path: Path, result: Result, to: Path) -> bool:
    """Draw a file's picture, with the box of the face that was scored, and return whether it has one."""
    try:
        rgb = frame_of(path, result.frames[0] if result.frames else 0)
    except pictures.PictureError:
        return False
    image = Image.fromarray(rgb)
    if result.box is not None:
        x, y, width, height = result.box
        thick = max(2, image.height // 120)
        ImageDraw.Draw(image).rectangle((x, y, x + width, y + height), outline=(255, 196, 0), width=thick)
    image.resize((round(image.width * HEIGHT / image.height), HEIGHT)).save(to)
    return True


def answer(example: Example, result: Result, picture: str) -> ShownFile:
    """Return what is said of a file."""
    named = dataclasses.replace(result, path=example.path.name, explanation=None)
    return ShownFile(
        name=example.path.name,
        about=example.about,
        label=example.label,
        picture=picture,
        state=result.state,
        verdict=result.verdict,
        line=results.line(named),
        explanation=" ".join((result.explanation or "").split()),
        cues=result.cues,
    )


if __name__ == "__main__":
    stages.run(main)

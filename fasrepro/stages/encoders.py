"""Stage `encoders@job`: what a job's encoder holds beside the foundation's, and where its score looks -> results/encoders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import threadpoolctl
from PIL import Image
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import config, paths, regions, stages, vocabulary
from fasrepro.config import Job
from fasrepro.data import splits
from fasrepro.evaluation import predict
from fasrepro.evaluation.analyses import encoders, saliency
from fasrepro.evaluation.analyses.faithfulness import logit
from fasrepro.hashing import unit_hash
from fasrepro.models import backbones, scoring
from fasrepro.models.states import pooled_states
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import jobs

SITE = "encoder"  # of models.states.SITES
TIGHT = "tight"  # the one convention by which a crop is the face's box, so that a region of the frame can be found in it


@dataclasses.dataclass(frozen=True)
class Sample:
    """The faces that a job's encoder is asked about.

    Args:
        fitted: of the sources' train people.
        measured: of dev and of the targets.
        groups: of each measured face.
        pictured: of the targets; none where no region is known.
        regions: of the cues of each pictured face.
    """

    fitted: list[Face]
    measured: list[Face]
    groups: list[str]
    pictured: list[Face]
    regions: list[str]


def one_a_presentation(faces: Sequence[Face], most: int) -> list[Face]:
    """Return one face of at most `most` presentations, balanced over species: frames of a video hardly differ.

    Presentations and faces are chosen by hash, so that they are the same for every run.
    """
    face_of: dict[str, Face] = {}
    for face in sorted(faces, key=lambda face: unit_hash("probed", face.face_id)):
        face_of.setdefault(face.presentation, face)
    return predict.sample_videos(list(face_of.values()), most) if most else []


def sample(job: Job, truths: Mapping[str, Truth], fitted: int, tested: int, pictures: int) -> Sample:
    """Return the faces of a job; the numbers are those of params.yaml's `encoders`."""
    split = splits.read(job.protocol)
    people = {encoders.DEV: split.dev} | {target: split.of_target(target) for target in job.test}
    measured = {group: one_a_presentation(faces, tested) for group, faces in people.items()}
    attacks = [face for target in job.test for face in people[target] if face.label and face.face_id in truths]
    local = {face.face_id: saliency.local_region(face.box, truths[face.face_id]) for face in attacks}
    pictured = one_a_presentation([face for face in attacks if local[face.face_id]], pictures)
    pictured.sort(key=lambda face: unit_hash("pictured", face.face_id))
    return Sample(
        fitted=one_a_presentation(split.train, fitted),
        measured=[face for faces in measured.values() for face in faces],
        groups=[group for group, faces in measured.items() for _ in faces],
        pictured=pictured,
        regions=[local[face.face_id] for face in pictured],
    )


def visible_cues(faces: Sequence[Face], truths: Mapping[str, Truth]) -> list[list[str]]:
    """Return the cues that each face's crop shows: none where nothing is known of a picture."""
    rows = [(face, truths.get(face.face_id)) for face in faces]
    return [regions.visible(face.box, row.cues, row.regions) if row else [] for face, row in rows]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What each encoder is asked.

    Args:
        prompt: that pictures are shown with; no state of the encoder depends on it.
        fitted: pictures that probes are fitted on.
        labels: of those.
        shown: cues of those.
        questions: of the probes.
        measured: pictures that are measured.
        pictured: pictures that are occluded.
        patches: a side of those.
    """

    prompt: str
    fitted: list[Image.Image]
    labels: np.ndarray
    shown: list[list[str]]
    questions: list[str]
    measured: list[Image.Image]
    pictured: list[Image.Image]
    patches: int


def probed(model: PreTrainedModel, processor: ProcessorMixin, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
    """Return the margins of the measured pictures, and the falls of the attack probe's margin, of one encoder."""

    def numbers(images: Sequence[Image.Image]) -> np.ndarray:
        return pooled_states(model, processor, images, asked.prompt, jobs.BATCH)[SITE]

    fitted = encoders.fit(numbers(asked.fitted), asked.labels, asked.shown, asked.questions)
    margins = encoders.margins(fitted, numbers(asked.measured))
    return margins, saliency.all_falls(lambda images: fitted[encoders.ATTACK](numbers(images)), asked.pictured, asked.patches)


def main(argv: list[str] | None = None) -> None:
    """Write results/encoders/<job>.npz."""
    job = config.load_job(stages.name_argument(argv, __doc__, "a job of jobs.yaml"))
    params = config.load("threads", "index", "encoders")
    backbones.use_threads(params.threads)
    read_image, patches = jobs.crop_reader(), params.encoders.patches
    truths = {row.face_id: row for row in table.read_all(paths.TRUTH, Truth)}
    faces = sample(job, truths, params.encoders.fitted, params.encoders.tested, params.encoders.pictures)
    labels, shown = np.array([int(face.label) for face in faces.fitted]), visible_cues(faces.fitted, truths)
    questions = encoders.questions(labels, shown, list(vocabulary.CUES))
    if params.index.crop != TIGHT or encoders.ATTACK not in questions:
        faces = dataclasses.replace(faces, pictured=[], regions=[])
    fitted, measured, pictured = ([read_image(face) for face in one] for one in (faces.fitted, faces.measured, faces.pictured))

    model, processor, recipe = jobs.load_model(job, params.index.crop)
    scorer = scoring.scorer(model, processor, recipe)
    asked = Asked(recipe.prompt, fitted, labels, shown, questions, measured, pictured, patches)
    with threadpoolctl.threadpool_limits(params.threads):
        of_score = saliency.all_falls(lambda images: logit(np.array(scorer(images))), pictured, patches)
        trained = probed(model.release().eval(), processor, asked)
        foundation = probed(backbones.load(recipe.backbone, backbones.device())[0].eval(), processor, asked)
    measured_cues = visible_cues(faces.measured, truths)
    measured_labels = np.array([int(face.label) for face in faces.measured])
    answers = [encoders.rows_of(measured_labels, measured_cues, question)[1] for question in questions]
    covered = [
        saliency.coverage(face.box, region, picture.size, patches)
        for face, region, picture in zip(faces.pictured, faces.regions, pictured, strict=True)
    ]
    readouts = encoders.Readouts(
        questions=np.array(questions, dtype=str),
        face_ids=np.array([face.face_id for face in faces.measured], dtype=str),
        groups=np.array(faces.groups, dtype=str),
        answers=np.array(answers, dtype=bool).reshape(len(questions), len(measured)).T,
        margins=np.stack([foundation[0], trained[0]]),
        pictured=np.array([face.face_id for face in faces.pictured], dtype=str),
        coverage=np.array(covered).reshape(-1, patches, patches),
        falls=np.stack([of_score, trained[1], foundation[1]]),  # in the order of saliency.SCORES
    )
    encoders.write(paths.encoder(job.name), readouts)
    print(f"encoders {job.name}: {len(questions)} questions to {len(measured)} faces, {len(pictured)} pictures occluded")


if __name__ == "__main__":
    stages.run(main)

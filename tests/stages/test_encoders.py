"""The stages `encoders` and `encoder_gains` on a small model, whose pictures hold the label in their colour."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from fasrepro import config, crops, paths, schema
from fasrepro.data import splits
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import encoders as readouts
from fasrepro.evaluation.results import EncoderGains
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import encoder_gains, encoders, jobs
from tests.faces import face
from tests.regions import box_region
from tests.small_models import PROMPT, save_trained
from tests.stages import projects
from tests.training.small_runs import recipe

SIDES = {"i_m": (["replay"], ["msu"])}
JOB = "i_m-label_only-0"
SIZE = {"fitted": 36, "tested": 18, "pictures": 3, "patches": 2, "shown": 1}
KINDS = {"live": "bona_fide", "with": "print", "without": "print"}  # with halftone and without


def picture(kind: str, number: int) -> np.ndarray:
    """Return noise that is dark for an attack, with black lines where there is halftone; (40, 40, 3)."""
    pixels = np.random.default_rng(number).integers(0, 60, (40, 40, 3), dtype=np.uint8)
    pixels += 150 if kind == "live" else 40
    if kind == "with":
        pixels[:, ::8] = 0
    return pixels


def make_faces(pack: Callable[[str, bytes], None]) -> list[Face]:
    """Return two frames of each kind for people of all parts, and pack their crops."""
    people = [("replay", "train", person) for person in range(12)]
    people += [(dataset, split, person) for dataset, split in (("replay", "dev"), ("msu", "test")) for person in range(6)]
    faces = []
    for (dataset, split, person), kind, frame in itertools.product(people, KINDS, (4, 9)):
        subject = f"{dataset}/{split}{person}"
        one = face(f"{subject}_{kind}", KINDS[kind], frame, subject=subject, split=split, box=(0, 0, 40, 40))
        data, sha256 = crops.encode(picture(kind, len(faces)))
        pack(f"{one.face_id}.png", data)
        faces.append(dataclasses.replace(one, crop=f"{one.face_id}.png", crop_sha256=sha256))
    return faces


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> list[Face]:
    """A project's root with a trained job; the faces of its index."""
    monkeypatch.chdir(tmp_path)
    projects.write_params(evaluation={"replicates": 30}, encoders=SIZE)
    projects.write_jobs(SIDES, [("i_m", "label_only")], [0])
    contents = yaml.safe_load(paths.JOBS.read_text(encoding="utf-8"))
    whole = recipe(checkpoint, prompt=PROMPT)
    contents["jobs"][JOB]["recipe"] = {
        name: value for name, value in schema.plain(whole).items() if name not in ("captions", "learning_rates")
    }
    paths.JOBS.write_text(yaml.safe_dump(contents), encoding="utf-8")
    _, processor = save_trained(checkpoint, paths.checkpoint(JOB))
    assert jobs.made_of(whole, processor, "tight").head_site == "vision"
    with crops.packed(paths.CROPS) as pack:
        faces = make_faces(pack)
    projects.write_faces(faces)
    return faces


def write_truths(faces: list[Face]) -> None:
    """Write that faces of the kind "with" show halftone in the upper half of their crop, and others nothing."""
    truths = []
    for one in faces:
        there = "_with#" in one.face_id
        cue, region = (("halftone",), (box_region(0, 0, 40, 20),)) if there else ((), ())
        truths.append(Truth(one.face_id, cue, (0.5,) * len(cue), region, (), (), "{}"))
    projects.write_truths(truths)


def test_a_job_is_asked_about_cues_and_attacks_and_its_pictures_are_occluded(project: list[Face]) -> None:
    write_truths(project)
    encoders.main([JOB])
    content = readouts.read(paths.encoder(JOB))
    assert content.questions.tolist() == ["attack", "halftone"]
    assert content.margins.shape == (2, 36, 2)
    assert content.falls.shape == (3, 3, 2, 2)
    assert content.coverage[0].tolist() == [[1, 1], [0, 0]]
    assert all("_with#" in face_id for face_id in content.pictured.tolist())
    written = paths.encoder(JOB).read_bytes()
    encoders.main([JOB])
    assert paths.encoder(JOB).read_bytes() == written

    encoder_gains.main([])
    gains = results.read(paths.ENCODER_GAINS, EncoderGains)
    (entry,) = gains.cells.values()
    assert list(entry.groups) == ["dev", "msu"]
    group = entry.groups["msu"]
    assert (group.counts.faces, group.counts.subjects) == (18, 6)
    assert group.attack is not None and group.attack.foundation.value == 1.0  # the label is in the colour
    assert entry.saliency is not None and entry.saliency.area == 0.5


def test_nobody_of_the_fit_is_measured(project: list[Face]) -> None:
    write_truths(project)
    truths = {one.face_id: Truth(one.face_id, (), (), (), (), (), "{}") for one in project}
    sample = encoders.sample(config.load_job(JOB), truths, 36, 18, 3)
    fitted, measured = ({one.subject for one in faces} for faces in (sample.fitted, sample.measured))
    assert len(fitted) == 12 and len(measured) == 12
    assert not fitted & measured
    assert fitted == {one.subject for one in splits.read("i_m").train}


def test_a_presentation_gives_one_face_and_species_are_balanced(project: list[Face]) -> None:
    sampled = encoders.one_a_presentation(project, 6)
    assert len({one.presentation for one in sampled}) == len(sampled) == 6
    assert [one.species for one in sampled].count("bona_fide") == 3
    assert encoders.one_a_presentation(project[::-1], 6) == sampled
    assert encoders.one_a_presentation(project, 0) == []


def test_without_known_cues_attacks_are_asked_about_alone(project: list[Face]) -> None:
    projects.write_truths([])
    encoders.main([JOB])
    content = readouts.read(paths.encoder(JOB))
    assert content.questions.tolist() == ["attack"]
    assert content.pictured.size == 0
    encoder_gains.main([])
    (entry,) = results.read(paths.ENCODER_GAINS, EncoderGains).cells.values()
    assert entry.saliency is None and entry.groups["dev"].cues is None


def test_crops_that_are_not_the_faces_boxes_have_no_regions(project: list[Face], checkpoint: Path) -> None:
    write_truths(project)
    projects.write_params(encoders=SIZE, index={"crop": "ssdg/aligned_256"})
    made_of = paths.checkpoint(JOB) / "checkpoint.json"
    made_of.write_text(made_of.read_text(encoding="utf-8").replace('"tight"', '"ssdg/aligned_256"'), encoding="utf-8")
    encoders.main([JOB])
    assert readouts.read(paths.encoder(JOB)).pictured.size == 0

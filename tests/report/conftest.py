"""A small world of rows, as the stages would hand them to the report; numbers are made up."""

import html
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fasrepro import crops, files, hashing, schema
from fasrepro.data import protocols
from fasrepro.evaluation import summary
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results import EvaluationSettings, LedgerSettings, Metrics
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.scores import Explanation, Judgement, Score
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import cues_of
from tests.regions import box_region
from tests.splits import split_faces

INSTRUMENTS = {
    "msu": {"print": ["printed_photo"], "replay_video": ["ipad_video", "iphone_video"]},
    "casia": {"warped_photo": ["warped"], "cut_photo": ["cut"], "replay_video": ["replay"]},
    "replay": {"print": ["print_photo"], "replay_photo": ["mobile_photo", "highdef_photo"], "replay_video": ["mobile_video"]},
    "oulu": {"print": ["print1", "print2"], "replay_video": ["replay1", "replay2"]},
}
SPLITS = {
    "msu": ("train", "test"),
    "casia": ("train", "test"),
    "replay": ("train", "dev", "test"),
    "oulu": ("train", "dev", "test"),
}
RUNS = ("label_only", "vanilla", "reasoning")
READERS = ("lexical", "api")
TARGETS = {"oci_m": "msu", "ocm_i": "replay"}


def make_faces(folder: Path) -> tuple[list[Face], list[Truth]]:
    """Return faces and truths, and write a crop for each to `folder`."""
    faces, truths, packed = [], [], []
    for dataset, species in INSTRUMENTS.items():
        kinds = [("bona_fide", ""), *((name, word) for name, words in species.items() for word in words)]
        for split in SPLITS[dataset]:
            for subject in range(3):
                for name, word in kinds:
                    presentation = f"{dataset}/{split}/client{subject}_{word or 'live'}"
                    rng = np.random.default_rng(int(hashing.unit_hash(presentation) * 2**32))
                    pixels = rng.integers(0, 255, (12, 10, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
                    crop = f"{presentation}.png"
                    data, sha = crops.encode(pixels)
                    packed.append((crop, data))
                    key = face_id(presentation, 20)
                    label = Label.BONA_FIDE if name == "bona_fide" else Label.ATTACK
                    box = (30, 20, 40, 48)
                    person = f"{dataset}/{split}/{subject}"
                    faces.append(
                        Face(key, dataset, split, person, presentation, 20, label, name, word, "cam", box, "sidecar", crop, sha)
                    )
                    there = tuple(cues_of(name)[: 1 + subject])
                    masks = tuple(box_region(24 + 4 * n, 28 + 4 * n, 32, 20) for n in range(len(there)))
                    strengths = tuple(0.3 + 0.2 * n for n in range(len(there)))
                    alike = ("glare",) if label is Label.BONA_FIDE and subject == 1 else ()
                    truths.append(Truth(key, there, strengths, masks, (), alike, "{}"))
    with crops.packed(folder) as add:
        for crop, data in packed:
            add(crop, data)
    return faces, truths


TEXTS = {
    "attack": "I see the dark bezel of a device and halftone dots from a printer.\nThis is a presentation attack.",
    "bona_fide": "The skin has a natural texture.\nThis is a bona fide face.",
    "undecided": "The face is a face.",
}


def make_world(folder: Path) -> SimpleNamespace:
    """Return the rows of a whole small world, crops under `folder`."""
    faces, truths = make_faces(folder)
    rng = random.Random(5)
    captions = {}
    for style in ("vanilla", "reasoning"):
        rows = []
        for face in faces:
            kind = "bona_fide" if face.label is Label.BONA_FIDE else "attack"
            rows.append(Caption(face.face_id, style, TEXTS[kind], Verdict(kind), f"{style}-1", "simulated", True, 1, "key"))
        captions[style] = rows
    scores, explanations, judgements, cells = [], [], [], []
    for protocol, target in TARGETS.items():
        split = split_faces(faces, protocols.by_letters(protocol))
        for run in RUNS:
            scored = [*split.dev, *split.test]
            own = [Score(protocol, run, 0, f.face_id, round(rng.betavariate(2 + 2 * f.label, 3), 4)) for f in scored]
            verdicts = {}
            for face in split.test:
                kind = rng.choice(list(TEXTS))
                verdicts[face.face_id] = Verdict(kind)
                explanations.append(Explanation(protocol, run, 0, face.face_id, TEXTS[kind], 20, kind != "undecided"))
                judgements += [Judgement(protocol, run, 0, face.face_id, reader, Verdict(kind)) for reader in READERS]
            scores += own
            by_face = {0: {row.face_id: row.p_attack for row in own}}
            by_reader = {reader: {0: verdicts} for reader in READERS}
            cells.append(CellResults(protocol, run, target, protocol, split.dev, split.test, by_face, by_reader))
    metrics = summary.summarise(cells, EvaluationSettings(50, 0.95, 9, 6), LedgerSettings("hter_dev", 0.15, 0.5, 1, 1, 1))
    return SimpleNamespace(
        faces=faces,
        truths=truths,
        crops=folder,
        captions=captions,
        scores=scores,
        explanations=explanations,
        judgements=judgements,
        metrics=rounded(metrics),
    )


def rounded(metrics: Metrics) -> Metrics:
    """Return metrics as they are read from their file."""
    return schema.build(Metrics, files.rounded(schema.plain(metrics), 6), "metrics")


def cells(table: str) -> list[list[str]]:
    """Return the texts of a pipe table's cells, headings first."""
    lines = [line for line in table.splitlines() if line.startswith("|") and "---" not in line]
    return [[html.unescape(cell.strip()).replace("\xa0", " ") for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Rows and metrics of a small world."""
    return make_world(tmp_path_factory.mktemp("crops"))

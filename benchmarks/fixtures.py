"""Faces, captions and an untrained model of the default profile's size, made in seconds, for the benchmarks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from fasrepro import config, crops, regions, vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import Style
from fasrepro.foundation import pretraining, tokenizer
from fasrepro.foundation import shape as shape_module
from fasrepro.foundation.settings import FoundationSettings
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label, face_id
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth
from fasrepro.simulation import foundation_faces
from fasrepro.simulation.annotator.annotator import Annotator, known_images

SIDE = 80  # pixels of a crop, about what a tight crop of the default profile has
DRAWN = 24  # different pictures; each face's is one of them with a mark, for a draw takes longer than what is measured
NEVER = dict.fromkeys((field.name for field in dataclasses.fields(config.Simulated)), 0.0)


@dataclasses.dataclass(frozen=True)
class World:
    """As many faces of each PAI species, their packed crops, and a simulated annotator that knows them and never fails."""

    faces: list[Face]
    crops: Path
    annotator: Annotator


def world(folder: Path, count: int) -> World:
    """Draw `count` faces and pack their crops under `folder`."""
    cv2.setNumThreads(1)
    drawn = [foundation_faces.draw_face(seed, SIDE) for seed in range(min(DRAWN, count))]
    everywhere = regions.encode_region(np.ones((45, 60), bool))
    faces, truths = [], []
    with crops.packed(folder) as add:
        for number in range(count):
            species = list(vocabulary.SPECIES)[number % len(vocabulary.SPECIES)]
            pixels, attributes = drawn[number % len(drawn)]
            pixels = pixels.copy()
            pixels[0, 0] = number // 65536 % 256, number // 256 % 256, number % 256
            data, pixels_hash = crops.encode(pixels)
            face = _face(number, species, pixels_hash)
            add(face.crop, data)
            faces.append(face)
            seen = () if face.label is Label.BONA_FIDE else vocabulary.cues_of(species)[number % 2 :][:3]
            whole = (everywhere,) * len(seen)
            truths.append(Truth(face.face_id, tuple(seen), (0.5,) * len(seen), whole, (), (), json.dumps(attributes)))
    annotator = Annotator(known_images(faces, truths), config.Simulated(**NEVER | {"seed": 1}))
    return World(faces, folder, annotator)


def _face(number: int, species: str, pixels_hash: str) -> Face:
    bona_fide = species == BONA_FIDE_SPECIES
    presentation = f"msu/{species}/client{number:05d}"
    return Face(
        face_id=face_id(presentation, 4),
        dataset="msu",
        split="train",
        subject=f"msu/client{number:05d}",
        presentation=presentation,
        frame=4,
        label=Label.BONA_FIDE if bona_fide else Label.ATTACK,
        species=species,
        instrument="" if bona_fide else species,
        camera="laptop",
        box=(20, 20, SIDE, SIDE),
        box_source="sidecar",
        crop=f"msu/{number:05d}.png",
        crop_sha256=pixels_hash,
    )


def train_rows(world: World, style: Style) -> list[TrainRow]:
    """Return each face with a label-aware caption of the annotator's: about 95 words in style `reasoning`."""
    rows = []
    for face in world.faces:
        text, finish_reason = world.annotator.reply(style.aware_prompt(face.label, face.species), face.crop_sha256, 0, 600)
        caption, _ = checks.accept(style, text, finish_reason, face.label)
        kept = (face.face_id, face.dataset, face.species, face.label, face.crop, face.crop_sha256)
        rows.append(TrainRow(*kept, style.name, caption))
    return rows


def checkpoint(folder: Path, settings: FoundationSettings, texts: Sequence[str], prompt: str) -> None:
    """Write a model of the shape that params.yaml asks of the foundation, with random weights, whose texts never end early.

    Its logit of the end token is 0, so that the highest of the others exceeds it: every text is as long as it may be.
    """
    words = [
        *(phrase for cue in vocabulary.CUES.values() for phrase in cue.phrasings),
        *vocabulary.STEPS.values(),
        *vocabulary.SPECIES.values(),
    ]
    trained = tokenizer.train_tokenizer([*texts, *words * 20, prompt], settings.vocabulary)
    names = ("image_size", "patch_size", "scale_factor", "hidden_size", "vision_layers", "text_layers", "heads", "seed")
    shape = {name: getattr(settings, name) for name in names}
    model = shape_module.build_model(trained, **shape)
    with torch.no_grad():
        model.lm_head.weight[trained.eos_token_id] = 0
    processor = tokenizer.build_processor(trained, *(shape[name] for name in names[:3]))
    pretraining.save(model, processor, folder)

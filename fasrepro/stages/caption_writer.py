"""A caption model that writes: loaded from its checkpoint, and asked about faces with the prompt that it was trained on.

The stage `caption` uses it here, and `fasrepro caption` on several workers. Nothing in it reads a label.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import filelock
from PIL import Image
from torch import nn
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import hashing, paths
from fasrepro.captions.sets import Generation
from fasrepro.captions.shards import Shard, Write, cut
from fasrepro.captions.silver import SilverError, Text, Writer
from fasrepro.models import backbones, vlm
from fasrepro.models.inputs import generate
from fasrepro.rows.faces import Face
from fasrepro.stages import captioner_checkpoint, jobs
from fasrepro.training import sampling


@dataclasses.dataclass(frozen=True)
class CaptionWriter:
    """A loaded caption model: its texts about faces."""

    model: PreTrainedModel
    processor: ProcessorMixin
    prompt: str
    generation: Generation
    read_image: Callable[[Face], Image.Image]

    def write(self, faces: Sequence[Face]) -> list[Text]:
        """Return a text about each face, in their order."""
        texts: list[Text] = []
        for start in range(0, len(faces), self.generation.batch_size):
            batch = faces[start : start + self.generation.batch_size]
            images = [self.read_image(face) for face in batch]
            written = generate(self._decoder(batch), self.processor, images, self.prompt, self.generation.max_new_tokens)
            texts += [Text(face.face_id, *text) for face, text in zip(batch, written, strict=True)]
        return texts

    def _decoder(self, faces: Sequence[Face]) -> nn.Module:
        """Return what generates about a batch: the model itself, or one that samples."""
        settings = self.generation
        if settings.temperature == 0:
            return self.model
        seeds = [sampling.stream("silver", settings.seed, face.face_id) for face in faces]
        return sampling.Sampler(self.model, settings.temperature, seeds)


def load(name: str, crop: str, generation: Generation, read_image: Callable[[Face], Image.Image]) -> CaptionWriter:
    """Load a caption model as a writer. Errors as `captioner_checkpoint.load`.

    Args:
        name: of the caption model.
        crop: the convention by which the faces were cut out.
        generation: how it writes.
        read_image: returns the crop of a face.
    """
    model, processor, prompt = captioner_checkpoint.load(name, crop)
    return CaptionWriter(model, processor, prompt, generation, read_image)


def load_in(root: Path, name: str, crop: str, generation: Generation, threads: int) -> Write:
    """Return what writes texts in a worker's own process, which then works in the project's folder `root`."""
    os.chdir(root)
    backbones.use_threads(threads)
    return load(name, crop, generation, jobs.crop_reader()).write


def identity(name: str) -> Writer:
    """Return who a caption model is: its name, the hash of its weights and its backbone's, and its prompt."""
    folder = paths.captioner(name)
    own = vlm.read_made_of(folder)
    weights = [hashing.sha256_file(path) for path in sorted(folder.glob("*.safetensors"))]
    return Writer(name, hashing.sha256_json([weights, own.backbone_sha256]), own.prompt)


def work(name: str) -> Path:
    """Return the folder of the unfinished texts of a caption set."""
    return paths.WORK / "caption" / name


def shards_of(name: str, writer: Writer, generation: Generation, faces: Sequence[Face]) -> list[Shard]:
    """Return the shards of a caption set. Their folder's name hashes all that determines their texts.

    Args:
        name: of the caption set.
        writer: who writes.
        generation: how.
        faces: in order.
    """
    inputs = {
        "writer": dataclasses.asdict(writer),
        "generation": dataclasses.asdict(generation),
        "faces": [[face.face_id, face.crop_sha256] for face in faces],
        "versions": hashing.versions(),
    }
    return cut(faces, generation.shard_size, work(name) / hashing.sha256_json(inputs)[:16])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep other processes from writing the texts of a caption set. Raises `SilverError` where one does already."""
    lock = work(name).with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(lock, blocking=False):
            yield
    except filelock.Timeout:
        raise SilverError(f"{lock}: another process writes the texts of {name}; wait until it ends") from None

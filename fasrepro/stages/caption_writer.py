"""A caption model that writes: loaded from its checkpoint, and asked about faces with the prompt that it was trained on.

The stage `caption` uses it here, and `fasrepro caption` on several workers. Nothing in it reads a label.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import filelock
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import LogitsProcessor, LogitsProcessorList, PreTrainedModel, ProcessorMixin

from fasrepro import hashing, paths
from fasrepro.captions.sets import Generation
from fasrepro.captions.shards import Shard, Write, cut
from fasrepro.captions.silver import SilverError, Text, Writer
from fasrepro.models import backbones, vlm
from fasrepro.models.inputs import generate
from fasrepro.rows.faces import Face
from fasrepro.stages import jobs


class GumbelNoise(LogitsProcessor):
    """Add noise to the logits of each row, by which the most likely token is a sample at a temperature.

    The token at the maximum of logits / temperature plus Gumbel noise is distributed as their softmax. Each row has a stream of
    its own, so that what is drawn about a face does not depend on the faces beside it. `banned`: a token that is never drawn.
    """

    def __init__(self, temperature: float, seeds: Sequence[int], banned: int, device: torch.device) -> None:
        self.temperature, self.banned = temperature, banned
        self.streams = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the noisy logits of the next token: (rows, vocabulary)."""
        size, device = scores.shape[-1], scores.device
        noise = torch.stack([torch.empty(size, device=device).exponential_(generator=stream) for stream in self.streams])
        noisy = scores.float() / self.temperature - noise.log()
        noisy[:, self.banned] = -torch.inf
        return noisy


class Sampler(nn.Module):
    """A model whose `generate` samples: `inputs.generate` decodes greedily, and here the most likely token is a draw."""

    def __init__(self, model: PreTrainedModel, noise: GumbelNoise) -> None:
        super().__init__()
        self.model, self.noise = model, noise

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return self.model.device

    def generate(self, **inputs: Any) -> Tensor:
        """Return the tokens of prompts and texts."""
        return self.model.generate(**inputs, logits_processor=LogitsProcessorList([self.noise]))


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
        seeds = [int(hashing.unit_hash("silver", settings.seed, face.face_id) * 2**53) for face in faces]
        return Sampler(self.model, GumbelNoise(settings.temperature, seeds, self.model.config.image_token_id, self.model.device))


def load(name: str, crop: str, generation: Generation, read_image: Callable[[Face], Image.Image], device: str) -> CaptionWriter:
    """Load a caption model from its folder, which has the form of results/checkpoints/<job>.

    Args:
        name: of the caption model.
        crop: the convention by which the faces were cut out.
        generation: how it writes.
        read_image: returns the crop of a face.
        device: where it runs.

    Raises:
        BackboneError: there is no such checkpoint, or its backbone, its crops or its image processor are others than those here.
    """
    folder = paths.captioner(name)
    own = vlm.read_made_of(folder)
    base, processor = backbones.load(own.backbone, device)
    here = {
        "backbone_sha256": backbones.weights_hash(own.backbone),
        "crop": crop,
        "image_backend": vlm.image_backend(processor),
    }
    model = vlm.load(base, folder, dataclasses.replace(own, **here)).release().eval()
    return CaptionWriter(model, processor, own.prompt, generation, read_image)


def load_in(root: Path, name: str, crop: str, generation: Generation, threads: int) -> Write:
    """Return what writes texts in a worker's own process, which then works in the project's folder `root`."""
    os.chdir(root)
    backbones.use_threads(threads)
    return load(name, crop, generation, jobs.crop_reader(), backbones.device()).write


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

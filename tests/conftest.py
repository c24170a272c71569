"""What several test folders share: one thread a worker, a small checkpoint of the real form, and pictures to feed it."""

from __future__ import annotations

import os

# Before numpy and torch are imported, which read it once. Workers run side by side, so more threads only get in their way.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from tests.annotated_world import World, make_world
from tests.torchvision_beside_cpu import without_operators

without_operators()

# Several workers share the cores, so how long an example takes says nothing.
hypothesis.settings.register_profile("fasrepro", deadline=None)
hypothesis.settings.load_profile("fasrepro")


TEXTS = [
    "a person with brown hair looks at the camera in soft light",
    "the pale edge of a sheet of paper and flat lighting; this is a presentation attack",
    "a moire pattern over the face and the dark bezel of a device",
]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Idefics3 checkpoint with random weights, as `save_pretrained` writes it."""
    from fasrepro.foundation import pretraining, shape
    from fasrepro.foundation import tokenizer as tokenizers

    folder = tmp_path_factory.mktemp("checkpoint")
    # Both answers of one token each, as the foundation's tokenizer has them.
    tokenizer = tokenizers.train_tokenizer([*TEXTS * 3, *["Yes", "No"] * 20], 400)
    processor = tokenizers.build_processor(tokenizer, image_size=32, patch_size=8, scale_factor=2)
    model = shape.build_model(
        tokenizer,
        image_size=32,
        patch_size=8,
        scale_factor=2,
        hidden_size=32,
        vision_layers=1,
        text_layers=1,
        heads=2,
        seed=3,
    )
    pretraining.save(model, processor, folder)
    return folder


@pytest.fixture(scope="session")
def captioner(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A caption model on that checkpoint that learned one caption by heart, as results/captioners/<name> holds it."""
    from tests import caption_models

    folder = tmp_path_factory.mktemp("captioner")
    caption_models.learn(checkpoint, folder, steps=200)
    return folder


@pytest.fixture(scope="session")
def picture() -> Callable[[int], Image.Image]:
    """Pictures that differ by their number, and not in their size alone."""

    def draw(number: int) -> Image.Image:
        rng = np.random.default_rng(number)
        return Image.fromarray(rng.integers(0, 256, (40 + number % 5, 36, 3), dtype=np.uint8))

    return draw


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Faces whose truth is known, as the stages `archives` and `index` leave them."""
    return make_world(tmp_path_factory.mktemp("world"), 45)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the pipeline, which takes longest, first."""
    items.sort(key=lambda item: item.get_closest_marker("pipeline") is None)

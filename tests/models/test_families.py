"""Each family of checkpoints walks the steps of both papers, on a tiny random checkpoint of its own architecture.

One family runs with the other tests; `make test-families` runs all, and writes the table of them that the manual shows.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fasrepro.models import backbones, inputs, needs, scoring, sites, vlm
from fasrepro.models.inputs import encode_prompts, generate
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches
from fasrepro.training.recipe import HEAD_SITES
from tests.models import family_table
from tests.models.families import FAMILIES, build
from tests.small_models import PROMPT, made_of, model_of, move
from tests.training import small_runs
from tests.training.small_runs import QUESTION

USUAL = "gemma3"  # needs no package beyond the lock, and has two end tokens and a template that begins as its tokenizer does
ONE_SIZE, MIXED = ((40, 36), (40, 36), (40, 36)), ((64, 32), (30, 64), (33, 31))  # height, width
ADAPTED = ["lora_language", "projector", "head"]
TRAINED_IN_TWO: dict[str, Any] = {
    "score_by": "answer",
    "answer_prompt": QUESTION,
    "phases": [
        {"name": "describe", "train": ["vision", "projector", "language"], "losses": {"caption": 1.0}, "steps": 2},
        {
            "name": "answer",
            "reset": ["projector", "language"],
            "train": ["projector", "lora_language"],
            "losses": {"caption": 1.0, "answer": 1.0},
            "steps": 2,
        },
    ],
}


def picture(number: int, sizes: Sequence[tuple[int, int]] = ONE_SIZE) -> Image.Image:
    size = sizes[number % len(sizes)]
    return Image.fromarray(np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8))


@functools.cache
def checkpoint_of(family: str) -> Path:
    lacking = needs.lacking(family)
    if lacking:
        pytest.skip(f"{family} needs {' and '.join(lacking)}")
    return build(family, Path(tempfile.mkdtemp()) / family)


def train(checkpoint: Path, sizes: Sequence[tuple[int, int]], work: Path, **changed: Any) -> Any:
    return small_runs.train(
        checkpoint,
        lambda number: picture(number, sizes),
        work,
        small_runs.rows(),
        learning_rates=[0.003],
        batch_size=3,
        **changed,
    )


def dual_loss(checkpoint: Path, folder: Path) -> None:
    """Head and captions are trained, and each loss is a number."""
    trained = train(checkpoint, ONE_SIZE, folder, **small_runs.steps(2, train=ADAPTED), head_site="prompt")
    assert all(np.isfinite(curve).all() for curve in trained.log["losses"]["joint"].values())
    assert len(trained.log["losses"]["joint"]) == 2


def two_phases(checkpoint: Path, folder: Path) -> None:
    """A reset gives back the weights of the parts that it names, and no others; the adapters go on top."""
    trained = train(checkpoint, MIXED, folder, **TRAINED_IN_TWO)
    parts = backbones.backbone(vlm.unwrapped(trained.model.body))
    assert trained.weights
    assert all(name.startswith(parts.vision + ".") for name in trained.weights)
    scores = scoring.by_answer(trained.model, trained.processor, QUESTION, "attack")([picture(1), picture(2)])
    assert all(0 < score < 1 for score in scores)


def mixed_sizes(checkpoint: Path, folder: Path) -> None:
    """Pictures of several sizes are trained on, and rows that were encoded alone are joined as the processor joins them."""
    train(checkpoint, MIXED, folder, **small_runs.steps(2, train=ADAPTED), head_site="prompt")
    processor = backbones.load_processor(str(checkpoint))
    for sizes in (ONE_SIZE, MIXED):
        encode = batches.prompt_encoder(processor, functools.partial(crop, sizes=sizes), PROMPT)
        rows = small_runs.rows()
        for part in (rows[:2], rows[2:4], rows[1:4]):
            together = encode_prompts(processor, [picture(int(row.crop), sizes) for row in part], PROMPT)
            encoded = encode(part)
            assert all(torch.equal(encoded[name], value) for name, value in together.items())


def crop(row: TrainRow, sizes: Sequence[tuple[int, int]]) -> Image.Image:
    return picture(int(row.crop), sizes)


def both_scorers(checkpoint: Path, folder: Path) -> None:
    """A picture's score is its own: alone and in a batch, beside whichever others."""
    for sizes in (ONE_SIZE, MIXED):
        pictures = [picture(number, sizes) for number in range(3)]
        model, processor = model_of(checkpoint, ADAPTED, site="prompt")
        for score in (scoring.by_head(model, processor, PROMPT), scoring.by_answer(model, processor, QUESTION, "attack")):
            alone = [score([one])[0] for one in pictures]
            assert score(pictures) == pytest.approx(alone, abs=1e-4)
            assert len(set(alone)) == len(alone)


def head_at(site: str) -> Callable[[Path, Path], None]:
    """Return the step that reads the head at a site."""

    def step(checkpoint: Path, folder: Path) -> None:
        model, processor = model_of(checkpoint, ADAPTED, site=site)
        sites.check(vlm.unwrapped(model.body), processor, site, PROMPT)
        score = scoring.by_head(model, processor, PROMPT)
        for sizes in (ONE_SIZE, MIXED):
            first, second, third = (picture(number, sizes) for number in range(3))
            alone = [score([one])[0] for one in (first, second, third)]
            assert score([first, second]) == pytest.approx(alone[:2], abs=1e-4)
            assert score([first, third])[1] == pytest.approx(alone[2], abs=1e-4)
            assert abs(alone[1] - alone[2]) > 1e-5

    return step


def generation(checkpoint: Path, folder: Path) -> None:
    """A text ends at any of the family's end tokens, and a picture has the same one alone and in a batch."""
    model, processor = backbones.load(str(checkpoint))
    pictures = [picture(number, MIXED) for number in range(2)]
    texts = generate(model, processor, pictures, PROMPT, 6)
    assert texts == [generate(model, processor, [one], PROMPT, 6)[0] for one in pictures]
    ends = [processor.tokenizer.convert_tokens_to_ids(token) for token in FAMILIES[checkpoint.name].ends]
    assert set(inputs.end_tokens(model, processor)) == set(ends)
    ids = encode_prompts(processor, pictures[:1], PROMPT)["input_ids"][0].tolist()
    assert ids.count(processor.tokenizer.bos_token_id) <= 1
    decoded = processor.tokenizer.decode(ids)
    assert decoded.count("<think>") == decoded.count("</think>")


def save_and_load(checkpoint: Path, folder: Path) -> None:
    """What is saved and loaded gives the same logits to the bit; merged, the same up to rounding."""
    model, processor = model_of(checkpoint, ADAPTED, site="prompt")
    move(model)
    contents = made_of(checkpoint, processor, "prompt")
    vlm.save(model, folder / "trained", contents, vlm.changed_weights(model))
    again = vlm.load(backbones.load(str(checkpoint))[0], folder / "trained", contents)
    batch = encode_prompts(processor, [picture(1, MIXED), picture(2, MIXED)], PROMPT)
    with torch.no_grad():
        outputs = [one(prompt_tokens=batch["input_ids"].shape[1], **batch) for one in (model, again)]
    assert torch.equal(outputs[0].logits, outputs[1].logits)
    assert torch.equal(outputs[0].head_logits, outputs[1].head_logits)


def merge(checkpoint: Path, folder: Path) -> None:
    """A merged checkpoint loads as one of the family, and says what the adapted model says."""
    model, processor = model_of(checkpoint, ADAPTED, site="prompt")
    move(model)
    vlm.save(model, folder / "trained", made_of(checkpoint, processor, "prompt"), vlm.changed_weights(model))
    vlm.merge(str(checkpoint), folder / "trained", folder / "merged")
    merged, again = backbones.load(str(folder / "merged"))
    batch = encode_prompts(again, [picture(1, MIXED), picture(2, MIXED)], PROMPT)
    with torch.no_grad():
        torch.testing.assert_close(merged(**batch).logits, model.body(**batch).logits, rtol=1e-3, atol=1e-3)


STEPS: dict[str, Callable[[Path, Path], None]] = {
    "dual loss": dual_loss,
    "two phases, reset": two_phases,
    "mixed sizes": mixed_sizes,
    "both scorers": both_scorers,
    **{f"head at {site}": head_at(site) for site in HEAD_SITES},
    "generation": generation,
    "save and load": save_and_load,
    "merge": merge,
}
# Sites at which a family keeps pictures of several sizes apart in no way; training there is refused with this message.
REFUSED = {("llava_onevision", "head at vision"): "head_site 'vision' cannot be read with a backbone of type llava_onevision"}
CASES = [pytest.param(family, step, marks=[] if family == USUAL else pytest.mark.slow) for family in FAMILIES for step in STEPS]


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Write the manual's table after all tests, if `make test-families` asks for it."""
    yield
    if "FASREPRO_FAMILY_TABLE" in os.environ:
        family_table.write(list(FAMILIES), list(STEPS))


@pytest.mark.parametrize(("family", "step"), CASES)
def test_a_family_walks_a_step(family: str, step: str, tmp_path: Path) -> None:
    checkpoint = checkpoint_of(family)
    refused = REFUSED.get((family, step))
    if refused:
        with pytest.raises(backbones.BackboneError, match=refused):
            STEPS[step](checkpoint, tmp_path)
    else:
        STEPS[step](checkpoint, tmp_path)
    family_table.note(family, step, "refused" if refused else "runs")


def test_every_family_is_walked() -> None:
    assert FAMILIES.keys() == backbones.BACKBONES.keys()


def test_the_manuals_table_has_every_family_and_step_and_was_made_with_the_locked_packages() -> None:
    assert family_table.read() == (list(STEPS), list(FAMILIES), family_table.locked_versions())

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import ProcessorMixin

from fasrepro.captions import layouts
from fasrepro.models import backbones, inputs
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches
from tests.small_models import PROMPT
from tests.training.small_runs import QUESTION, TEXTS, rows


def row(dataset: str, number: int) -> TrainRow:
    return TrainRow(f"{dataset}/v#{number}", dataset, "bona_fide", Label.BONA_FIDE, "", "", "", "")


def test_balanced_draws_fall_on_each_data_set_equally_often() -> None:
    rows = [row("oulu", n) for n in range(71)] + [row("msu", n) for n in range(19)] + [row("casia", n) for n in range(10)]
    weights = batches.row_weights(rows, "balanced")
    assert weights is not None
    shares = [sum(w for r, w in zip(rows, weights, strict=True) if r.dataset == name) for name in ("oulu", "msu", "casia")]
    assert shares == pytest.approx([1.0, 1.0, 1.0])
    drawn = torch.multinomial(torch.tensor(weights), 30_000, replacement=True, generator=torch.Generator().manual_seed(1))
    assert sum(rows[n].dataset == "casia" for n in drawn.tolist()) / 30_000 == pytest.approx(1 / 3, abs=0.02)


def test_natural_draws_every_row_once() -> None:
    assert batches.row_weights([row("oulu", 0)], "natural") is None


def test_a_row_is_encoded_once_and_as_it_is_in_any_batch(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    read: list[str] = []

    def image(row: TrainRow) -> Image.Image:
        read.append(row.face_id)
        return picture(5 * int(row.crop))  # of one size

    _, processor = backbones.load(str(checkpoint))
    encode = batches.prompt_encoder(processor, image, PROMPT)
    data = rows()
    for batch in (data[:3], data[2:5], data[:1]):
        together = inputs.encode_prompts(processor, [picture(5 * int(row.crop)) for row in batch], PROMPT)
        encoded = encode(batch)
        assert encoded.keys() == together.keys()
        assert all(torch.equal(encoded[name], together[name]) for name in together)
    first = [row.face_id for row in data[:3]]  # is encoded as a batch too, to see how the processor joins its rows
    assert read == [*first, *first, *(row.face_id for row in data[3:5])]


class PaddingProcessor(ProcessorMixin):
    """Pads images to the largest of a batch, as some architectures' processors do."""

    def __init__(self) -> None:
        pass

    def apply_chat_template(self, messages: list[Any], **_: Any) -> str:
        return PROMPT

    def __call__(self, text: list[str], images: list[list[Image.Image]], **_: Any) -> dict[str, torch.Tensor]:
        pixels = torch.zeros(len(images), *(max(sizes) for sizes in zip(*(image.size for (image,) in images), strict=True)))
        for row, (image,) in enumerate(images):
            pixels[row, : image.width, : image.height] = 1
        return {"pixel_values": pixels, "input_ids": torch.ones(len(text), 4, dtype=torch.long)}


def test_images_of_several_sizes_are_padded_as_the_processor_does(picture: Callable[[int], Image.Image]) -> None:
    images = [picture(number).resize(size) for number, size in enumerate(((4, 2), (2, 4)))]
    encode = batches.prompt_encoder(PaddingProcessor(), lambda row: images[int(row.crop) % 2], PROMPT)
    data = rows()[:2]
    together = inputs.encode_prompts(PaddingProcessor(), [images[int(row.crop) % 2] for row in data], PROMPT)
    assert together["pixel_values"].shape == (2, 4, 4)
    assert all(torch.equal(value, together[name]) for name, value in encode(data).items())


def test_no_more_is_kept_than_there_is_room_for(
    checkpoint: Path, picture: Callable[[int], Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(batches, "KEPT_BYTES", 100)
    _, processor = backbones.load(str(checkpoint))
    encode = batches.prompt_encoder(processor, lambda row: read.append(row.face_id) or picture(5), PROMPT)
    assert all(torch.equal(value, encode(rows()[:2])[name]) for name, value in encode(rows()[:2]).items())
    assert len(read) > 2


def test_captions_are_cut_at_the_limit_and_only_then_lack_an_end(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    _, processor = backbones.load(str(checkpoint))
    prompts = inputs.encode_prompts(processor, [picture(1)], PROMPT)
    for limit, ends in ((3, False), (64, True)):
        labels = inputs.append_captions(prompts, [TEXTS[0]], processor, limit)["labels"][0]
        kept = labels[labels != inputs.IGNORED].tolist()
        assert len(kept) <= limit
        assert (kept[-1] == processor.tokenizer.eos_token_id) is ends


@pytest.mark.parametrize("conclusion_yes", [Verdict.BONA_FIDE, Verdict.ATTACK])
@pytest.mark.parametrize("answer_yes", ["bona_fide", "attack"])
def test_what_yes_means_is_named_apart_for_the_answer_and_for_the_conclusion(
    checkpoint: Path, picture: Callable[[int], Image.Image], answer_yes: str, conclusion_yes: Verdict
) -> None:
    _, processor = backbones.load(str(checkpoint))
    form = layouts.tagged_form(conclusion_yes)
    parts = ["soft light"] * len(form.titles)
    verdicts = {Label.BONA_FIDE: Verdict.BONA_FIDE, Label.ATTACK: Verdict.ATTACK}
    data = [dataclasses.replace(row, caption=form.write(parts, verdicts[row.label])) for row in rows()]
    describe = batches.collator(processor, lambda row: picture(int(row.crop)), PROMPT, 400)
    answer = batches.answer_collator(processor, lambda row: picture(int(row.crop)), QUESTION, answer_yes)
    batch = batches.phase_collator({"prompt": describe, "answer_prompt": answer}, "all")(data)[0]
    for row, tokens, labels in zip(data, batch["answer_prompt"]["answer"], batch["prompt"]["labels"], strict=True):
        answered = processor.tokenizer.decode([int(tokens)]).strip()
        concluded = processor.tokenizer.decode(labels[labels != inputs.IGNORED], skip_special_tokens=True)
        assert (answered == "Yes") is (row.label is Label[answer_yes.upper()])
        assert (layouts.CONCLUSION + ">Yes" in concluded) is (verdicts[row.label] is conclusion_yes)


def test_rows_take_two_tasks_in_turn() -> None:
    tasks: dict[str, batches.Task] = {
        name: lambda part: {"rows": [row.crop for row in part]} for name in ("prompt", "answer_prompt")
    }
    data = rows()
    both = batches.phase_collator(tasks, "all")(data[:2])
    assert both == [{"prompt": {"rows": ["0", "1"]}, "answer_prompt": {"rows": ["0", "1"]}}]
    in_turn = batches.phase_collator(tasks, "in_turn")
    assert in_turn(data[:4]) == [{"prompt": {"rows": ["0", "2"]}, "answer_prompt": {"rows": ["1", "3"]}}]
    assert in_turn(data[:1]) == [{"prompt": {"rows": ["0"]}}]  # the rest of an epoch


@settings(max_examples=30)
@given(st.integers(1, 13), st.integers(0, 3), st.integers(1, 4), st.sampled_from(["all", "in_turn"]))
def test_however_a_step_is_divided_each_task_has_its_rows_once(
    rows_a_step: int, at_once: int, devices: int, row_tasks: str
) -> None:
    tasks: dict[str, batches.Task] = {
        name: lambda part: {"rows": [row.face_id for row in part]} for name in ("prompt", "answer_prompt")
    }
    step = [row("msu", number) for number in range(rows_a_step)]
    [whole] = batches.phase_collator(tasks, row_tasks)(step)
    passes = [
        one
        for device in range(devices)
        for one in batches.phase_collator(tasks, row_tasks, at_once=2 * at_once, device=device, devices=devices)(step)
    ]
    for name in tasks:
        taken = [face for one in passes if name in one for face in one[name]["rows"]]
        assert sorted(taken) == sorted(whole[name]["rows"] if name in whole else [])
    most = 2 * at_once if at_once else rows_a_step
    assert all(sum(len(batch["rows"]) for batch in one.values()) <= most * (2 if row_tasks == "all" else 1) for one in passes)


def test_an_epoch_of_weighted_draws_is_the_same_wherever_it_is_begun() -> None:
    through, later = batches.WeightedOrder([1.0, 2.0, 3.0], 7), batches.WeightedOrder([1.0, 2.0, 3.0], 7)
    drawn = torch.utils.data.WeightedRandomSampler([1.0, 2.0, 3.0], 3, generator=torch.Generator().manual_seed(7))
    epochs = []
    for epoch in range(4):
        through.set_epoch(epoch)
        epochs.append(list(through))
        assert epochs[-1] == list(drawn)
    later.set_epoch(3)
    assert list(later) == epochs[3]

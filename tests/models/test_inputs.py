"""How prompts are opened, where texts end, how rows are joined, and which captions are refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import ProcessorMixin

from fasrepro.models import backbones, inputs

QUESTION = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]


class Template(ProcessorMixin):
    """A processor whose chat template opens a thought, unless it is asked not to and can be asked."""

    def __init__(self, opened: str, chat_template: str = "") -> None:
        self.opened, self.chat_template = opened, chat_template

    def apply_chat_template(self, messages: list[Any], **options: Any) -> str:
        """Return the opened turn."""
        thinks = options.get("enable_thinking", True)
        return self.opened if thinks else "assistant:<think>\n\n</think>\n\n"


def test_what_follows_a_prompt_stands_outside_a_thought() -> None:
    asked = Template("assistant:<think>\n", "{% if enable_thinking %}")
    for processor in (asked, Template("assistant:<think>\n")):
        assert inputs.opened_turn(processor, QUESTION) == "assistant:<think>\n\n</think>\n\n"
    assert inputs.opened_turn(Template("assistant:"), QUESTION) == "assistant:"


@pytest.mark.parametrize(("own", "expected"), [(None, [2]), (2, [2]), (7, [2, 7]), ([7, 2, 9], [2, 7, 9])])
def test_a_text_ends_at_the_tokenizers_token_and_at_the_backbones(own: Any, expected: list[int]) -> None:
    model = torch.nn.Module()
    model.generation_config = SimpleNamespace(eos_token_id=own)
    processor = Template("")
    processor.tokenizer = SimpleNamespace(eos_token_id=2)
    assert inputs.end_tokens(model, processor) == expected


def test_rows_are_joined_along_the_axis_of_the_processor() -> None:
    parts = [{"ids": torch.ones(1, 3) * row, "patches": torch.ones(1, 2, 4) * row} for row in (1, 2)]
    together = {"ids": torch.cat([part["ids"] for part in parts]), "patches": torch.cat([p["patches"] for p in parts], dim=2)}
    axes = inputs.row_axes(parts, together)
    assert axes == {"ids": 0, "patches": 2}
    assert all(torch.equal(value, together[name]) for name, value in inputs.join_rows(parts, axes).items())
    assert inputs.row_axes(parts, {"ids": together["ids"].flip(0)}) is None


@pytest.mark.parametrize("token", ["<image>", "<end_of_utterance>", "<row_1_col_2>"])
def test_a_caption_that_holds_a_token_of_the_processor_is_refused(checkpoint: Path, token: str) -> None:
    processor = backbones.load_processor(str(checkpoint))
    inputs.check_captions(processor, {"msu/a#0000": "a <face> in soft light; <Conclusion>No</Conclusion>", "msu/b#0000": ""})
    with pytest.raises(inputs.CaptionTokenError, match=f"caption of msu/b#0000: it holds '{token}'.*take the face out"):
        inputs.check_captions(processor, {"msu/a#0000": "soft light", "msu/b#0000": f"a {token} of a face"})

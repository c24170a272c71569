"""The question of each attempt: when the next prompt is asked, and when the attempts end."""

from __future__ import annotations

import pytest

from fasrepro.llm import attempts
from fasrepro.llm.types import REFUSED, ChatRequest, Endpoint

ENDPOINT = Endpoint("http://127.0.0.1", "", "m", 8, 6, 10.0, 600, 0.7, 1, refusals=2)


def asked(codes: list[str], in_rounds: bool) -> str:
    """Return which prompts are asked if the attempts are rejected with these codes; "" is an error in place of a reply."""
    variants = tuple(ChatRequest("", name, name) for name in "bc")
    steps = attempts.schedule(ChatRequest("", "a", "a", fallbacks=variants, in_rounds=in_rounds), ENDPOINT)
    prompts = [next(steps)[1].user]
    try:
        for code in codes:
            prompts.append(steps.send(code)[1].user)
    except StopIteration:
        pass
    return "".join(prompts)


@pytest.mark.parametrize(
    ("codes", "in_rounds", "prompts"),
    [
        (["format"] * 9, False, "aaaaaa"),  # as many as `attempts`
        ([REFUSED] * 9, False, "aabbcc"),
        ([REFUSED, "format", "", REFUSED, "format"], False, "aaaabb"),
        (["format"] * 9, True, "abc"),  # one reply a prompt, whatever its fault
        ([REFUSED, "contradicts the label", "format"], True, "abc"),
        (["", "", "format", "", "empty", "format"], True, "aaabbc"),  # an error is no reply
        ([""] * 9, True, "aaaaaa"),
    ],
)
def test_refusals_count_against_a_prompt_and_in_rounds_every_reply_does(codes: list[str], in_rounds: bool, prompts: str) -> None:
    assert asked(codes, in_rounds) == prompts

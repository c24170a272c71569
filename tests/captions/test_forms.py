"""Texts with and without steps, held to the styles that a run was trained on."""

from __future__ import annotations

from fasrepro.captions import forms
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Verdict

VANILLA, REASONING = STYLES["vanilla"], STYLES["reasoning"]


def test_a_text_with_steps_is_held_to_them_though_running_text_would_take_it() -> None:
    steps = [f"Here the picture shows what there is to be seen of step {number}, and no more than that." for number in range(6)]
    whole = REASONING.format(steps, Verdict.ATTACK)
    lines = whole.split("\n")
    short = "\n".join([*lines[:2], *lines[3:]])
    swapped = "\n".join([lines[0], lines[2], lines[1], *lines[3:]])
    running = VANILLA.format([steps[0]], Verdict.ATTACK)
    for text, styles, wanted in (
        (whole, [VANILLA, REASONING], True),
        (running, [VANILLA, REASONING], True),
        (short, [VANILLA, REASONING], False),
        (swapped, [VANILLA, REASONING], False),
        (short, [REASONING], False),
        (whole, [REASONING], True),
        (running, [REASONING], False),
    ):
        assert forms.fits(text, styles) is wanted

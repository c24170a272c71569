"""Our own controls: what a difference between runs is due to."""

from __future__ import annotations

from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.paper1 import LEAVE_ONE_OUT

FAMILY = "controls"
IN_FAMILY = ("C-1", "C-2", "C-3", "C-4", "C-5", "C-9")  # six at most: with more, Holm leaves each too little power


def control(id: str, text: str, run: str, baseline: str) -> Claim:
    """Return a control, tested on the head's scores and on the targets of paper 1's leave-one-out protocols."""
    family = FAMILY if id in IN_FAMILY else ""
    return Claim(id, text, run=run, baseline=baseline, targets=LEAVE_ONE_OUT, family=family)


CLAIMS: tuple[Claim, ...] = (
    control("C-1", "Labels with vanilla captions do better than labels alone.", "vanilla", "label_only"),
    control("C-2", "Structure: six steps do better than the same sentences as prose.", "reasoning_only", "prose"),
    control(
        "C-3",
        "Grounding: captions of the image do better than captions of another image of the same species.",
        "reasoning_only",
        "shuffled",
    ),
    control(
        "C-4",
        "The right cues do better than cues of another kind of attack under the true verdict.",
        "reasoning_only",
        "wrong_cues",
    ),
    control("C-5", "Cues do better than the species and the verdict alone.", "reasoning_only", "species_only"),
    control(
        "C-6",
        "Words of spoofing do better than neutral descriptions of about as many tokens.",
        "reasoning_only",
        "neutral",
    ),
    control("C-7", "Meaning does better than as many words drawn at random.", "reasoning_only", "random_words"),
    control(
        "C-8",
        "Without language: a vision encoder tuned with LoRA does better than a linear probe of the frozen one.",
        "label_only",
        "linear_probe",
    ),
    control("C-9", "Labels with mixed reasoning captions do better than labels alone.", "reasoning", "label_only"),
    control(
        "C-10",
        "With the head on the language model's state at the end of the prompt, instead of the vision encoder, mixed reasoning "
        "captions do better than vanilla captions.",
        "reasoning_prompt_head",
        "vanilla_prompt_head",
    ),
    control(
        "C-11",
        "With the head on the language model, labels with vanilla captions do better than labels alone.",
        "vanilla_prompt_head",
        "label_only_prompt_head",
    ),
)

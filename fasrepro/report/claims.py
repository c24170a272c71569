"""The claims: what the papers say, controls of ours, and which results are looked at for each. Verdicts are made in `ledger`."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

HEAD = "head"
READERS = "readers"
SAMPLER = "sampler"  # the baseline of grounding: see `evaluation.grounding`


@dataclasses.dataclass(frozen=True)
class Claim:
    """A statement that `run` does better than `baseline`, and how it is looked at: a key of `LOOKS`.

    `channel`: the head's scores, or every reader's verdicts. `metric`: None for the ledger's own; `beside`: others, with their
    level, whose mean over protocols is told too. `figures`: ids of the published baseline and run figures; none for a control of
    ours; `about`: the protocol that they are about, if not the mean over all. `loses`: the claim is that the run does *worse*.
    `reason`: why it is not tested; ``{id}`` in it stands for a published figure.
    """

    id: str
    text: str
    run: str = ""
    baseline: str = ""
    channel: str = HEAD
    metric: str | None = None
    level: str = "video"
    beside: tuple[tuple[str, str], ...] = ()
    figures: tuple[str, ...] = ()
    about: str = ""
    loses: bool = False
    transfer: bool = False  # about models on a data set that no leave-one-out protocol has for its target
    look: str = "paired"
    reason: str = ""

    @property
    def ours(self) -> bool:
        """Whether it is a control of ours, which has nothing to reproduce."""
        return self.id.startswith("C-")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "P1-1",
        "Training on six-step reasoning mixed with vanilla captions lowers the HTER on an unseen data set against vanilla "
        "captions alone. Here: of the head's scores; as far as we know the paper reports the text's verdicts only.",
        run="reasoning",
        baseline="vanilla",
        figures=("p1_loo_vanilla_hter", "p1_loo_mixed_hter"),
    ),
    Claim(
        "P1-2",
        "The same, measured as the paper does: HTER by frame of the verdicts that a reader takes from the explanations. This is "
        "the paper's headline figure; its head serves training only [2].",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="hter",
        level="frame",
        beside=(("hter_decided", "frame"), ("hter", "video")),
        figures=("p1_loo_vanilla_hter", "p1_loo_mixed_hter"),
    ),
    Claim(
        "P1-3",
        "Trained on M, O and I and tested on SiW-Mv2, whose attacks include masks and make-up, reasoning captions do worse. "
        "Here: on SiW-Mv2 from each set of sources that was trained on.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="hter",
        level="frame",
        beside=(("hter_decided", "frame"), ("hter", "video")),
        figures=("p1_siw_vanilla_hter", "p1_siw_mixed_hter"),
        about="omi_w",
        loses=True,
        transfer=True,
    ),
    Claim(
        "P1-4",
        "Mixed reasoning raises the accuracy of the verdicts that a reader takes from the explanations.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="accuracy",
        level="frame",
        beside=(("accuracy_decided", "frame"), ("accuracy", "video")),
        figures=("p1_loo_vanilla_accuracy", "p1_loo_mixed_accuracy"),
    ),
    Claim(
        "P1-5",
        "It does better than SA-FAS and DiVT-M [2].",
        look="none",
        reason="neither method is trained here. The paper compares on transfer [2]; published leave-one-out HTERs of SA-FAS, "
        "{safas_loo_hter}, and DiVT-M, {divt_loo_hter}, stand beside paper 1's {p1_loo_mixed_hter}, but not on the same rows, "
        "nor by the same rule for a threshold",
    ),
    Claim(
        "P1-6",
        "A model that is taught to reason attends to spoof cues. Here: the cues that its explanations name agree better with "
        "those in the image (F1) than the cues of training captions drawn without looking at it, but by its true label.",
        run="reasoning",
        baseline=SAMPLER,
        channel="explanations",
        metric="f1",
        look="grounding",
    ),
    Claim(
        "P1-7",
        "The gain needs no bigger model.",
        look="none",
        reason="one backbone of one size is trained here; params.yaml takes the name of any other",
    ),
    Claim(
        "P1-8",
        "Explanations serve as a control on what a detector has learnt from a data set's bias.",
        look="none",
        reason="whether people find a bias by reading explanations takes people",
    ),
    Claim(
        "P1-9",
        "A limit that the paper names [2]: whether explanations are faithful to what decides is not established.",
        look="none",
        reason="no run here is made to be faithful; what happens when a cue is taken out stands on the page Explanations",
    ),
    Claim(
        "P1-10",
        "A limit that the paper names [2]: whether explanations help people is not tested.",
        look="none",
        reason="it takes people",
    ),
    Claim(
        "P1-11",
        "A limit that the paper names [2]: captions bear the bias of the annotator's prompt, which tells the label. Here: "
        "captions of an annotator that was told it do worse than those of one that was not.",
        run="reasoning_only",
        baseline="blind",
        loses=True,
    ),
    Claim(
        "P1-12",
        "A limit: nothing is known of fairness between groups of people.",
        look="none",
        reason="with so few subjects a target, none of a group's error rates could be told from another's",
    ),
    Claim("C-1", "Vanilla captions beside the labels do better than labels alone.", run="vanilla", baseline="label_only"),
    Claim("C-2", "Structure: six steps do better than the same sentences as prose.", run="reasoning_only", baseline="prose"),
    Claim(
        "C-3",
        "Grounding: captions of the image do better than those of another image of the same species.",
        run="reasoning_only",
        baseline="shuffled",
    ),
    Claim(
        "C-4",
        "The right cues do better than cues of another kind of attack under the true verdict.",
        run="reasoning_only",
        baseline="wrong_cues",
    ),
    Claim(
        "C-5",
        "Cues do better than the species and the verdict alone.",
        run="reasoning_only",
        baseline="species_only",
    ),
    Claim(
        "C-6",
        "Words of spoofing do better than neutral descriptions of about as many tokens.",
        run="reasoning_only",
        baseline="neutral",
    ),
    Claim(
        "C-7",
        "Meaning does better than as many words drawn at random.",
        run="reasoning_only",
        baseline="random_words",
    ),
    Claim(
        "C-8",
        "Without language: a vision encoder tuned with LoRA does better than a linear probe of the frozen one.",
        run="label_only",
        baseline="linear_probe",
    ),
    Claim(
        "C-9", "Mixed reasoning captions beside the labels do better than labels alone.", run="reasoning", baseline="label_only"
    ),
    Claim(
        "C-10",
        "Where the head reads the language model's state at the end of the prompt, and not the vision encoder, mixed reasoning "
        "captions do better than vanilla captions.",
        run="reasoning_prompt_head",
        baseline="vanilla_prompt_head",
    ),
    Claim(
        "C-11",
        "Where the head reads the language model, vanilla captions beside the labels do better than labels alone.",
        run="vanilla_prompt_head",
        baseline="label_only_prompt_head",
    ),
)


def compared(runs: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of `runs` that a claim is about, as (earlier, later) in their order.

    With many runs there are far more pairs than questions: others stand in metrics.json, and on the page of an ablation.
    """
    asked = {frozenset((claim.run, claim.baseline)) for claim in CLAIMS if claim.look == "paired"}
    return [pair for pair in itertools.combinations(runs, 2) if frozenset(pair) in asked]

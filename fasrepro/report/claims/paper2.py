"""The claims of paper 2 (FaceCoT), and what contradicts them, written down before any of its runs is trained.

Runs that are compared have the same optimizer steps, distinct images, image forwards, trained parts in each phase, schedule and
restarts, and the same learning rates tried.
"""

from __future__ import annotations

from fasrepro.report.claims.claim import CAPTION_MODELS, Claim

PRIMARY = "paper 2, primary"
COUNTER_CLAIMS = "counter-claims"
ELEVEN = "HTER, mean over the eleven targets"
TARGETS = (
    "casia",
    "surf_3dmask",
    "hkbu",
    "hifimask",
    "msu",
    "oulu",
    "replay",
    "rose_youtu",
    "siw",
    "siw_mv2",
    "wmca",
)  # the eleven


def claim(
    id: str,
    text: str,
    run: str,
    baseline: str,
    measure: str,
    family: str = "",
    published: tuple[str, ...] = (),
    worse: bool = False,
) -> Claim:
    """Return a claim that waits for its runs; `measure`: what will decide it, and where."""
    reason = f"its runs follow; to be decided by {measure}"
    return Claim(
        id, text, run=run, baseline=baseline, test="not run", family=family, published=published, worse=worse, reason=reason
    )


def eleven(
    id: str,
    text: str,
    run: str,
    baseline: str,
    family: str = "",
    published: tuple[str, ...] = (),
    beside: tuple[tuple[str, str], ...] = (),
) -> Claim:
    """Return a claim that the HTER on the eleven targets decides, by the score of the label question."""
    return Claim(id, text, run, baseline, beside, targets=TARGETS, family=family, published=published)


def of_captions(
    id: str,
    text: str,
    run: str,
    baseline: str,
    metric: str,
    family: str = "",
    published: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    beside: tuple[tuple[str, str], ...] = (),
    worse: bool = False,
) -> Claim:
    """Return a claim that a figure of caption models decides, on people whom no phase of them has seen.

    Their verdicts are all judged, before any filter by label: `accuracy_all` counts a text without the form as wrong, and its
    two factors stand in rows of their own.
    """
    return Claim(
        id,
        text,
        run,
        baseline,
        beside,
        test="caption models",
        channel=CAPTION_MODELS,
        metric=metric,
        also=tuple((name, "video") for name in also),
        family=family,
        published=published,
        worse=worse,
    )


CLAIMS: tuple[Claim, ...] = (
    eleven(
        "P2-1",
        "Two stages, first to describe and then to describe and decide, beat one joint stage.",
        "cepl",
        "single_stage_long",
        PRIMARY,
        ("p2_one_stage_hter", "p2_cepl_hter"),
        beside=(("cepl", "single_stage"),),
    ),
    eleven(
        "P2-2",
        "Chain-of-thought captions add to labels.",
        "cepl",
        "label_two_stage",
        PRIMARY,
        ("p2_label_hter", "p2_cepl_hter"),
    ),
    of_captions(
        "P2-3",
        "Reinforcement learning lifts the verdicts of the caption model.",
        "grpo",
        "sft",
        "accuracy_all",
        PRIMARY,
        ("p2_sft_accuracy", "p2_rl_accuracy"),
        also=("parse_rate", "accuracy"),
    ),
    claim(
        "P2-4",
        "Captions by the model after reinforcement learning train a better detector.",
        "cepl_all",
        "cepl_silver_sft",
        ELEVEN,
        PRIMARY,
        ("p2_silver_sft_hter", "p2_silver_rl_hter"),
    ),
    claim(
        "P2-5",
        "Silver captions add to gold ones.",
        "cepl_all",
        "cepl",
        ELEVEN,
        PRIMARY,
        ("p2_cepl_hter", "p2_all_hter"),
    ),
    claim(
        "P2-6",
        "Silver captions by a model without reinforcement learning do worse than gold ones alone.",
        "cepl_silver_sft",
        "cepl",
        ELEVEN,
        published=("p2_cepl_hter", "p2_silver_sft_hter"),
        worse=True,
    ),
    claim(
        "P2-7",
        "Reinforcement learning after the two stages does not help.",
        "cepl_rl",
        "cepl",
        ELEVEN,
        published=("p2_cepl_hter", "p2_rl_after_hter"),
        worse=True,
    ),
    of_captions(
        "P2-8",
        "Reinforcement learning keeps captions from naming what is not there.",
        "grpo",
        "sft",
        "precision",
        also=("recall",),
    ),
    claim(
        "P2-9",
        "The first stage makes the vision encoder see.",
        "cepl",
        "label_two_stage",
        "the order of counterfactual pairs by the encoders of the first stage, mean over cues",
    ),
    eleven(
        "P2-10",
        "Resetting projector and language model after the first stage removes the bias of its texts.",
        "cepl",
        "cepl_reset_none",
        beside=(("cepl", "cepl_reset_language"), ("cepl", "cepl_reset_connector"), ("cepl", "cepl_reset_vision")),
    ),
    claim(
        "P2-11",
        "In one joint stage the label's loss falls fast and starves the chains.",
        "single_stage_long",
        "cepl",
        "the dev loss of chains at equal loss of labels",
        worse=True,
    ),
    claim(
        "P2-12",
        "Chains help more at a low resolution.",
        "cepl",
        "label_two_stage",
        f"the interaction with resolution; {ELEVEN}",
        published=("p2_label_small_hter", "p2_cepl_small_hter"),
    ),
    Claim(
        "P2-13",
        "A model with chains is robust to light. Tested here: its HTER in the worst light, the one with the highest mean HTER of"
        " both runs.",
        "cepl",
        "label_two_stage",
        test="conditions",
        targets=TARGETS,
        groups=(("light", ""),),
    ),
    claim(
        "P2-14",
        "A model with chains is robust to masks that it has not seen.",
        "cepl",
        "label_two_stage",
        "APCER of species unlike the sources'",
    ),
    claim(
        "P2-15",
        "Chains help in the leave-one-out protocols as well.",
        "cepl",
        "label_two_stage",
        "HTER, mean over the leave-one-out targets; the paper's gap to the next method is below what its test sets can decide",
    ),
    Claim(
        "P2-16",
        "It beats other methods on the eleven targets.",
        test="none",
        reason="no other method is trained here, and the paper's figure with all data also trains on WFAS; a row with the same"
        " training data as the next method was not found",
    ),
    claim(
        "P2-17",
        "More data helps on every target.",
        "cepl_all",
        "cepl",
        "the count of targets on which it does; the paper's own table has targets on which it does not",
    ),
    claim(
        "P2-18",
        "Training beats the backbone without training.",
        "cepl",
        "foundation",
        "AUC, mean over the eleven targets",
        published=("p2_zero_shot_hter", "p2_all_hter"),
    ),
    claim(
        "P2-19",
        "Explanations name what is there.",
        "cepl",
        "sampler",
        "F1 of named cues against a sampler that knows the label",
    ),
    Claim(
        "P2-20",
        "People mend what checks miss.",
        test="none",
        reason="edits are simulated here, so no verdict follows; the page on captions in six tags shows how many there are",
    ),
    Claim(
        "P2-21",
        "Chains narrow the gaps between groups of people; open in the paper. Tested here: the change of the gap between a group"
        " and all others. Sex is not drawn, and each data set has one device.",
        "cepl",
        "label_two_stage",
        test="gaps",
        targets=TARGETS,
        groups=(("skin_tone", "Monk 8 to 10"), ("age", "old")),
    ),
    claim(
        "X-1",
        "Against P2-3: fine-tuning and then reinforcement learning worsens detection (PA-FAS).",
        "grpo",
        "sft",
        f"the score at the conclusion; {ELEVEN}",
        COUNTER_CLAIMS,
        ("pafas_sft_hter", "pafas_grpo_hter"),
        worse=True,
    ),
    claim(
        "X-2",
        "Against P2-2: a chain can be exchanged for another image's without loss (PA-FAS).",
        "cepl_exchanged",
        "cepl",
        f"*no difference*; {ELEVEN}",
        COUNTER_CLAIMS,
        worse=True,
    ),
    of_captions(
        "X-3",
        "Against P2-3: reinforcement learning without chains does as well (CLS-RL); 'no difference' confirms it.",
        "rl_conclusion_only",
        "grpo",
        "accuracy_all",
        COUNTER_CLAIMS,
        also=("parse_rate", "accuracy"),
    ),
    of_captions(
        "X-4",
        "Reinforcement learning lifts form or bias, and not sight.",
        "grpo",
        "sft_shifted",
        "auc",
        worse=True,
        beside=(("grpo", "sft_pool"),),
    ),
    claim(
        "X-5",
        "A lenient reward, which an empty answer earns, is exploited.",
        "rl_lenient",
        "grpo",
        "the share of empty or double conclusions",
        worse=True,
    ),
    of_captions(
        "X-6",
        "Rewards that know nothing lift as much; if any does, the pipeline leaks.",
        "rl_random",
        "sft",
        "accuracy_all",
        beside=(("rl_flipped", "sft"), ("rl_format", "sft")),
    ),
)

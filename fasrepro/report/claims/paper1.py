"""The claims of paper 1 (Min et al., 2026)."""

from __future__ import annotations

from fasrepro.evaluation.results.explanations import EXPLANATIONS, SAMPLER
from fasrepro.report.claims.claim import READERS, Claim

LEAVE_ONE_OUT = ("msu", "casia", "replay", "oulu")  # the targets of the leave-one-out protocols
PRIMARY = "paper 1, primary"
OTHER_ATTACKS = ("siw_mv2",)  # SiW-Mv2, whose attacks include masks and make-up

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "P1-1",
        "Training on six-step reasoning mixed with vanilla captions lowers the HTER on an unseen data set against vanilla"
        " captions alone. Tested here on the head's scores; to our knowledge the paper reports verdicts read from the text"
        " only.",
        run="reasoning",
        baseline="vanilla",
        family=PRIMARY,
        targets=LEAVE_ONE_OUT,
        published=("p1_loo_vanilla_hter", "p1_loo_mixed_hter"),
    ),
    Claim(
        "P1-2",
        "The same, measured as in the paper: HTER by frame of the verdicts that a reader takes from the explanations. This"
        " is the paper's headline figure; its head serves training only [2].",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="hter",
        level="frame",
        also=(("hter_decided", "frame"), ("hter", "video")),
        family=PRIMARY,
        targets=LEAVE_ONE_OUT,
        published=("p1_loo_vanilla_hter", "p1_loo_mixed_hter"),
    ),
    Claim(
        "P1-3",
        "Trained on M, O and I and tested on SiW-Mv2, whose attacks include masks and make-up, reasoning captions do worse."
        " Tested here on SiW-Mv2 from every set of sources that was trained on.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="hter",
        level="frame",
        also=(("hter_decided", "frame"), ("hter", "video")),
        family=PRIMARY,
        targets=OTHER_ATTACKS,
        published=("p1_siw_vanilla_hter", "p1_siw_mixed_hter"),
        published_cell="omi_w",
        worse=True,
    ),
    Claim(
        "P1-4",
        "Mixed reasoning raises the accuracy of the verdicts that a reader takes from the explanations. Accuracy decides nothing"
        " here, because it grows with the share of attacks in a data set: P1-2 decides.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="accuracy",
        level="frame",
        also=(("accuracy_decided", "frame"), ("accuracy", "video")),
        targets=LEAVE_ONE_OUT,
        published=("p1_loo_vanilla_accuracy", "p1_loo_mixed_accuracy"),
    ),
    Claim(
        "P1-5",
        "It does better than SA-FAS and DiVT-M [2].",
        test="none",
        reason="neither method is trained here. The paper compares on transfer [2]. Published leave-one-out HTERs of SA-FAS, "
        "{safas_loo_hter}, and DiVT-M, {divt_loo_hter}, can be set beside paper 1's {p1_loo_mixed_hter}, but they are not on the "
        "same rows, nor by the same rule for a threshold",
    ),
    Claim(
        "P1-6",
        "A model that is taught to reason attends to spoof cues. Tested here: the cues that its explanations name agree"
        " better (F1) with those in the image than the cues of training captions drawn by the true label, without looking"
        " at the image.",
        run="reasoning",
        baseline=SAMPLER,
        channel=EXPLANATIONS,
        metric="f1",
        level="frame",
        family=PRIMARY,
        targets=LEAVE_ONE_OUT,
    ),
    Claim(
        "P1-7",
        "The gain needs no bigger model.",
        test="none",
        reason="one backbone of one size is trained here; params.yaml takes the name of any other",
    ),
    Claim(
        "P1-8",
        "Explanations serve as a control on what a detector has learnt from a data set's bias.",
        test="none",
        reason="finding a bias by reading explanations takes people",
    ),
    Claim(
        "P1-9",
        "A limit that the paper names [2]: whether explanations are faithful to what decides is not established.",
        test="none",
        reason="no run here is made to be faithful; the page Explanations shows what changes when a cue is taken out",
    ),
    Claim(
        "P1-10",
        "A limit that the paper names [2]: whether explanations help people is not tested.",
        test="none",
        reason="it takes people",
    ),
    Claim(
        "P1-11",
        "A limit that the paper names [2]: captions carry the bias of the annotator's prompt, which gives the label away. Tested "
        "here: captions by an annotator that knew the label do worse than captions by one that did not.",
        run="reasoning_only",
        baseline="blind",
        targets=LEAVE_ONE_OUT,
        worse=True,
    ),
    Claim(
        "P1-12",
        "A limit: nothing is known about fairness between groups of people. Tested here: whether reasoning captions change the"
        " gaps between a group and all others against labels alone. No direction is claimed.",
        run="reasoning",
        baseline="label_only",
        test="gaps",
        targets=LEAVE_ONE_OUT,
        groups=(("skin_tone", "Monk 8 to 10"), ("age", "old")),
    ),
)

"""The section `captioners` of params.yaml: what an entry takes from others, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fasrepro import config, paths
from fasrepro.rows.captions import Verdict
from fasrepro.training import captioners
from fasrepro.training.captioners import Captioner, CaptionerError
from fasrepro.training.recipe import Recipe
from tests.training.small_runs import RECIPE

MEANINGS = {"gold": Verdict.BONA_FIDE, "vanilla": None}
PHASE = {"name": "describe", "train": ["language"], "losses": {"caption": 1.0}, "steps": 3}
SFT: dict[str, Any] = {"seeds": [0, 1], "recipe": {"captions": {"gold": 1.0}, "phases": [PHASE], "batch_size": 2}}
SETTINGS: dict[str, Any] = {
    "rewards": {"format": 1.0, "accuracy": 1.0},
    "train": ["language"],
    "group": 4,
    "faces": 2,
    "steps": 3,
    "temperature": 0.7,
    "beta": 0.04,
    "learning_rate": 0.001,
    "max_completion_tokens": 9,
    "max_grad_norm": 1.0,
}
GRPO: dict[str, Any] = {"seeds": [0], "start": "sft", "reinforcement": SETTINGS}


def resolve(**entries: dict[str, Any]) -> dict[str, Captioner]:
    return captioners.resolve(entries, config.build(Recipe, RECIPE, "training"), MEANINGS)


def test_a_seed_is_a_supervised_training_and_what_follows() -> None:
    resolved = resolve(sft=SFT, grpo=GRPO)
    assert list(resolved) == ["sft-0", "sft-1", "grpo-0"]
    assert resolved["sft-1"].start == str(paths.FOUNDATION)
    assert resolved["grpo-0"].start == str(paths.captioner("sft-0"))
    assert resolved["grpo-0"].recipe == resolved["sft-0"].recipe
    assert {job.gold for job in resolved.values()} == {"gold"}
    assert {job.conclusion_yes for job in resolved.values()} == {"bona_fide"}


def test_an_entry_that_is_like_another_takes_its_keys_but_not_its_seeds() -> None:
    random = {"like": "grpo", "reinforcement": {"rewards": {"random": 1.0}}}
    resolved = resolve(sft=SFT, grpo=GRPO, rl_random=random, rl_more={"like": "rl_random", "seeds": [1], "start": "sft"})
    assert list(resolved) == ["sft-0", "sft-1", "grpo-0", "rl_more-1"]
    assert resolved["rl_more-1"].reinforcement is not None
    assert resolved["rl_more-1"].reinforcement.rewards == {"random": 1.0}
    assert resolved["rl_more-1"].reinforcement.steps == 3


def test_rivals_learn_texts_of_their_start() -> None:
    rival = {"seeds": [1], "start": "sft", "recipe": {"captions": {captioners.CORRECTED: 1.0}, "phases": [PHASE]}}
    job = resolve(sft=SFT, sft_pool=rival)["sft_pool-1"]
    assert (job.start, job.gold) == (str(paths.captioner("sft-1")), "gold")
    assert job.recipe["captions"] == {captioners.CORRECTED: 1.0}
    assert job.recipe["batch_size"] == RECIPE["batch_size"]


def test_a_form_is_that_in_which_gold_was_learnt() -> None:
    bare = {"like": "sft", "seeds": [0], "form": "conclusion_only"}
    resolved = resolve(sft=SFT, sft_bare=bare, rl_bare={**GRPO, "start": "sft_bare"})
    assert {name: job.form for name, job in resolved.items()} == {
        "sft-0": "chain",
        "sft-1": "chain",
        "sft_bare-0": "conclusion_only",
        "rl_bare-0": "conclusion_only",
    }


def test_without_seeds_nothing_is_trained_and_no_caption_set_is_needed() -> None:
    unknown = {"seeds": [], "recipe": {"captions": {"not there yet": 1.0}, "phases": [PHASE]}}
    assert resolve(sft=unknown, grpo={**GRPO, "seeds": []}) == {}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"sft": {**SFT, "recipee": {}}}, "captioners.sft: unknown key 'recipee'. Did you mean 'recipe'"),
        ({"s-ft": SFT}, "captioners.s-ft: a name takes letters, digits and underscores only"),
        ({"sft": {"seeds": [0]}}, "captioners.sft: give either a `recipe`"),
        (
            {"sft": SFT, "grpo": {**GRPO, "start": "stf"}},
            "captioners.grpo.start: unknown caption model 'stf'. Did you mean 'sft'",
        ),
        ({"sft": SFT, "grpo": {**GRPO, "seeds": [7]}}, "captioners.grpo.seeds: sft, which it starts from, has no seed 7"),
        ({"sft": SFT, "a": {"like": "b"}, "b": {"like": "a"}}, "a is like b is like a"),
        ({"a": {**SFT, "start": "b"}, "b": {**SFT, "start": "a"}}, "a starts from b starts from a"),
        ({"sft": {**SFT, "form": "chains"}}, "captioners.sft.form: unknown form 'chains'. Did you mean 'chain'"),
        ({"sft": SFT, "grpo": {**GRPO, "form": "chain"}}, "captioners.grpo.form: leave it out; the form is that of sft"),
        ({"grpo": {"reinforcement": SETTINGS}}, "captioners.grpo: `start` must name the caption model"),
        ({"sft": {**SFT, "recipe": {**SFT["recipe"], "captions": {"vanilla": 1.0}}}}, "vanilla concludes without Yes or No"),
        (
            {"sft": {**SFT, "recipe": {**SFT["recipe"], "captions": {"golf": 1.0}}}},
            "unknown caption set 'golf'. Did you mean 'gold'",
        ),
        (
            {"sft": {**SFT, "recipe": {**SFT["recipe"], "captions": {"accepted": 1.0}}}},
            "accepted are texts of the model in `start`",
        ),
        ({"sft": {**SFT, "recipe": {**SFT["recipe"], "phases": [PHASE, {**PHASE, "name": "b"}]}}}, "in one phase, not 2"),
        ({"sft": {**SFT, "recipe": {**SFT["recipe"], "learning_rates": [0.1, 0.2]}}}, "learning_rates: name one"),
        ({"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "group": 1}}}, "group: 1 completions cannot be compared"),
        ({"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "rewards": {"acuracy": 1.0}}}}, "Did you mean 'accuracy'"),
        ({"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "rewards": {"format": 0.0}}}}, "0.0 must be above 0"),
        ({"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "train": ["head"]}}}, "unknown part 'head'"),
        (
            {"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "micro_batches": 3}}},
            "2 faces a step cannot be dealt out to 3",
        ),
        (
            {"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "temperature": 0.0}}},
            "temperature, learning_rate and max_grad_norm must",
        ),
        ({"sft": SFT, "grpo": {**GRPO, "reinforcement": {**SETTINGS, "steps": 0}}}, "reinforcement.steps: must be at least 1"),
    ],
)
def test_what_cannot_be_trained_is_refused(entries: dict[str, Any], message: str) -> None:
    with pytest.raises(CaptionerError) as raised:
        resolve(**entries)
    assert message in str(raised.value)

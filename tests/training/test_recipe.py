"""A recipe as data: what a run overrides, what is refused and how, and what jobs.yaml leaves out."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from fasrepro import config, schema
from fasrepro.training import recipe as recipes
from fasrepro.training.recipe import Phase, Recipe, RecipeError
from tests.training.small_runs import RECIPE, recipe


def test_an_override_changes_the_phase_of_its_name_and_no_other_key() -> None:
    before = copy.deepcopy(RECIPE)
    merged = recipes.overlay(RECIPE, {"phases": [{"name": "joint", "steps": 9}], "lora": {"rank": 2}})
    assert merged["phases"] == [{**RECIPE["phases"][0], "steps": 9}]
    assert merged["lora"] == {"rank": 2, "alpha": 8}
    assert {key: merged[key] for key in RECIPE if key not in ("phases", "lora")} == {
        key: RECIPE[key] for key in RECIPE if key not in ("phases", "lora")
    }
    assert before == RECIPE


def test_losses_and_captions_are_replaced_whole() -> None:
    merged = recipes.overlay(RECIPE, {"captions": {}, "phases": [{"name": "joint", "losses": {"head": 1.0}}]})
    assert merged["captions"] == {}
    assert merged["phases"][0]["losses"] == {"head": 1.0}


def test_phases_of_other_names_replace_the_defaults() -> None:
    phase = {"name": "describe", "train": ["vision"], "losses": {"caption": 1.0}, "steps": 3}
    assert recipes.overlay(RECIPE, {"phases": [phase]})["phases"] == [phase]


def changed_phase(**changed: Any) -> dict[str, Any]:
    return {"phases": [{"name": "joint", **changed}]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"head_site": "visoin"}, r"recipe\.head_site: unknown head_site 'visoin'\. Did you mean 'vision'"),
        ({"sampling": "balancd"}, r"recipe\.sampling: unknown sampling 'balancd'\. Did you mean 'balanced'"),
        ({"score_by": "heed"}, r"recipe\.score_by: unknown score_by 'heed'\. Did you mean 'head'"),
        ({"memory": {"attention": "flash"}}, r"recipe\.memory\.attention: unknown memory\.attention 'flash'"),
        ({"memory": {"rows": -1}}, r"recipe\.memory\.rows: -1 must be at least 1, or 0 for all of a device's own"),
        (
            {
                "answer_prompt": "Is it?",
                "memory": {"rows": 3},
                **changed_phase(losses={"caption": 1.0, "answer": 1.0}, row_tasks="in_turn"),
            },
            r"'in_turn' deals rows out to 2 prompts: make memory\.rows a multiple of that",
        ),
        ({"captions": {"vanilla": 0.5}}, "shares must be positive and add up to 1"),
        ({"captions": {"vanilla": 1.5, "reasoning": -0.5}}, "shares must be positive and add up to 1"),
        ({"learning_rates": []}, "learning_rates must hold at least one, all above 0"),
        ({"learning_rates": [0.0]}, "learning_rates must hold at least one, all above 0"),
        ({"phases": []}, "phases: name at least one"),
        (
            changed_phase(train=["lora_languge"]),
            r"phases\.joint\.train: unknown part 'lora_languge'\. Did you mean 'lora_language'",
        ),
        (changed_phase(reset=["lora_language"]), r"phases\.joint\.reset: unknown part 'lora_language'"),
        (changed_phase(losses={"captoin": 1.0}), r"phases\.joint\.losses: unknown loss 'captoin'\. Did you mean 'caption'"),
        (
            changed_phase(train=["language", "lora_language", "head"]),
            "language is trained whole, so lora_language has nothing to adapt",
        ),
        (changed_phase(train=[]), "trains at least one part on at least one loss"),
        (changed_phase(losses={"head": 0.0}), "with weights above 0"),
        (changed_phase(train=["vision"]), "the loss 'head' needs a head: add 'head' to train"),
        ({"captions": {}, **changed_phase(losses={"caption": 1.0})}, "its only loss is 'caption', but the run has no captions"),
        (changed_phase(steps=0), "steps must be at least 1, and rates above 0"),
        (changed_phase(rate=0.0), "steps must be at least 1, and rates above 0"),
        (changed_phase(reset=["head"], train=["vision"], losses={"caption": 1.0}), "no phase trains a head that could be reset"),
        ({"answer_yes": "spoof"}, r"recipe\.answer_yes: unknown answer_yes 'spoof'"),
        ({"score_by": "answer"}, "score_by 'answer' needs the label question: name it in answer_prompt"),
        (changed_phase(losses={"answer": 1.0}), "the loss 'answer' needs the label question: name it in answer_prompt"),
        (changed_phase(row_tasks="in_trun"), r"row_tasks: unknown row_tasks 'in_trun'\. Did you mean 'in_turn'"),
        (changed_phase(row_tasks="in_turn"), "'in_turn' needs losses of two prompts, and two rows a step"),
        (changed_phase(batch_size=-1), "batch_size must be at least 1, or 0 for the recipe's"),
        (
            {"answer_prompt": "?", **changed_phase(losses={"caption": 1.0, "answer": 1.0}, row_tasks="in_turn", batch_size=1)},
            "'in_turn' needs losses of two prompts, and two rows a step",
        ),
        (changed_phase(part_rates={"head": 0.0}), "steps must be at least 1, and rates above 0"),
        (changed_phase(part_rates={"haed": 2.0}), r"part_rates: unknown part 'haed'\. Did you mean 'head'"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe("checkpoint", **changed)


def test_what_equals_its_default_is_left_out() -> None:
    data = schema.plain(recipe("checkpoint"))
    assert not {"score_by", "answer_prompt", "answer_yes"} & data.keys()
    assert data["phases"] == RECIPE["phases"]
    assert config.build(Recipe, data, "recipe") == recipe("checkpoint")


def test_a_new_key_with_a_default_leaves_old_recipes_as_they_were() -> None:
    @dataclasses.dataclass(frozen=True)
    class Longer(Recipe):
        frozen_steps: int = 0

    longer = Longer(**{field.name: getattr(recipe("checkpoint"), field.name) for field in dataclasses.fields(Recipe)})
    assert schema.plain(longer) == schema.plain(recipe("checkpoint"))


def test_steps_are_those_of_all_phases() -> None:
    one = recipe("checkpoint")
    assert recipes.steps(dataclasses.replace(one, phases=[*one.phases, Phase("more", ["head"], {"head": 1.0}, 5)])) == 35

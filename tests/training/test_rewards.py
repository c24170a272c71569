"""Rewards that cannot be had without the right word in its place, and one that can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions import layouts
from fasrepro.captions.layouts import TAGS
from fasrepro.rows.captions import Verdict
from fasrepro.training import rewards
from fasrepro.training.rewards import REWARDS

CHAIN = "\n".join(f"<{tag}>Dots on the skin.</{tag}>" for tag in TAGS[:-1])
RIGHT = f"{CHAIN}\n<Conclusion>Yes</Conclusion>"
WRONG = RIGHT.replace("Yes", "No")
ALONE = "<Conclusion>Yes</Conclusion>"
STRICT = ("format", "accuracy", "flipped", "format_only", "conclusion_only", "conclusion_first")
ADVERSARIAL = {
    "nothing": "",
    "blanks": " \n",
    "the word alone": "Yes",
    "an empty answer": RIGHT.replace("Yes", ""),
    "an empty answer alone": "<Conclusion></Conclusion>",
    "both words": RIGHT.replace("Yes", "Yes No"),
    "both words alone": "<Conclusion>Yes No</Conclusion>",
    "either word": RIGHT.replace("Yes", "Yes or No"),
    "two conclusions": RIGHT + ALONE,
    "two conclusions that differ": RIGHT + "<Conclusion>No</Conclusion>",
    "a tag in a tag": RIGHT.replace("Yes", ALONE),
    "a conclusion in a tag": f"<Reasoning>{ALONE}</Reasoning>",
    "a tag in the chain": RIGHT.replace("Dots", "<b>Dots</b>", 1),
    "the word outside its tag": f"{CHAIN}\n<Conclusion></Conclusion>\nYes",
    "the word after its tag": f"{RIGHT} Yes",
    "the word in another tag": f"{CHAIN.replace('Dots', 'Yes. Dots')}\n<Conclusion>Perhaps</Conclusion>",
    "another case": RIGHT.replace("Yes", "yes"),
    "a full stop": RIGHT.replace("Yes", "Yes."),
    "a longer word": RIGHT.replace("Yes", "Yesterday"),
    "no end": RIGHT.removesuffix("</Conclusion>"),
    "a preamble": f"Sure! {RIGHT}",
    "an empty chain": RIGHT.replace("Dots on the skin.", ""),
    "a long row of signs": "<" * 20_000,
}


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL)
@pytest.mark.parametrize("name", STRICT)
@pytest.mark.parametrize("truth", ["Yes", "No"])
def test_no_strict_reward_is_fooled(name: str, text: str, truth: str) -> None:
    assert REWARDS[name](text, truth) == 0.0


@pytest.mark.parametrize(
    "case", ["nothing", "an empty answer alone", "both words", "two conclusions that differ", "a longer word", "an empty answer"]
)
def test_the_lenient_reward_is_fooled(case: str) -> None:
    assert rewards.lenient(ADVERSARIAL[case], "Yes") == 1.0


def test_the_lenient_reward_pays_one_answer_for_either_truth() -> None:
    """So a model can collect it without an image."""
    for text in ("", "<Conclusion></Conclusion>", "Yes No"):
        assert {rewards.lenient(text, truth) for truth in ("Yes", "No")} == {1.0}
    assert rewards.lenient(WRONG, "Yes") == 0.0


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("format", RIGHT, (1.0, 1.0)),
        ("format_only", WRONG, (1.0, 1.0)),
        ("accuracy", RIGHT, (1.0, 0.0)),
        ("accuracy", WRONG, (0.0, 1.0)),
        ("accuracy", ALONE, (0.0, 0.0)),
        ("flipped", RIGHT, (0.0, 1.0)),
        ("flipped", WRONG, (1.0, 0.0)),
        ("accuracy_only", RIGHT, (1.0, 0.0)),
        ("accuracy_only", f"Dots, so {ALONE}", (1.0, 0.0)),
        ("lenient", RIGHT, (1.0, 0.0)),
        ("conclusion_only", ALONE, (1.0, 0.0)),
        ("conclusion_only", RIGHT, (0.0, 0.0)),
        ("conclusion_first", ALONE + CHAIN, (1.0, 0.0)),
        ("conclusion_first", RIGHT, (0.0, 0.0)),
        ("accuracy", ALONE + CHAIN, (0.0, 0.0)),
    ],
)
def test_a_reward_pays_for_its_own_thing(name: str, text: str, values: tuple[float, float]) -> None:
    assert (REWARDS[name](text, "Yes"), REWARDS[name](text, "No")) == values


@pytest.mark.parametrize(
    "case", ["nothing", "an empty answer alone", "both words", "two conclusions", "a tag in a tag", "the word outside its tag"]
)
def test_accuracy_without_format_still_needs_one_exact_conclusion(case: str) -> None:
    assert rewards.accuracy_only(ADVERSARIAL[case], "Yes") == 0.0


@given(
    st.lists(st.sampled_from([*(f"<{slash}{tag}>" for tag in TAGS for slash in ("", "/")), "Yes", "No", " ", "<", "dots"])).map(
        "".join
    )
)
def test_accuracy_is_never_paid_without_format(text: str) -> None:
    for truth in ("Yes", "No"):
        assert rewards.accuracy(text, truth) + rewards.flipped(text, truth) == rewards.format_reward(text, truth)


@pytest.mark.parametrize("yes", [Verdict.BONA_FIDE, Verdict.ATTACK])
@pytest.mark.parametrize("label", [Verdict.BONA_FIDE, Verdict.ATTACK])
def test_what_yes_means_lies_in_the_truth_alone(yes: Verdict, label: Verdict) -> None:
    truth = layouts.yes_or_no(yes)[label]
    form = layouts.tagged_form(yes)
    for said in (Verdict.BONA_FIDE, Verdict.ATTACK):
        text = form.write(["Dots."] * 5, said)
        assert rewards.accuracy(text, truth) == float(said is label)
        assert form.parse(text)[1] is said


def test_the_random_reward_is_a_fair_coin_that_knows_no_truth() -> None:
    rewarded = [[rewards.random(text, "Yes", draw) for draw in range(1000)] for text in (RIGHT, WRONG)]
    for values in rewarded:
        assert 0.45 < sum(values) / 1000 < 0.55  # a fair coin leaves this band once in 600 tests
    assert rewarded[0] != rewarded[1]
    assert [rewards.random(RIGHT, "No", draw) for draw in range(1000)] == rewarded[0]


def test_a_truth_that_is_no_word_is_refused() -> None:
    for name in set(REWARDS) - {"format", "format_only", "random"}:
        with pytest.raises(ValueError, match="needs the word that is right, 'Yes' or 'No', not 'attack'"):
            REWARDS[name](RIGHT, "attack")

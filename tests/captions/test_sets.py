from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fasrepro import config
from fasrepro.captions import controls, sets, styles
from fasrepro.captions.sets import CaptionSet, CaptionSetError, Generation

ENTRIES = {
    "prose": CaptionSet(derived="prose", of="shuffled_reasoning"),  # before the set that it is made from
    "shuffled_reasoning": CaptionSet(derived="shuffled", of="reasoning"),
    "reasoning": CaptionSet(style="reasoning", author="annotator"),
    "neutral": CaptionSet(style="neutral", author="annotator"),
}
GOLD = {
    "all": CaptionSet(joined=["small", "silver"]),  # before the sets that it is made from
    "small": CaptionSet(derived="share_25", of="gold"),
    "gold": CaptionSet("cot", "annotator", faces=sets.FacesOfPart("A")),
    "silver": CaptionSet("cot", "captioner", captioner="grpo-0", faces=sets.FacesOfPart("C")),
}


def test_a_set_comes_after_the_set_it_is_derived_from() -> None:
    sets.check(ENTRIES)
    assert sets.derivation_order(ENTRIES) == ["reasoning", "shuffled_reasoning", "prose", "neutral"]
    assert list(sets.derived(ENTRIES)) == ["shuffled_reasoning", "prose"]
    assert list(sets.written(ENTRIES)) == ["reasoning", "neutral"]
    assert sets.lineage(ENTRIES, "prose") == ["prose", "shuffled_reasoning", "reasoning"]


def test_a_joined_set_comes_after_both_and_reads_as_they_do() -> None:
    sets.check(ENTRIES | GOLD)
    assert sets.derivation_order(GOLD) == ["silver", "gold", "small", "all"]
    assert sets.lineage(GOLD, "all") == ["all", "small", "gold", "silver"]
    assert sets.origins(GOLD, "all") == ["gold", "silver"]
    assert sets.reads_as(GOLD, "all") == "cot"
    diamond = GOLD | {"twice": CaptionSet(joined=["gold", "small"])}
    assert sets.lineage(diamond, "twice") == ["twice", "small", "gold"]
    assert sets.without_absent(GOLD, ["wfas"], []) == ({}, [
        f"caption set {name} is skipped: its data sets are absent (WFAS)" for name in GOLD
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (CaptionSet(joined=["gold"]), r"captions\.x\.joined: name two sets"),
        (CaptionSet(joined=["gold", "gold"]), r"captions\.x\.joined: name two sets"),
        (CaptionSet(joined=["gold", "x"]), r"captions\.x: derived from itself \(x of x\)"),
        (CaptionSet(joined=["gold", "silber"]), r"captions\.x\.joined: unknown caption set .* mean 'silver'"),
        (CaptionSet(joined=["gold", "prose"]), r"captions\.x\.joined: join captions of one style, not .* of prose of none"),
        (CaptionSet("cot", "annotator", joined=["gold", "silver"]), r"captions\.x: give either"),
    ],
)
def test_sets_that_cannot_be_joined_are_refused(entry: CaptionSet, message: str) -> None:
    with pytest.raises(CaptionSetError, match=message):
        sets.check(ENTRIES | GOLD | {"x": entry})


@pytest.mark.parametrize(
    ("name", "entry", "message"),
    [
        ("x", CaptionSet(), r"captions\.x: give either `style` and `author`, or `derived` and `of`"),
        ("x", CaptionSet(style="vanilla"), "give either"),
        ("x", CaptionSet(derived="prose"), "give either"),
        ("x", CaptionSet(style="vanilla", author="annotator", of="reasoning"), "give either"),
        (
            "x",
            CaptionSet(style="vanilla", author="published"),
            r"captions\.x: name the table of these published captions in `table`",
        ),
        (
            "x",
            CaptionSet(style="vanilla", author="annotator", table="t.parquet"),
            r"captions\.x: `table`, .* go with `author: publ",
        ),
        ("x", CaptionSet(derived="prose", of="reasoning", config="MCIO"), r"captions\.x: `table`, .* go with `author: publ"),
        ("x", CaptionSet(style="reasonin", author="annotator"), r"captions\.x\.style: unknown style .* mean 'reasoning'"),
        ("x", CaptionSet(style="vanilla", author="anotator"), r"captions\.x\.author: unknown author .* mean 'annotator'"),
        (
            "x",
            CaptionSet("cot", "annotator", conclusion_yes="live"),
            r"captions\.x\.conclusion_yes: unknown meaning of Yes 'live'",
        ),
        (
            "x",
            CaptionSet("vanilla", "annotator", conclusion_yes="attack"),
            r"captions\.x\.conclusion_yes: leave it out: captions of 'vanilla' conclude without Yes or No",
        ),
        ("x", CaptionSet(derived="prose", of="reasoning", conclusion_yes="attack"), "captions of 'prose' conclude without"),
        ("x", CaptionSet(derived="prosa", of="reasoning"), r"captions\.x\.derived: unknown control .* mean 'prose'"),
        ("x", CaptionSet(derived="prose", of="resoning"), r"captions\.x\.of: unknown caption set .* mean 'reasoning'"),
        ("x", CaptionSet(derived="prose", of="neutral"), r"captions\.x: control 'prose' is made from captions of style 'reas"),
        ("x", CaptionSet(derived="shuffled", of="prose"), r"captions\.x: .* of style 'reasoning', and those of 'prose' are not"),
        ("x", CaptionSet(derived="shuffled", of="x"), r"captions\.x: derived from itself \(x of x\)"),
        (
            "reasoning",
            CaptionSet(derived="shuffled", of="shuffled_reasoning"),
            r"derived from itself \(shuffled_reasoning of reasoning of shuffled_reasoning\)",
        ),
    ],
)
def test_a_set_that_cannot_exist_is_refused_with_its_place(name: str, entry: CaptionSet, message: str) -> None:
    with pytest.raises(CaptionSetError, match=r"params\.yaml: captions\..*" + message.removeprefix(r"captions\.")):
        sets.check(ENTRIES | {name: entry})


def test_the_annotator_is_asked_for_its_own_sets_alone() -> None:
    published = CaptionSet("reasoning", "published", table="t.parquet")
    entries = ENTRIES | {"theirs": published, "their_prose": CaptionSet(derived="prose", of="theirs")}
    sets.check(entries)
    assert list(sets.asked(entries)) == ["reasoning", "neutral"]
    assert list(sets.written(entries)) == ["reasoning", "neutral", "theirs"]


SILVER = CaptionSet("cot", "captioner", captioner="grpo-0", faces=sets.FacesOfPart("C"))


def test_a_caption_model_s_set_is_beside_the_annotator_s_of_its_style() -> None:
    gold = {"gold": CaptionSet("cot", "annotator"), "more": CaptionSet("cot", "annotator")}
    entries = ENTRIES | gold | {"silver": SILVER, "late": dataclasses.replace(SILVER, beside="more")}
    sets.check(entries)
    assert list(sets.asked(entries)) == ["reasoning", "neutral", "gold", "more"]
    assert sets.silver(entries) == {"silver": sets.Silver("grpo-0", "gold"), "late": sets.Silver("grpo-0", "more")}
    with pytest.raises(CaptionSetError, match=r"captions\.silver: the annotator writes no set of style 'cot'"):
        sets.silver(ENTRIES | {"silver": SILVER})
    with pytest.raises(CaptionSetError, match=r"captions\.silver\.beside: unknown set of that style 'reasoning'"):
        sets.silver(ENTRIES | gold | {"silver": dataclasses.replace(SILVER, beside="reasoning")})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"captioner": ""}, "name the caption model in `captioner` and the people in `faces`"),
        ({"faces": None}, "name the caption model in `captioner` and the people in `faces`"),
        ({"author": "annotator"}, "`captioner`, `accept`, `generation` and `beside` go with `author: captioner` alone"),
        ({"style": "neutral"}, "'neutral' has no verdict, by which a caption model's texts are judged"),
        ({"generation": Generation(temperature=-1)}, "temperature is 0 or more"),
        ({"generation": Generation(shard_size=0)}, "shard_size are at least 1"),
    ],
)
def test_a_caption_model_s_set_that_cannot_be_written_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CaptionSetError, match=r"params\.yaml: captions\.silver.*" + message):
        sets.check({"silver": dataclasses.replace(SILVER, **changes)})


def test_an_unknown_set_suggests_the_nearest() -> None:
    with pytest.raises(CaptionSetError, match=r"params\.yaml: captions: unknown caption set 'neutrl'\. Did you mean 'neutral'"):
        sets.lookup(ENTRIES, "neutrl")


def test_yes_means_one_thing_in_the_sets_of_a_run() -> None:
    gold = {"gold": CaptionSet("cot", "annotator"), "silver": CaptionSet("cot", "annotator", conclusion_yes="attack")}
    sets.check(gold)
    sets.check_mix(ENTRIES | gold, ["gold", "prose", "reasoning"], "runs.a")
    with pytest.raises(CaptionSetError, match=r"runs\.a: Yes means bona_fide in gold and attack in silver; give both sets the"):
        sets.check_mix(gold, ["silver", "gold"], "runs.a")


def test_config_builds_a_set_and_refuses_an_unknown_key() -> None:
    entries = {"prose": {"derived": "prose", "of": "reasoning"}, "reasoning": {"style": "reasoning", "author": "annotator"}}
    built = config.build(dict[str, CaptionSet], entries, "params.yaml: captions")
    assert built == {"prose": CaptionSet(derived="prose", of="reasoning"), "reasoning": CaptionSet("reasoning", "annotator")}
    with pytest.raises(config.ConfigError, match=r"captions\.a: unknown key 'writer'"):
        config.build(dict[str, CaptionSet], {"a": {"style": "vanilla", "writer": "annotator"}}, "params.yaml: captions")


def test_every_control_names_known_styles() -> None:
    for control in controls.CONTROLS.values():
        assert {control.source, control.reads_as} - {""} <= set(styles.STYLES)

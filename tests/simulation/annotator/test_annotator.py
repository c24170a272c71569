from __future__ import annotations

import base64
import dataclasses
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from fasrepro import vocabulary
from fasrepro.captions import checks
from fasrepro.captions.layouts import TAG_FAULTS
from fasrepro.captions.styles import OF_LABEL, STYLES
from fasrepro.crops import read_png
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label
from fasrepro.simulation.annotator import templates
from fasrepro.simulation.annotator.annotator import MODELS, Annotator, AnnotatorError, known_images, syntax_of, visible
from fasrepro.simulation.annotator.server import application, serve
from fasrepro.simulation.annotator.templates import Dice
from tests.regions import box_region

VANILLA = STYLES["vanilla"]
TOLD = [style for style in STYLES.values() if style.may_know_label]


def ask(annotator: Annotator, prompt: str, image: str, seed: int = 1) -> str:
    return annotator.reply(prompt, image, seed, 600)[0]


def post(url: str, body: dict[str, Any], key: str = "any") -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_told_the_label_it_follows_it(world: Any) -> None:
    annotator = world.annotator(missed_cue=0.3, invented_cue=0.3)
    for style in TOLD:
        for face in world.faces:
            text = ask(annotator, style.aware_prompt(face.label, face.species), face.crop_sha256)
            clean, verdict = checks.parse(style, text)
            assert (clean, verdict) == (text, OF_LABEL[face.label])
            if face.label is Label.BONA_FIDE:
                assert vocabulary.named_cues(text) == []


def test_without_errors_it_names_exactly_the_visible_cues(world: Any) -> None:
    annotator = world.annotator()
    for aware in (True, False):
        for style in TOLD:
            for face, truth in zip(world.faces, world.truths, strict=True):
                prompt = style.aware_prompt(face.label, face.species) if aware else style.blind_prompt()
                text = ask(annotator, prompt, face.crop_sha256)
                assert vocabulary.named_cues(text) == [name for name in vocabulary.CUES if name in truth.cues]


def test_cues_are_missed_and_invented_at_the_set_rates(world: Any) -> None:
    annotator = world.annotator(missed_cue=0.25, invented_cue=0.4)
    there = named_there = absent = named_absent = 0
    for face, truth in zip(world.faces, world.truths, strict=True):
        for seed in range(20):
            named = vocabulary.named_cues(ask(annotator, VANILLA.aware_prompt(face.label, face.species), face.crop_sha256, seed))
            typical = vocabulary.cues_of(face.species)
            there += len(truth.cues)
            named_there += len([name for name in truth.cues if name in named])
            absent += len(typical) - len(truth.cues)
            named_absent += len([name for name in typical if name in named and name not in truth.cues])
            assert set(named) <= set(typical)
    assert named_there / there == pytest.approx(0.75, abs=0.03)
    assert named_absent / absent == pytest.approx(0.4, abs=0.06)


def test_not_told_it_infers_the_verdict_from_the_cues_it_names(world: Any) -> None:
    annotator = world.annotator(missed_cue=0.9, invented_cue=0.5)
    verdicts = set()
    for face, truth in zip(world.faces, world.truths, strict=True):
        text = ask(annotator, VANILLA.blind_prompt(), face.crop_sha256)
        named, (_, verdict) = vocabulary.named_cues(text), checks.parse(VANILLA, text)
        assert (verdict == Verdict.ATTACK) == bool(named)
        assert set(named) <= set(truth.cues) | set(truth.look_alikes)
        verdicts.add((face.label, verdict))
    assert len(verdicts) == 4  # it errs both ways: cues missed, look-alikes mistaken


def test_a_cue_outside_the_crop_is_not_named(world: Any) -> None:
    face, truth = world.faces[1], world.truths[1]
    moved = dataclasses.replace(truth, regions=(box_region(100, 100, 32, 32),) * len(truth.cues))
    assert visible(face, truth) == list(truth.cues)
    assert visible(face, moved) == []


def test_a_faint_cue_is_named_only_if_invented(world: Any) -> None:
    face, truth = world.faces[1], world.truths[1]
    faint = dataclasses.replace(
        truth, cues=truth.cues[1:], strengths=truth.strengths[1:], regions=truth.regions[1:], faint=truth.cues[:1]
    )
    for rate, wanted in ((0.0, truth.cues[1:]), (1.0, tuple(vocabulary.cues_of(face.species)))):
        known = dict(known_images([face], [faint]))
        annotator = Annotator(known, dataclasses.replace(world.annotator().settings, invented_cue=rate))
        text = ask(annotator, VANILLA.aware_prompt(face.label, face.species), face.crop_sha256)
        assert set(vocabulary.named_cues(text)) == set(wanted)


@pytest.mark.parametrize("species", [name for name in vocabulary.SPECIES if name != "bona_fide"])
def test_it_names_the_species_when_told_and_the_family_when_not(world: Any, species: str) -> None:
    face, truth = dataclasses.replace(world.faces[1], species=species), world.truths[1]
    names = tuple(vocabulary.cues_of(species))
    masks = (box_region(8, 8, 24, 28),) * len(names)
    truth = dataclasses.replace(truth, cues=names, strengths=(0.5,) * len(names), regions=masks)
    annotator = Annotator(known_images([face], [truth]), world.annotator().settings)
    (family,) = [name for name, members in vocabulary.FAMILIES.items() if species in members]
    for style in TOLD:
        for prompt, words in (
            (style.aware_prompt(face.label, species), vocabulary.SPECIES[species]),
            (style.blind_prompt(), templates.INFERRED[family]),
        ):
            text = ask(annotator, prompt, face.crop_sha256)
            assert vocabulary.named_cues(text) == list(names)
            assert f" {words}." in text
            assert checks.parse(style, text) == (text, Verdict.ATTACK)


def test_an_attack_without_visible_cues_is_justified_without_a_cue(world: Any) -> None:
    face = world.faces[1]
    truth = dataclasses.replace(world.truths[1], cues=(), strengths=(), regions=())
    annotator = Annotator(known_images([face], [truth]), world.annotator().settings)
    for style in TOLD:
        text = ask(annotator, style.aware_prompt(face.label, face.species), face.crop_sha256)
        assert (vocabulary.named_cues(text), checks.parse(style, text)[1]) == ([], Verdict.ATTACK)
        assert checks.parse(style, ask(annotator, style.blind_prompt(), face.crop_sha256))[1] == Verdict.BONA_FIDE


def test_all_phrasings_of_a_cue_occur(world: Any) -> None:
    face = world.faces[1]
    texts = [ask(world.annotator(), VANILLA.blind_prompt(), face.crop_sha256, seed) for seed in range(60)]
    for name in world.truths[1].cues:
        assert len({phrase for phrase in vocabulary.CUES[name].phrasings for text in texts if phrase in text.lower()}) >= 5


def test_an_answer_depends_on_seed_image_prompt_and_attempt_alone(world: Any) -> None:
    rates = {"missed_cue": 0.2, "invented_cue": 0.2, "refusal": 0.2, "empty": 0.1, "cut_off": 0.1, "bad_format": 0.2}
    prompt = VANILLA.blind_prompt()

    def texts(seed: int, attempt: int, prompt: str = prompt) -> list[str]:
        annotator = world.annotator(seed, **rates)
        return [ask(annotator, prompt, face.crop_sha256, attempt) for face in world.faces]

    assert texts(5, 1) == texts(5, 1)
    assert texts(5, 1)[::-1] == [ask(world.annotator(5, **rates), prompt, face.crop_sha256) for face in world.faces[::-1]]
    variants = [texts(5, 1), texts(6, 1), texts(5, 2), texts(5, 1, STYLES["reasoning"].blind_prompt())]
    assert len({tuple(variant) for variant in variants}) == 4


@pytest.mark.parametrize(
    ("failing", "code"),
    [("refusal", "refusal"), ("empty", "empty"), ("cut_off", "cut off"), ("bad_format", None)],
)
def test_each_failure_is_rejected_by_the_checks(world: Any, failing: str, code: str | None) -> None:
    annotator = world.annotator(**{failing: 1.0})
    for style in STYLES.values():
        for face in world.faces[:12]:
            prompt = style.aware_prompt(face.label, face.species) if style.may_know_label else style.blind_prompt()
            text, finish = annotator.reply(prompt, face.crop_sha256, 1, 600)
            with pytest.raises(checks.Rejected) as rejected:
                checks.accept(style, text, finish, face.label if style.may_know_label else None)
            spoilt = ("format", "no verdict", *TAG_FAULTS) if style.concludes else ("not neutral",)
            assert rejected.value.code == code or (code is None and rejected.value.code in spoilt)


def test_a_neutral_caption_has_no_cue_and_no_verdict(world: Any) -> None:
    neutral = STYLES["neutral"]
    for face in world.faces:
        text = ask(world.annotator(invented_cue=1.0), neutral.blind_prompt(), face.crop_sha256)
        assert checks.parse(neutral, text) == (text, Verdict.UNDECIDED)
        assert vocabulary.named_cues(text) == []
        assert "fair skin and short brown hair in light from the left before a grey wall." in text


def test_its_version_depends_on_rates_seed_and_truth(world: Any) -> None:
    versions = {world.annotator().version(), world.annotator(6).version(), world.annotator(missed_cue=0.1).version()}
    few = Annotator(known_images(world.faces[1:], world.truths[1:]), world.annotator().settings)
    truth = dataclasses.replace(world.truths[1], regions=(box_region(8, 8, 24, 24),) * len(world.truths[1].cues))
    moved = Annotator(known_images(world.faces, [*world.truths[:1], truth, *world.truths[2:]]), world.annotator().settings)
    assert len(versions | {few.version(), moved.version()}) == 5
    assert world.annotator().version() == world.annotator().version()


def test_its_version_ignores_comments_and_docstrings_but_not_templates(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(templates.__file__).read_text(encoding="utf-8")
    copy = tmp_path / "templates.py"
    monkeypatch.setattr(templates, "__file__", str(copy))

    def version(changed: str) -> str:
        copy.write_text(changed, encoding="utf-8")
        return world.annotator().version()

    docstring = '"""Return the one part of a vanilla caption: person, signs, conclusion."""'
    comment = "# The words of `Truth.attributes`"
    template = "The skin looks natural and the face has real depth."
    assert docstring in source and comment in source and template in source
    first = version(source)
    assert version(source.replace(docstring, '"""Reworded."""').replace(comment, "# Reworded.\n# Words of")) == first
    assert version(source.replace(template, "The skin looks fine.")) != first
    assert version(source.replace('dice.pick("skin", _LIVE_SKIN)', 'dice.pick("other", _LIVE_SKIN)')) != first


def test_the_syntax_of_a_program_keeps_strings_that_are_no_docstrings() -> None:
    assert syntax_of('def f():\n    """Doc."""\n    return "a"') == syntax_of("def f():\n    return 'a'  # comment")
    assert syntax_of("x = 'a'") != syntax_of("x = 'b'")


def test_faces_without_truth_are_refused(world: Any) -> None:
    with pytest.raises(AnnotatorError, match="only synthetic archives"):
        known_images(world.faces, world.truths[2:])


def test_the_server_speaks_the_chat_api(world: Any) -> None:
    face = world.faces[1]
    image = base64.b64encode(read_png(world.crops, face.crop, face.crop_sha256)[0]).decode()
    content = [
        {"type": "text", "text": VANILLA.blind_prompt()},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}},
    ]
    body = {"model": "m", "messages": [{"role": "user", "content": content}], "seed": 1, "max_tokens": 600}
    with serve(application(world.annotator())) as url:
        status, answer = post(url, body)
        assert (status, answer["object"], answer["model"]) == (200, "chat.completion", "m")
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["choices"][0]["message"] == {
            "role": "assistant",
            "content": ask(world.annotator(), VANILLA.blind_prompt(), face.crop_sha256),
            "refusal": None,
        }
        assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"] > 0
        assert post(url, body | {"max_tokens": 8})[1]["choices"][0]["finish_reason"] == "length"
        assert post(url, body, key="")[0] == 401
        with urllib.request.urlopen(f"{url}/models", timeout=10) as response:
            assert [model["id"] for model in json.load(response)["data"]] == list(MODELS)
        content[0]["text"] = "Is it art?"
        status, answer = post(url, body)
        assert status == 400 and "prompt" in answer["error"]["message"]
        assert post(url, {"model": "m"})[0] == 400
    empty = Annotator({}, world.annotator().settings)
    content[0]["text"] = VANILLA.blind_prompt()
    with serve(application(empty)) as url:
        status, answer = post(url, body)
        assert status == 400 and "no truth is known" in answer["error"]["message"]


def test_dice_are_fair() -> None:
    picks = [Dice((number,)).pick("x", "abcde") for number in range(2000)]
    assert all(0.16 < picks.count(letter) / 2000 < 0.24 for letter in "abcde")

"""The style of six tags: its words, what Yes means from the prompt to a reader's verdict, and its road to a training set."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import config, paths, vocabulary
from fasrepro.captions import checks, cot
from fasrepro.captions.layouts import TAGS, without_tags
from fasrepro.captions.sets import CaptionSet
from fasrepro.captions.styles import OF_LABEL, STYLES, VERDICTS, Style, with_conclusion_yes
from fasrepro.commands import jobs
from fasrepro.datasets import FACECOT_TYPES
from fasrepro.evaluation.readers import lexical
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.training import TrainRow
from fasrepro.stages import annotate, readers, trainset

ROOT = Path(__file__).parents[2]
COT = STYLES["cot"]
BOTH = [COT, STYLES["cot_yes_attack"]]


def test_every_type_of_the_paper_has_a_hint_of_its_own_and_every_species_one() -> None:
    assert cot.TYPE_HINTS.keys() == {"bona_fide", *FACECOT_TYPES}
    assert len(set(cot.TYPE_HINTS.values())) == 15
    assert cot.HINTS.keys() == vocabulary.SPECIES.keys()
    assert cot.ASKED.keys() == set(TAGS)


def test_a_hint_names_no_cue() -> None:
    assert [hint for hint in cot.HINTS.values() if vocabulary.named_cues(hint)] == []


def test_a_species_without_a_hint_is_refused_with_the_table_s_name() -> None:
    hints = {species: hint for species, hint in cot.HINTS.items() if species != "poster"}
    style = dataclasses.replace(COT, hints=hints)
    with pytest.raises(ValueError, match=r"fasrepro/captions/cot\.py: HINTS: unknown species 'poster'"):
        style.prompts(True, Label.ATTACK, "poster")


def test_only_an_annotator_that_knows_the_label_is_given_the_hint() -> None:
    for species, hint in cot.HINTS.items():
        assert hint in COT.aware_prompt(Label(species != "bona_fide"), species)
        assert hint not in COT.blind_prompt()


def test_a_changed_hint_changes_the_prompts_of_its_species_alone() -> None:
    other = dataclasses.replace(COT, hints={**COT.hints, "poster": "The camera saw a large print."})
    changed = [name for name in vocabulary.SPECIES if other.prompt_version(True, name) != COT.prompt_version(True, name)]
    assert changed == ["poster"] and other.prompt_version(False) == COT.prompt_version(False)


@pytest.mark.parametrize(
    ("style", "version"),
    [
        ("vanilla", "vanilla-1-aware-7cca6f39"),
        ("reasoning", "reasoning-1-aware-4fa10a51"),
        ("blind", "blind-1-aware-4fa10a51"),
        ("neutral", "neutral-2-43e1ebbc"),
    ],
)
def test_prompts_that_were_paid_for_keep_their_versions(style: str, version: str) -> None:
    assert STYLES[style].prompt_version(True) == version


@pytest.mark.parametrize("style", BOTH, ids=lambda style: style.name)
@pytest.mark.parametrize("label", Label)
def test_what_yes_means_is_kept_from_the_prompt_to_a_reader(world: Any, style: Style, label: Label) -> None:
    annotator = world.annotator()
    face = next(face for face in world.faces if face.label is label)
    prompt = style.aware_prompt(face.label, face.species)
    words = {True: "Yes", False: "No"}
    word = words[style.conclusion_yes is OF_LABEL[label]]
    assert f"write Yes if this is {cot.MEANINGS[style.conclusion_yes]}, No if" in prompt
    text, _ = annotator.reply(prompt, face.crop_sha256, 1, 600)
    assert text.endswith(f"<Conclusion>{word}</Conclusion>")
    assert checks.accept(style, text, "stop", label) == (text, OF_LABEL[label])
    answer, _ = annotator.reply(prompt, face.crop_sha256, 1, 600, True)
    assert json.loads(answer)["conclusion"] == word
    assert checks.accept(style, answer, "stop", label) == (text, OF_LABEL[label])
    assert lexical.read(without_tags(text, readers.conclusions({style.name}))) is OF_LABEL[label]
    with pytest.raises(checks.Rejected, match="contradicts the label"):
        checks.accept(style, text, "stop", Label(1 - label))


def test_a_reader_of_words_alone_is_misled_by_a_bare_conclusion() -> None:
    """What stands in a title, and a Yes, is no verdict: so the stage puts tags into words before any reader."""
    text = COT.form.write(
        ["A person.", "The face is old.", "The skin is fair.", "The light is soft.", "None."], Verdict.BONA_FIDE
    )
    assert lexical.read(text) is Verdict.ATTACK  # "Spoofing Description"
    assert lexical.read(without_tags(text, readers.conclusions({"cot"}))) is Verdict.BONA_FIDE


def test_the_sentences_of_a_conclusion_follow_from_the_styles_of_a_run() -> None:
    assert readers.conclusions({"vanilla", "prose", ""}) == {}
    assert readers.conclusions({"cot", "vanilla"}) == {"Yes": VERDICTS[Verdict.BONA_FIDE], "No": VERDICTS[Verdict.ATTACK]}
    assert readers.conclusions({"cot_yes_attack"}) == {"Yes": VERDICTS[Verdict.ATTACK], "No": VERDICTS[Verdict.BONA_FIDE]}


def test_a_set_says_what_yes_means() -> None:
    assert CaptionSet("cot", "annotator").written_style is COT
    assert CaptionSet("cot", "annotator", conclusion_yes="bona_fide").written_style is COT
    assert CaptionSet("cot", "annotator", conclusion_yes="attack").written_style == STYLES["cot_yes_attack"]
    assert with_conclusion_yes(STYLES["cot_yes_attack"], Verdict.ATTACK) == STYLES["cot_yes_attack"]


@pytest.mark.parametrize("yes", ["", "attack"])
def test_a_set_in_tags_is_annotated_and_trained_on(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, yes: str) -> None:
    """Params, annotator behind HTTP with all its failings, reply store, captions, report, and the training set of a run."""
    shutil.copytree(world.root / "results", tmp_path / "results")
    params = yaml.safe_load((ROOT / paths.PARAMS).read_text(encoding="utf-8"))
    params["annotator"] |= {"datasets": ["msu"]}
    params["simulated"] |= dict.fromkeys(("refusal", "bad_format", "cut_off", "empty", "http_error"), 0.1)
    params["captions"]["gold"] = {"style": "cot", "author": "annotator", **({"conclusion_yes": yes} if yes else {})}
    params["runs"]["chain"] = {"captions": {"gold": 1.0}, "learning_rates": [0.001]}
    params["experiments"] = {"chains": {"protocols": ["m_i"], "runs": ["chain"], "seeds": [0]}}
    params |= {
        "snapshots": {"protocol": "m_i", "run": "chain", "seed": 0, "count": 2},
        "tuning": params["tuning"] | {"protocol": "m_i"},
    }
    params["counterfactual"] |= {"protocols": [], "runs": []}
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASREPRO_STORE", raising=False)
    paths.PARAMS.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    paths.JOBS.write_text(jobs.text(), encoding="utf-8")

    annotate.main(["--set", "gold"])
    captions = {caption.face_id: caption for caption in table.read(paths.captions("gold"), Caption)}
    assert captions.keys() == {face.face_id for face in world.faces}
    style = params_style(params)
    for face in world.faces:
        caption = captions[face.face_id]
        assert caption.style == style.name and caption.verdict is OF_LABEL[face.label]
        assert checks.parse(style, caption.text) == (caption.text, OF_LABEL[face.label])
    report = json.loads(paths.captions_report("gold").read_text(encoding="utf-8"))
    assert report["verdict_agreement"] == 1.0 and len(report["rejected"]) > 3
    assert len({caption.text for caption in captions.values()}) == len(captions)

    (job,) = config.load_jobs().values()
    paths.split("m_i", "train").parent.mkdir(parents=True)
    table.write(paths.split("m_i", "train"), world.faces, Face)
    trainset.main([job.trainset])
    rows = table.read(paths.trainset(job.trainset), TrainRow)
    assert {row.face_id: row.caption for row in rows} == {name: caption.text for name, caption in captions.items()}
    assert {row.style for row in rows} == {style.name}


def params_style(params: dict[str, Any]) -> Style:
    return CaptionSet(**params["captions"]["gold"]).written_style

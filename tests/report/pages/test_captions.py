"""The page on captions: tables by set and group, prompts, and who the annotator is; text of models stays text."""

from __future__ import annotations

import html
from types import SimpleNamespace
from typing import Any

from fasrepro.report.material import CaptionWords
from fasrepro.report.pages import captions
from tests.report.conftest import cells

HOSTILE = "<script>alert(1)</script> | {{ x }}\nsecond line"
ANNOTATOR = SimpleNamespace(base_url="simulated", model="simulated-annotator", label_aware=True)
REAL = SimpleNamespace(base_url="https://user:secret@api.example.org:8000/v1?key=secret", model="<b>x</b>", label_aware=False)
FAILINGS = SimpleNamespace(missed_cue=0.25, invented_cue=0.1)
WORDS = {
    "vanilla": CaptionWords(prompt="Explain `it`.\nBriefly.", prompt_version="vanilla-1"),
    "blind": CaptionWords(prompt="Decide.", prompt_version="blind-1", may_know_label=False),
    "prose": CaptionWords(source="reasoning", lacks="the six steps"),
}


def group(fits: float | None) -> dict[str, Any]:
    return {
        "faces": 4,
        "captions": 3,
        "failed": 1,
        "attempts": {"1": 2, "3": 1},
        "rejected": {"empty": 1, "refusal": 4},
        "words": {"mean": 31.25, "p5": 20.0, "p50": 30.0, "p95": 41.5},
        "near_duplicates": 0.125,
        "no_cue": 0.5,
        "fits_not_image": fits,
    }


def report(fits: float | None = 0.25) -> dict[str, Any]:
    return {
        **group(fits),
        "failed": {"msu/1#0004": "refusal: no"},
        "mean_words": 31.25,
        "verdict_agreement": None,
        "near": {"words_a_run": 5, "jaccard": 0.8},
        "datasets": {"oulu": group(fits), "msu": group(fits)},
        "species": {"print": group(fits), "bona_fide": {**group(None), "no_cue": None}},
        "examples": {"print": [{"face_id": "msu/1#0004", "text": HOSTILE}]},
    }


def test_published_captions_say_what_is_uncertain_of_them() -> None:
    assert captions.published({"vanilla": report()}, WORDS) == captions.NOT_PUBLISHED
    counts = {
        "rows": 9,
        "frame_ambiguous": 2,
        "verdicts_added": 1,
        "not_joined": {"unknown source '<b>'": 4},
        "left_out": {"format": 2},
    }
    words = WORDS | {"theirs": CaptionWords(table="owner/captions at 0c9b578")}
    text = captions.published({"theirs": {**report(), "published": counts}}, words)
    (row,) = cells(text)[1:]
    assert row[:4] == ["theirs", "owner/captions at 0c9b578", "9", "3"] and row[5:] == ["2", "1"]
    assert "<b>" not in text and row[4].startswith("format 2, unknown source")


def test_each_caption_set_has_a_row() -> None:
    reports = {"vanilla": report(), "blind": report(None)}
    text = captions.table_by_set(reports)
    assert cells(text)[1:] == [
        ["vanilla", "3", "31.2", "20.0", "30.0", "41.5", "0.125", "0.500", "0.250"],
        ["blind", "3", "31.2", "20.0", "30.0", "41.5", "0.125", "0.500", "–"],
    ]
    assert "sets of runs of 5 words have a Jaccard similarity of at least 0.8" in text
    assert cells(captions.annotation_table(reports))[1] == ["vanilla", "4", "3", "1", "empty 1, refusal 4", "31.25", "–"]
    assert captions.answer(reports) == "6 captions were written in 2 sets, and 2 failed.\n"


def test_each_set_has_a_row_by_species_and_by_data_set() -> None:
    reports = {"vanilla": report()}
    assert [row[:4] for row in cells(captions.table_by_species(reports))[1:]] == [
        ["vanilla", "bona fide", "3", "31.2"],
        ["vanilla", "print", "3", "31.2"],
    ]
    assert cells(captions.table_by_species(reports))[1][-2:] == ["–", "–"]
    rows = cells(captions.table_by_dataset(reports))[1:]
    assert [row[:5] for row in rows] == [["vanilla", "MSU-MFSD", "4", "1", "5"], ["vanilla", "OULU-NPU", "4", "1", "5"]]


def test_an_example_caption_is_escaped_on_one_line() -> None:
    text = captions.examples({"vanilla": report(), "blind": report()})
    assert "<script" not in text and "{{" not in text
    shown = [line for line in text.splitlines() if "model-text" in line]
    assert len(shown) == 2 and all("alert(1)" in html.unescape(line) and "<br>second line" in line for line in shown)
    assert "print, vanilla: msu/1#0004" in html.unescape(text)


def test_prompts_and_controls_are_shown_for_the_sets_that_have_them() -> None:
    text = captions.prompts(WORDS)
    assert "**vanilla** (version `vanilla-1`)" in text and "Explain 'it'." in text and "prose" not in text
    assert cells(captions.controls(WORDS))[1:] == [["prose", "reasoning", "the six steps"]]
    assert captions.controls({}) == captions.NO_CONTROL


def test_a_simulated_annotator_is_called_simulated() -> None:
    text = captions.annotator(ANNOTATOR, FAILINGS, WORDS)
    assert "probability 0.25" in text and "exceptions are `blind`" in text
    assert "exceptions" not in captions.annotator(ANNOTATOR, FAILINGS, {"vanilla": WORDS["vanilla"]})


def test_a_real_annotator_is_named_without_secrets_and_escaped() -> None:
    text = captions.annotator(REAL, FAILINGS, {})
    assert "simulated" not in text and "secret" not in text and "<b>" not in text
    assert "api.example.org:8000/v1" in html.unescape(text)
    assert "does not state the label" in text


def test_tables_without_captions_are_not_empty() -> None:
    tables = (captions.table_by_set, captions.table_by_species, captions.table_by_dataset, captions.examples)
    assert all(table({}).strip() for table in tables)

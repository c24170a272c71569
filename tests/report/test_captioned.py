"""Tables of what came of annotation: a row a style and group, a dash for what is not known, and nothing of a model's markup."""

from __future__ import annotations

import html
from typing import Any

from fasrepro.report import captioned
from tests.report.test_tables import cells

HOSTILE = "<script>alert(1)</script> | {{ x }}\nsecond line"


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


def test_a_row_a_style() -> None:
    text = captioned.by_style({"vanilla": report(), "blind": report(None)})
    assert cells(text)[1:] == [
        ["vanilla", "3", "31.2", "20.0", "30.0", "41.5", "0.125", "0.500", "0.250"],
        ["blind", "3", "31.2", "20.0", "30.0", "41.5", "0.125", "0.500", "–"],
    ]
    assert "sets of runs of 5 words have a Jaccard similarity of 0.8 or more" in text


def test_a_row_a_style_and_species_or_data_set() -> None:
    reports = {"vanilla": report()}
    assert [row[:4] for row in cells(captioned.by_species(reports))[1:]] == [
        ["vanilla", "bona fide", "3", "31.2"],
        ["vanilla", "print", "3", "31.2"],
    ]
    assert cells(captioned.by_species(reports))[1][-2:] == ["–", "–"]
    rows = cells(captioned.by_dataset(reports))[1:]
    assert [row[:5] for row in rows] == [["vanilla", "MSU-MFSD", "4", "1", "5"], ["vanilla", "OULU-NPU", "4", "1", "5"]]


def test_a_caption_is_shown_letter_by_letter_on_one_line() -> None:
    text = captioned.examples({"vanilla": report(), "blind": report()})
    assert "<script" not in text and "{{" not in text
    shown = [line for line in text.splitlines() if "model-text" in line]
    assert len(shown) == 2 and all("alert(1)" in html.unescape(line) and "<br>second line" in line for line in shown)
    assert "print, vanilla: msu/1#0004" in html.unescape(text)


def test_every_fragment_has_words_without_a_style() -> None:
    assert all(text.strip() for text in captioned.fragments_of({}).values())
    assert len(captioned.fragments_of({"vanilla": report()})) == 5

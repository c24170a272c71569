"""The page on captions in six tags: the funnel beside the paper's, and what is said where there are none."""

from __future__ import annotations

from typing import Any

from fasrepro.report import published
from fasrepro.report.pages import gold
from tests.report.conftest import cells
from tests.report.pages.test_captions import group

FUNNEL = {
    "sampled": 200,
    "agreed": 190,
    "asked_again": 10,
    "agreed_later": 6,
    "edited": {"people": 1, "simulated editor": 2},
    "dropped": 1,
    "left": 0,
}
PAPER = published.load()


def report() -> dict[str, Any]:
    kinds = {"adult_doll": {**group(0.25), "faces": 3}, "print": group(0.5), "bona_fide": {**group(None), "no_cue": None}}
    return {"funnel": FUNNEL, "captions": 199, "rejected": {"refusal": 3, "missing tag": 9}, "species": kinds}


def test_each_step_stands_beside_the_papers() -> None:
    """98,976 of 100,000 agree and 581 are edited, so that 1,024 were asked again and 443 agreed then."""
    text = gold.funnel(FUNNEL, PAPER)
    rows = {row[0]: row[1:] for row in cells(text)[1:]}
    assert rows["faces sampled"] == ["200", "1.0000", "100,000 [2]", "1.0000"]
    assert rows["conclusion is the label, first round"] == ["190", "0.9500", "98,976 [2]", "0.9898"]
    assert rows["asked once more, with another prompt"] == ["10", "0.0500", "1,024 [2, D]", "0.0102"]
    assert rows["conclusion is the label, second round"] == ["6", "0.0300", "443 [2, D]", "0.0044"]
    assert rows["edited"] == ["3", "0.0150", "581 [2]", "0.0058"]
    assert rows["dropped"] == ["1", "0.0050", "–", "–"]
    assert "Edited by: people (1), simulated editor (2)." in text
    assert "Edited by" not in gold.funnel(FUNNEL | {"edited": {}}, PAPER)


def test_the_answer_counts_captions_and_first_replies() -> None:
    assert gold.answer(report()).startswith(
        "Of 200 faces, 199 have a caption in six tags whose conclusion is the label; a share of 0.950"
    )


def test_rare_kinds_have_the_papers_number() -> None:
    rows = {row[0]: row[1:] for row in cells(gold.species(report(), PAPER))[1:]}
    assert rows["adult doll"] == ["3", "3", "165 [2]"] and rows["print"] == ["4", "3", "–"]


def test_the_most_frequent_reason_comes_first_and_bona_fide_faces_have_no_cues() -> None:
    assert cells(gold.rejected(report()))[1:] == [["missing tag", "9"], ["refusal", "3"]]
    assert [row[0] for row in cells(gold.cues(report()))[1:]] == ["adult doll", "print"]
    assert "Every reply" in gold.rejected(report() | {"rejected": {}})

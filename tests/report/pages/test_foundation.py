"""The page on the backbone: what is seen is counted, each bound is beside its figure, and trials are in order."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

from fasrepro.config import ConfigError
from fasrepro.evaluation.results.probes import CueProbe, NamedEffects, ProbeBounds, Probes, Reading, SiteProbes
from fasrepro.report import foundation_trials
from fasrepro.report.pages import foundation as page
from fasrepro.report.recorded import Run
from tests.report.conftest import cells
from tests.report.samples import metrics

BOUNDS = ProbeBounds(20, 15, min_pairs=0.65, min_mean_pairs=0.8, max_shuffled_pairs=0.55, min_attack_auc=0.87, described=4)
SITES = {
    "encoder": SiteProbes(0.875, {"moire": CueProbe(1.0, 0.5, 0.75), "halftone": CueProbe(0.75, 0.5, None)}),
    "projector": SiteProbes(0.75, {"moire": CueProbe(0.5, 0.5, 0.625), "halftone": CueProbe(0.75, 0.75, None)}),
}
READING = Reading({"faces": 0.9, "stills": 0.75}, NamedEffects(None, 0.4, 0.25))
RECORD = Probes({"moire": 15, "halftone": 15}, {"moire": 0.0, "halftone": 0.2}, SITES, READING, {"msu": 0.5}, BOUNDS)
TRIAL = foundation_trials.Trial(
    "first", "it is the first", 4, 0, 5, {"encoder": 0.75}, {"encoder": 0.7}, {"encoder": 0.8}, {"encoder": 0.5}
)


def test_the_answer_counts_the_cues_that_are_seen_at_every_site_and_names_the_others() -> None:
    text = page.answer(RECORD)
    assert "1 of 2 cues can be seen by a linear probe at every site" in text
    assert "0.88 at the encoder, 0.62 at the projector" in text
    assert "It hardly sees moire." in text
    assert "in a share of 0.90 for faces and of 0.75 for stills, where 0.5 would be blind" in text


def test_each_bound_stands_beside_what_was_reached() -> None:
    _, *rows = cells(page.gate(RECORD))
    assert rows[0] == ["encoder", "pairs in order, mean over cues", "0.875", "at least 0.8", "yes"]
    assert rows[1] == ["encoder", "pairs in order, worst cue (halftone)", "0.750", "at least 0.65", "yes"]
    assert rows[5] == ["projector", "pairs in order, worst cue (moire)", "0.500", "at least 0.65", "no"]
    assert rows[6] == ["projector", "pairs in order, shuffled labels", "0.625", "at most 0.55", "no"]
    assert rows[7] == ["projector", "AUC of attacks, unseen people", "0.750", "at least 0.87", "no"]


def test_a_cue_has_its_figures_at_each_site_in_the_order_of_the_vocabulary() -> None:
    _, first, second = cells(page.cue_table(RECORD))
    assert first == ["halftone", "15", "0.200", "0.750", "0.500", "–", "0.750", "0.750", "–"]
    assert second[:3] == ["moire", "15", "0.000"]


def test_what_the_language_model_reads_stands_beside_what_a_blind_one_reaches() -> None:
    _, *rows = cells(page.reading_table(RECORD))
    assert [row[1:] for row in rows] == [["0.900", "0.500"], ["0.750", "0.500"], ["0.400", "0.250"], ["–", "–"]]


def test_other_foundations_stand_beside_this_one_if_their_probes_were_kept() -> None:
    other = Probes(
        {"moire": 15},
        {"moire": 0.0},
        {"encoder": SiteProbes(0.5, {"moire": CueProbe(0.6, 0.5, None)})},
        READING,
        {"msu": 0.4},
        BOUNDS,
    )
    plain = Run("plain", "1", "a", 0.9, 1.0, 0, {"foundation": "plain"}, {}, {}, metrics(), probes=other)
    without = dataclasses.replace(plain, profile="without", probes=None)
    _, *rows = cells(page.others_table(RECORD, [plain, without]))
    assert rows == [["this book", "0.875 / 0.750", "0.875 / 0.625", "0.500"], ["plain", "0.500", "0.600", "0.400"]]
    assert "fasrepro record --profile plain" in page.others_table(RECORD, [without])
    assert page.differs(plain, {"foundation": "media"}) and not page.differs(plain, {"foundation": "plain"})


def test_trials_are_counted_from_one_after_what_decided() -> None:
    text = page.trial_table(foundation_trials.Log("Pairs decided.", [TRIAL, TRIAL]))
    assert text.startswith("Pairs decided.")
    assert [row[0] for row in cells(text.split("\n\n", 1)[1])[1:]] == ["1", "2"]
    assert "No trial yet" in page.trial_table(foundation_trials.Log("Nothing.", []))


def test_the_log_of_trials_is_readable_and_a_broken_one_names_its_entry(tmp_path: Path) -> None:
    assert foundation_trials.load().trials
    broken = tmp_path / "trials.yaml"
    broken.write_text("decided: x\ntrials: [{changed: 1}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"trials\[0\]"):
        foundation_trials.load(broken)


def test_the_figure_is_the_same_twice() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    page.draw(RECORD, first)
    page.draw(RECORD, second)
    assert first.getvalue() == second.getvalue() != b""

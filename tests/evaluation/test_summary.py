"""Figures of a protocol that mixes videos and still images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from fasrepro import schema
from fasrepro.evaluation import results, summary
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results import EvaluationSettings, LedgerSettings, Metrics
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from tests.faces import face

SETTINGS = EvaluationSettings(replicates=50, confidence=0.95, seed=1, digits=6)
LEDGER = LedgerSettings("hter_dev", 0.15, 0.5, 3, 5, 5)
RUNS = ("label_only", "vanilla")


def videos(dataset: str, split: str) -> list[Face]:
    """Return two frames of a bona fide video and of an attack, of each of three people."""
    return [
        face(f"{dataset}/{split}/{person}_{species}", species, frame, subject=f"{dataset}/{split}/{person}", split=split)
        for person in "123"
        for species in ("bona_fide", "print")
        for frame in (4, 20)
    ]


def images(dataset: str, split: str) -> list[Face]:
    """Return a bona fide image of each of three people, and three attacks of the first."""
    people = [(person, "bona_fide", "a") for person in "123"] + [("1", "print", name) for name in "bcd"]
    return [
        face(f"{dataset}/{split}/{person}_{name}", species, 0, subject=f"{dataset}/{split}/{person}", split=split)
        for person, species, name in people
    ]


def p_attack(one: Face, run: str) -> float:
    """Return a score: every decision is right, but that vanilla misses one attack of three in the still images."""
    if one.label is Label.BONA_FIDE:
        return 0.2
    if one.dataset == "celeba_spoof" and one.presentation.endswith("_b") and run == "vanilla":
        return 0.1
    return 0.7 if one.frame == 20 else 0.8


def cell(target: str, test: list[Face], run: str, dev: list[Face]) -> CellResults:
    faces = [*dev, *test]
    scores = {seed: {one.face_id: p_attack(one, run) for one in faces} for seed in (0, 1)}
    read = {one.face_id: Verdict.ATTACK if one.label is Label.ATTACK else Verdict.BONA_FIDE for one in test}
    return CellResults("mixed", run, target, f"mixed_{target}", dev, test, scores, {"lexical": {0: read, 1: read}})


def summarised(targets: Iterable[str], dev: list[Face]) -> Metrics:
    of_target = {"msu": videos("msu", "test"), "celeba_spoof": images("celeba_spoof", "test")}
    return summary.summarise([cell(name, of_target[name], run, dev) for name in targets for run in RUNS], SETTINGS, LEDGER)


def test_a_target_of_still_images_has_figures_by_image_alone() -> None:
    dev = [*videos("oulu", "dev"), *images("wfas", "dev")]
    metrics = summarised(["msu", "celeba_spoof"], dev)
    mean = metrics.cells["mixed_celeba_spoof-vanilla"].mean
    assert mean.video is None and mean.readers["lexical"].video is None
    assert mean.frame.counts == results.Counts(3, 3, 3)
    assert mean.frame.figures["apcer_pooled"].value == pytest.approx(1 / 3)
    assert mean.frame.figures["hter_dev"].value == pytest.approx(1 / 6)
    assert mean.units is mean.frame
    assert metrics.cells["mixed_msu-vanilla"].mean.units is metrics.cells["mixed_msu-vanilla"].mean.video
    levels = {(row.target, row.level) for row in metrics.paired}
    assert levels == {("msu", "video"), ("msu", "frame"), ("celeba_spoof", "frame")}
    assert {tuple(row.targets) for row in metrics.means if row.level == "video"} == set()  # one target has videos


def test_still_images_beside_a_target_change_nothing_of_its_figures() -> None:
    dev = videos("oulu", "dev")
    alone, beside = summarised(["msu"], dev), summarised(["msu", "celeba_spoof"], dev)
    for run in RUNS:
        name = f"mixed_msu-{run}"
        assert schema.plain(alone.cells[name]) == schema.plain(beside.cells[name])
    assert alone.paired == [row for row in beside.paired if row.target == "msu"]
    assert alone.pairwise_tests == [row for row in beside.pairwise_tests if row.target == "msu"]


def test_the_dev_threshold_is_taken_over_images_and_each_source_weighs_the_same() -> None:
    """Six bona fide images that score 0.6 outnumber two videos; by weight they are half of the bona fide dev rows."""
    dev = [*videos("oulu", "dev"), *images("wfas", "dev")]
    one = cell("msu", videos("msu", "test"), "vanilla", dev)
    stills = [face(f"wfas/dev/{number}", "bona_fide", 0, split="dev") for number in range(6)]
    scores = {**one.scores[0], **{still.face_id: 0.75 for still in stills}}
    changed = CellResults(**one.names, dev=[*dev, *stills], test=one.test, scores={0: scores})
    metrics = summary.summarise([changed], SETTINGS, LEDGER)
    point = metrics.cells["mixed_msu-vanilla"].by_seed[0]
    # Attacks score 0.75 by video of oulu and 0.8 by image of wfas. 6 of 9 bona fide images of wfas score 0.75, all else 0.2.
    # At 0.775 (between 0.75 and 0.8) FRR is 0 and FAR 1/2; just below 0.75 FRR is (0 + 6/9) / 2 = 1/3 and FAR 0. The latter's
    # mean is lower, but EER asks for the least difference of the two rates: 1/3 against 1/2.
    assert point.threshold_dev == pytest.approx((0.2 + 0.75) / 2)
    assert point.dev_auc["oulu"] == 1.0
    assert point.dev_auc["wfas"] == 1.0


def test_images_that_share_a_presentation_are_no_video() -> None:
    """A manifest may give several images of one person one presentation."""
    attacks = [face("wfas/dev/x", "print", number, subject="p", split="dev") for number in range(2)]
    bona_fide = [face("wfas/dev/y", "bona_fide", number, subject="p", split="dev") for number in range(2)]
    one = cell("msu", videos("msu", "test"), "vanilla", [])
    scores = dict(one.scores[0])
    for still, score in zip([*attacks, *bona_fide], (0.9, 0.1, 0.5, 0.2), strict=True):
        scores[still.face_id] = score
    changed = CellResults(**one.names, dev=[*attacks, *bona_fide], test=one.test, scores={0: scores})
    point = summary.summarise([changed], SETTINGS, LEDGER).cells["mixed_msu-vanilla"].by_seed[0]
    assert point.dev_auc == {"wfas": 0.5}  # as two videos, the attack's mean of 0.5 would lie above 0.35: 1.0


def test_missing_figures_by_video_survive_the_file(tmp_path: Path) -> None:
    metrics = summarised(["celeba_spoof"], videos("oulu", "dev"))
    results.write(tmp_path / "metrics.json", metrics, 6)
    assert results.read(tmp_path / "metrics.json", Metrics).cells["mixed_celeba_spoof-vanilla"].mean.video is None

"""The stage on tables small enough to work out by hand: one protocol with two targets, two runs, two seeds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from fasrepro import paths
from fasrepro.data import splits
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Counts, Figure, Metrics
from fasrepro.evaluation.results.metrics import AucTest, CellDifference, DecisionTest, TunedRate, TuningReport
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Judgement, Score
from fasrepro.stages import evaluate
from tests.faces import face
from tests.stages import projects

PEOPLE = {"train": ["1"], "test": ["2", "3"]}
SPECIES = ("bona_fide", "print", "replay_video")
SIDES = {"oc_m": (["oulu", "casia"], ["msu", "siw_mv2"])}
RUNS = ("label_only", "vanilla")


def faces() -> list[Face]:
    """Return two frames of each species of one train subject and two test subjects of four data sets."""
    return [
        face(f"{dataset}/{split}/{person}_{species}", species, frame, subject=f"{dataset}/{split}/{person}", split=split)
        for dataset in ("msu", "casia", "oulu", "siw_mv2")
        for split, people in PEOPLE.items()
        for person in people
        for species in SPECIES
        for frame in (4, 20)
    ]


def score(face: Face, run: str, seed: int) -> float:
    """Return a score: perfect on dev, threshold 0.5. On MSU vanilla misses every print, label_only all attacks of seed 1."""
    if face.dataset == "msu" and face.label is Label.ATTACK:
        missed = face.species == "print" if run == "vanilla" else seed == 1
        return 0.3 if missed else 0.7
    return 0.8 if face.label is Label.ATTACK else 0.2


def write_tuning() -> None:
    """Write the choice of vanilla between two rates: the scores of vanilla, and of the label_only that misses all attacks."""
    split = splits.read("oc_m")
    rows = [
        Score("oc_m", f"vanilla@{rate}", 0, one.face_id, score(one, run, 1))
        for rate, run in (("0.001", "vanilla"), ("0.002", "label_only"))
        for one in (*split.dev, *split.test)
    ]
    table.write(paths.tuning_scores("vanilla"), rows, Score)
    dev_auc = {"0.001": {"casia": 1.0, "oulu": 0.9}, "0.002": {"casia": 1.0, "oulu": 0.88}}
    choice = {"run": "vanilla", "protocol": "oc_m", "seed": 0, "chosen": 0.001, "dev_auc": dev_auc}
    paths.tuning_choice("vanilla").write_text(json.dumps(choice))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    projects.write_params(evaluation={"replicates": 200})
    runs = [("oc_m", run) for run in RUNS]
    jobs = projects.write_jobs(SIDES, runs, [0, 1], snapshots="oc_m-label_only-1", tunings=[("oc_m", "vanilla")])
    projects.write_faces(faces())
    for job in jobs:
        projects.write_scores(job, lambda one, job=job: score(one, job.run, job.seed))
    verdicts = {"bona_fide": Verdict.BONA_FIDE, "print": Verdict.UNDECIDED, "replay_video": Verdict.ATTACK}
    rows = [
        Judgement("oc_m", job.run, job.seed, one.face_id, "lexical", verdicts[one.species])
        for job in jobs
        for one in splits.read("oc_m").of_target("msu")
    ]
    # A reader's verdict on a changed text is no verdict on the explanation.
    rows += [dataclasses.replace(row, reader="lexical_flipped", verdict=Verdict.UNDECIDED) for row in rows]
    table.write(paths.JUDGEMENTS, rows, Judgement)
    write_tuning()
    return tmp_path


def evaluated() -> Metrics:
    evaluate.main([])
    return results.read(paths.METRICS, Metrics)


def differences(metrics: Metrics, cell: str = "oc_m") -> dict[tuple[str, str, str], CellDifference]:
    """Return the differences on one cell by metric, channel and level."""
    rows = [row for row in metrics.paired if row.cell == cell]
    by_name = {(row.metric, row.channel, row.level): row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


@pytest.mark.usefixtures("project")
def test_a_model_has_a_cell_for_each_of_its_targets() -> None:
    cells = evaluated().cells
    assert {key: (one.protocol, one.run, one.target, one.cell) for key, one in cells.items()} == {
        f"{cell}-{run}": ("oc_m", run, target, cell) for cell, target in (("oc_m", "msu"), ("oc_w", "siw_mv2")) for run in RUNS
    }
    assert cells["oc_w-vanilla"].mean.video.figures["hter_dev"].value == 0.0
    assert cells["oc_w-vanilla"].mean.readers == {}  # the reader read no text about SiW-Mv2


@pytest.mark.usefixtures("project")
def test_figures_of_scores_by_hand() -> None:
    metrics = evaluated()
    vanilla, label_only = metrics.cells["oc_m-vanilla"], metrics.cells["oc_m-label_only"]
    assert vanilla.by_seed[0].threshold_dev == 0.5
    assert vanilla.by_seed[0].dev_auc == {"casia": 1.0, "oulu": 1.0}
    expected = {
        "bpcer": 0.0,
        "apcer_max": 1.0,
        "apcer_pooled": 0.5,
        "hter_dev": 0.25,
        "acer": 0.5,
        "oracle_hter": 0.0,
        "auc": 1.0,
    }
    for level, size in ((vanilla.mean.video, 2), (vanilla.mean.frame, 4)):
        assert level.counts == Counts(bona_fide=size, attack=2 * size, subjects=2)
        assert level.apcer["print"] == Figure(1.0, 1.0, 1.0)  # the same for both subjects and seeds
        assert level.apcer["replay_video"].value == 0.0
        assert {name: level.figures[name].value for name in expected} == expected
    # Seed 0 is perfect, seed 1 misses all attacks: the interval reaches from one to the other.
    assert label_only.seeds == [0, 1]
    assert label_only.by_seed[0].video.figures["hter_dev"].value == 0.0
    assert label_only.by_seed[1].video.figures["hter_dev"].value == 0.5
    assert label_only.mean.video.figures["hter_dev"] == Figure(0.25, 0.0, 0.5)


@pytest.mark.usefixtures("project")
def test_figures_of_verdicts_by_hand() -> None:
    readers = evaluated().cells["oc_m-vanilla"].mean.readers
    assert set(readers) == {"lexical"}
    values = {name: figure.value for name, figure in readers["lexical"].video.figures.items()}
    assert values == {"accuracy": 0.666667, "hter": 0.25, "accuracy_decided": 1.0, "hter_decided": 0.0, "undecided": 0.333333}


@pytest.mark.usefixtures("project")
def test_every_learning_rate_is_reported_on_dev_and_target() -> None:
    rates = {"0.001": TunedRate(0.95, 0.25, 1.0), "0.002": TunedRate(0.94, 0.5, 1.0)}
    # 0.01 apart, which params.yaml counts as the same.
    assert evaluated().tuning == {"vanilla": TuningReport(0.001, "oc_m", "msu", rates, saturated=True)}


@pytest.mark.usefixtures("project")
def test_paired_differences_by_hand() -> None:
    rows = differences(evaluated())
    hter = rows["hter_dev", "head", "video"]
    # Seed 0: 0.25 - 0; seed 1: 0.25 - 0.5. The subjects are alike, so the variance is that of two seeds, 0.125 / 2.
    assert (hter.run, hter.baseline, hter.difference, hter.baseline_value) == ("vanilla", "label_only", 0.0, 0.25)
    assert (hter.error, hter.degrees, hter.variance) == (0.25, 1.0, {"trainings": 1.0})
    assert (hter.low, hter.high) == (pytest.approx(-0.25 * 12.706205), pytest.approx(0.25 * 12.706205))
    assert (hter.seeds, hter.subjects, hter.training_sets, hter.protocol, hter.target) == (2, 2, 1, "oc_m", "msu")
    assert ("apcer_max", "head", "video") not in rows  # the worst species is chosen on the rows themselves
    assert rows["apcer_pooled", "head", "video"].difference == 0.0
    by_frame = {(metric, channel) for metric, channel, level in rows if level == "frame"}
    assert {metric for metric, channel in by_frame if channel == "head"} == {"hter_dev", "auc"}
    assert {metric for metric, channel in by_frame if channel == "lexical"} == {
        "hter",
        "accuracy",
        "hter_decided",
        "accuracy_decided",
    }
    same = rows["hter", "lexical", "video"]
    assert (same.difference, same.low, same.high) == (0.0, None, None)


@pytest.mark.usefixtures("project")
def test_targets_of_one_protocol_have_a_mean() -> None:
    (mean,) = [row for row in evaluated().means if (row.metric, row.level) == ("apcer_pooled", "video")]
    assert (mean.cells, mean.targets, mean.protocols) == (["oc_m", "oc_w"], ["msu", "siw_mv2"], ["oc_m", "oc_m"])
    assert (mean.subjects, mean.seeds, mean.training_sets) == (4, 2, 1)


@pytest.mark.usefixtures("project")
def test_descriptive_tests_by_hand() -> None:
    tests = {(row.channel, row.seed): row for row in evaluated().pairwise_tests if row.cell == "oc_m"}

    def counted(run_only: int, baseline_only: int, p: float, p_holm: float) -> DecisionTest:
        return DecisionTest(run_only, baseline_only, p, p_holm)

    assert len(tests) == 4
    # Two of each kind of video. Seed 0: vanilla misses the prints, label_only nothing. Seed 1: label_only misses every attack.
    # On SiW-Mv2 both runs decide alike, so Holm doubles p.
    first, second = tests["head", 0], tests["head", 1]
    assert (first.run, first.baseline, first.target) == ("vanilla", "label_only", "msu")
    assert (first.attack, first.bona_fide, first.all) == (
        counted(0, 2, 0.5, 1.0),
        counted(0, 0, 1.0, 1.0),
        counted(0, 2, 0.5, 1.0),
    )
    assert (second.attack, second.bona_fide) == (counted(2, 0, 0.5, 1.0), counted(0, 0, 1.0, 1.0))
    assert first.auc == second.auc == AucTest(0.0, 1.0, 1.0)  # every attack scores above the others
    for seed in (0, 1):
        assert tests["lexical", seed].all == counted(0, 0, 1.0, 1.0)
        assert tests["lexical", seed].auc is None


@pytest.mark.usefixtures("project")
def test_runs_that_score_alike_differ_by_nothing_seed_by_seed() -> None:
    # label_only's seeds are far apart: only with the same seed on both sides is the difference 0 in every replicate.
    for seed in (0, 1):
        rows = table.read(paths.scores(f"oc_m-label_only-{seed}"), Score)
        table.write(paths.scores(f"oc_m-vanilla-{seed}"), [dataclasses.replace(row, run="vanilla") for row in rows], Score)
    assert {(row.difference, row.low, row.high) for row in evaluated().paired} == {(0.0, None, None)}


@pytest.mark.usefixtures("project")
def test_the_same_bytes_come_out_again() -> None:
    evaluate.main([])
    first = paths.METRICS.read_bytes()
    evaluate.main([])
    assert paths.METRICS.read_bytes() == first
    assert b"NaN" not in first


@pytest.mark.usefixtures("project")
def test_a_face_without_a_score_is_named_and_nothing_is_written() -> None:
    rows = table.read(paths.scores("oc_m-vanilla-1"), Score)
    table.write(paths.scores("oc_m-vanilla-1"), [row for row in rows if row.face_id != "msu/test/2_print#0004"], Score)
    message = r"oc_m-vanilla, seed 1, test: no score for 1 of 12 faces, such as msu/test/2_print#0004"
    with pytest.raises(ValueError, match=message):
        evaluate.main([])
    assert not paths.METRICS.exists()


@pytest.mark.usefixtures("project")
def test_scores_of_another_job_are_named() -> None:
    table.write(paths.scores("oc_m-label_only-0"), table.read(paths.scores("oc_m-vanilla-0"), Score), Score)
    message = r"oc_m-label_only-0/scores\.parquet: holds rows of oc_m-vanilla-0; run `dvc repro predict@oc_m-label_only-0`"
    with pytest.raises(ValueError, match=message):
        evaluate.main([])


@pytest.mark.usefixtures("project")
def test_an_unknown_metric_of_the_ledger_suggests_the_nearest() -> None:
    projects.write_params(ledger={"metric": "hter_dve"})
    with pytest.raises(ValueError, match=r"params\.yaml: ledger\.metric: unknown metric 'hter_dve'\. Did you mean 'hter_dev'"):
        evaluate.main([])


@pytest.mark.usefixtures("project")
def test_a_seed_that_was_not_judged_is_named() -> None:
    rows = [row for row in table.read(paths.JUDGEMENTS, Judgement) if not (row.run == "vanilla" and row.seed == 1)]
    table.write(paths.JUDGEMENTS, rows, Judgement)
    with pytest.raises(ValueError, match="oc_m-vanilla: reader lexical judged no explanation of seed 1; run `dvc repro readers`"):
        evaluate.main([])

"""The stage on tables small enough to work out by hand: one target with two subjects, two runs, two seeds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from fasrepro import paths
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.scores import Judgement, Score
from fasrepro.stages import evaluate

PEOPLE = {"train": ["1"], "test": ["2", "3"]}
SPECIES = {"bona_fide": "", "print": "printed_photo", "replay_video": "ipad_video"}


def faces() -> list[Face]:
    made = []
    for dataset in ("msu", "casia", "oulu"):
        for split, people in PEOPLE.items():
            for person in people:
                for species, word in SPECIES.items():
                    for frame in (4, 20):
                        presentation = f"{dataset}/{split}/{person}_{species}"
                        label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
                        name = face_id(presentation, frame)
                        subject, box = f"{dataset}/{split}/{person}", (0, 0, 9, 9)
                        made.append(
                            Face(
                                name,
                                dataset,
                                split,
                                subject,
                                presentation,
                                frame,
                                label,
                                species,
                                word,
                                "c",
                                box,
                                "sidecar",
                                "x",
                                "y",
                            )
                        )
    return made


def score(face: Face, run: str, seed: int) -> float:
    """Perfect on dev, threshold 0.5. On MSU's test faces vanilla misses every print, and label_only all attacks of seed 1."""
    if face.dataset == "msu" and face.label is Label.ATTACK:
        missed = face.species == "print" if run == "vanilla" else seed == 1
        return 0.3 if missed else 0.7
    return 0.8 if face.label is Label.ATTACK else 0.2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    params = yaml.safe_load(paths.PARAMS.read_text())
    params["evaluation"]["replicates"] = 200
    monkeypatch.chdir(tmp_path)
    paths.PARAMS.write_text(yaml.safe_dump(params))
    jobs = {
        f"oc_m-{run}": {"protocol": "oc_m", "run": run, "seeds": [0, 1], "trainset": "t", "tuned": run}
        for run in ("label_only", "vanilla")
    }
    chosen = {"protocol": "oc_m", "run": "vanilla", "seeds": [0], "trainset": "t", "tuned": "vanilla"}
    paths.JOBS.write_text(yaml.safe_dump({"jobs": jobs, "trainsets": {}, "tunings": {"vanilla": chosen}}))
    rows = faces()
    table.write(paths.FACES, rows, Face)
    tested = [face for face in rows if face.split == "test"]
    for name, job in jobs.items():
        made = [
            Score("oc_m", job["run"], seed, face.face_id, score(face, job["run"], seed)) for face in tested for seed in (0, 1)
        ]
        table.write(paths.scores(name), made, Score)
    verdicts = {"bona_fide": Verdict.BONA_FIDE, "print": Verdict.UNDECIDED, "replay_video": Verdict.ATTACK}
    judged = [
        Judgement("oc_m", run, seed, face.face_id, "lexical", verdicts[face.species])
        for run in ("label_only", "vanilla")
        for seed in (0, 1)
        for face in tested
        if face.dataset == "msu"
    ]
    # What a reader makes of a changed text is no verdict on the explanation.
    judged += [dataclasses.replace(row, reader="lexical_flipped", verdict=Verdict.UNDECIDED) for row in judged]
    table.write(paths.JUDGEMENTS, judged, Judgement)
    tried = [
        Score("oc_m", f"vanilla@{rate}", 0, face.face_id, score(face, run, 1))
        for rate, run in (("0.001", "vanilla"), ("0.002", "label_only"))
        for face in tested
    ]
    table.write(paths.tuning_scores("vanilla"), tried, Score)
    dev_auc = {"0.001": {"casia": 1.0, "oulu": 0.9}, "0.002": {"casia": 1.0, "oulu": 0.88}}
    choice = {"run": "vanilla", "protocol": "oc_m", "seed": 0, "chosen": 0.001, "dev_auc": dev_auc}
    paths.tuning_choice("vanilla").write_text(json.dumps(choice))
    return tmp_path


def test_metrics_by_hand(project: Path) -> None:
    evaluate.main([])
    report = json.loads(paths.METRICS.read_text())
    vanilla, label_only = (report["jobs"][f"oc_m-{run}"] for run in ("vanilla", "label_only"))
    assert vanilla["target"] == "msu"
    assert vanilla["seeds"]["0"]["threshold_dev"] == 0.5
    assert vanilla["seeds"]["0"]["dev_auc"] == {"casia": 1.0, "oulu": 1.0}
    for level, size in (("video", 2), ("frame", 4)):
        cell = vanilla["mean"][level]
        assert cell["counts"] == {"bona_fide": size, "attack": 2 * size, "subjects": 2}
        assert cell["apcer"]["print"] == {"value": 1.0, "low": 1.0, "high": 1.0}  # the same for both subjects and seeds
        assert cell["apcer"]["replay_video"]["value"] == 0.0
        values = {
            name: cell[name]["value"] for name in ("bpcer", "apcer_max", "apcer_pooled", "hter_dev", "acer", "hter_oracle", "auc")
        }
        assert values == {
            "bpcer": 0.0,
            "apcer_max": 1.0,
            "apcer_pooled": 0.5,
            "hter_dev": 0.25,
            "acer": 0.5,
            "hter_oracle": 0.0,
            "auc": 1.0,
        }
    # Seed 0 is perfect, seed 1 misses all attacks: the mean is between, and the interval reaches from seed to seed.
    assert label_only["seeds"]["0"]["video"]["hter_dev"]["value"] == 0.0
    assert label_only["seeds"]["1"]["video"]["hter_dev"]["value"] == 0.5
    assert label_only["mean"]["video"]["hter_dev"] == {"value": 0.25, "low": 0.0, "high": 0.5}
    assert set(vanilla["mean"]["readers"]) == {"lexical"}
    read = vanilla["mean"]["readers"]["lexical"]["video"]
    values = {name: read[name]["value"] for name in ("accuracy", "hter", "accuracy_decided", "hter_decided", "undecided")}
    assert values == {"accuracy": 0.666667, "hter": 0.25, "accuracy_decided": 1.0, "hter_decided": 0.0, "undecided": 0.333333}


def test_learning_rates_are_told_with_what_they_come_to_on_the_target(project: Path) -> None:
    evaluate.main([])
    found = json.loads(paths.METRICS.read_text())["tuning"]
    assert found == {
        "vanilla": {
            "chosen": 0.001,
            "protocol": "oc_m",
            "rates": {
                "0.001": {"dev_auc": 0.95, "hter_dev": 0.25, "auc": 1.0},
                "0.002": {"dev_auc": 0.94, "hter_dev": 0.5, "auc": 1.0},
            },
            "saturated": True,  # 0.01 apart, which is what params.yaml calls the same
        }
    }


def test_paired_differences_by_hand(project: Path) -> None:
    evaluate.main([])
    rows = json.loads(paths.METRICS.read_text())["paired"]
    named = {(r["run"], r["baseline"], r["metric"], r["channel"], r["level"]): r for r in rows}
    assert len(named) == len(rows)
    ours = named["vanilla", "label_only", "hter_dev", "head", "video"]
    # Seed 0: 0.25 - 0; seed 1: 0.25 - 0.5.
    assert (ours["difference"], ours["low"], ours["high"]) == (0.0, -0.25, 0.25)
    assert (ours["seeds"], ours["subjects"], ours["protocol"]) == (2, 2, "oc_m")
    assert named["vanilla", "label_only", "apcer_max", "head", "video"]["difference"] == 0.5
    assert ("label_only", "vanilla", "apcer_max", "head", "video") not in named  # each pair once
    by_frame = {(metric, channel) for _, _, metric, channel, level in named if level == "frame"}
    assert {metric for metric, channel in by_frame if channel == "head"} == {"hter_dev", "auc"}
    read = {"hter", "accuracy", "hter_decided", "accuracy_decided"}
    assert {metric for metric, channel in by_frame if channel == "lexical"} == read
    same = named["vanilla", "label_only", "hter", "lexical", "video"]
    assert (same["difference"], same["low"], same["high"]) == (0.0, 0.0, 0.0)


def test_descriptive_rows_by_hand(project: Path) -> None:
    evaluate.main([])
    report = json.loads(paths.METRICS.read_text())
    rows = {(row["channel"], row["seed"]): row for row in report["descriptive"]}
    assert len(rows) == len(report["descriptive"]) == 4
    assert {(row["protocol"], row["run"], row["baseline"]) for row in rows.values()} == {("oc_m", "vanilla", "label_only")}

    def counted(run_only: int, baseline_only: int, p: float) -> dict[str, float]:
        return {"run_only": run_only, "baseline_only": baseline_only, "p": p, "p_holm": p}  # one protocol: nothing to adjust

    # Two of each kind of video. Seed 0: vanilla misses the prints, label_only nothing. Seed 1: label_only misses every attack.
    first, second = rows["head", 0], rows["head", 1]
    assert (first["attack"], first["bona_fide"], first["all"]) == (counted(0, 2, 0.5), counted(0, 0, 1.0), counted(0, 2, 0.5))
    assert (second["attack"], second["bona_fide"]) == (counted(2, 0, 0.5), counted(0, 0, 1.0))
    assert first["auc"] == second["auc"] == {"difference": 0.0, "p": 1.0, "p_holm": 1.0}  # every attack stands above the others
    for seed in (0, 1):
        assert rows["lexical", seed]["all"] == counted(0, 0, 1.0)
        assert "auc" not in rows["lexical", seed]


def test_the_detectable_difference_goes_by_the_spread_between_seeds(project: Path) -> None:
    evaluate.main([])
    report = json.loads(paths.METRICS.read_text())
    assert report["settings"]["descriptive"] == {"power": 0.8}
    found = {(row["channel"], row["level"], row["metric"]): row.get("detectable", "none told") for row in report["paired"]}
    assert {key[:2] for key, value in found.items() if value != "none told"} == {("head", "video")}
    # The subjects are alike; of the seeds, 0.25 and -0.25, two are drawn: their mean has a standard deviation of 0.25 / sqrt(2).
    assert found["head", "video", "hter_dev"] == pytest.approx((1.959964 + 0.841621) * 0.25 / 2**0.5, rel=0.1)
    assert found["head", "video", "auc"] is None  # 1 in every replicate


def test_runs_that_do_the_same_differ_by_nothing_seed_by_seed(project: Path) -> None:
    # label_only's seeds are far apart: only with the same seed on both sides is the difference 0 in every replicate.
    rows = table.read(paths.scores("oc_m-label_only"), Score)
    table.write(paths.scores("oc_m-vanilla"), [dataclasses.replace(row, run="vanilla") for row in rows], Score)
    evaluate.main([])
    rows = json.loads(paths.METRICS.read_text())["paired"]
    assert {(row["difference"], row["low"], row["high"]) for row in rows} == {(0.0, 0.0, 0.0)}


def test_the_same_bytes_again(project: Path) -> None:
    evaluate.main([])
    first = paths.METRICS.read_bytes()
    evaluate.main([])
    assert paths.METRICS.read_bytes() == first
    assert b"NaN" not in first


def test_a_face_without_a_score_is_named_and_nothing_written(project: Path) -> None:
    rows = table.read(paths.scores("oc_m-vanilla"), Score)
    lost = [row for row in rows if not (row.seed == 1 and row.face_id == "msu/test/2_print#0004")]
    table.write(paths.scores("oc_m-vanilla"), lost, Score)
    with pytest.raises(
        ValueError, match=r"oc_m-vanilla, seed 1, test: no score for 1 of 12 faces, such as msu/test/2_print#0004"
    ):
        evaluate.main([])
    assert not paths.METRICS.exists()


def test_scores_of_another_job_are_named(project: Path) -> None:
    rows = table.read(paths.scores("oc_m-vanilla"), Score)
    table.write(paths.scores("oc_m-label_only"), rows, Score)
    with pytest.raises(ValueError, match=r"oc_m-label_only/scores.parquet: holds oc_m-vanilla"):
        evaluate.main([])


def test_an_unknown_metric_of_the_ledger_names_its_neighbours(project: Path) -> None:
    params = yaml.safe_load(paths.PARAMS.read_text())
    params["ledger"]["metric"] = "hter_dve"
    paths.PARAMS.write_text(yaml.safe_dump(params))
    with pytest.raises(ValueError, match="Did you mean 'hter_dev'"):
        evaluate.main([])


def test_a_seed_that_was_not_judged_is_named(project: Path) -> None:
    rows = [row for row in table.read(paths.JUDGEMENTS, Judgement) if not (row.run == "vanilla" and row.seed == 1)]
    table.write(paths.JUDGEMENTS, rows, Judgement)
    with pytest.raises(ValueError, match="oc_m-vanilla: reader lexical judged no explanation of seed 1"):
        evaluate.main([])

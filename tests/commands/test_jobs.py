from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config
from fasrepro.commands import jobs
from fasrepro.data.protocols import ProtocolError

ROOT = Path(__file__).parent.parent.parent
TUNING = config.Tuning("mi_c", 7, 0.01, {"wide": "vanilla"})
RUNS = {"label_only": {}, "vanilla": {"captions": {"vanilla": 1.0}}, "wide": {"captions": {"vanilla": 1.0}, "lora_rank": 64}}


def training() -> config.Training:
    return config.load("training", path=ROOT / "params.yaml").training


def made(**experiments: config.Experiment) -> dict[str, dict[str, dict[str, object]]]:
    return jobs.jobs_of(experiments, RUNS, training(), TUNING, ["vanilla", "reasoning"])


def test_a_job_is_a_run_on_a_protocol_with_all_seeds_asked_for() -> None:
    first = config.Experiment(["oci_m"], ["vanilla"], [0, 1])
    second = config.Experiment(["oci_m", "ocm_i"], ["vanilla", "label_only"], [1, 2])
    content = made(first=first, second=second)
    assert content["jobs"]["oci_m-vanilla"]["seeds"] == [0, 1, 2]
    assert set(content["jobs"]) == {"oci_m-vanilla", "oci_m-label_only", "ocm_i-vanilla", "ocm_i-label_only"}
    assert content["jobs"]["ocm_i-label_only"]["trainset"] == "ocm_i-labels"


def test_runs_with_the_same_captions_share_a_trainset() -> None:
    content = made(one=config.Experiment(["oci_m"], ["vanilla", "wide"], [0]))
    assert {job["trainset"] for job in content["jobs"].values()} == {"oci_m-vanilla"}
    own = {"name": "oci_m-vanilla", "protocol": "oci_m", "captions": ["vanilla=1.0"]}
    assert content["trainsets"] == {"mi_c-vanilla": own | {"name": "mi_c-vanilla", "protocol": "mi_c"}, "oci_m-vanilla": own}


def test_a_run_chooses_its_learning_rate_or_takes_that_of_another() -> None:
    content = made(one=config.Experiment(["oci_m"], ["label_only", "wide"], [0, 1]))
    assert {name: job["tuned"] for name, job in content["jobs"].items()} == {
        "oci_m-label_only": "label_only",
        "oci_m-wide": "vanilla",
    }
    assert content["tunings"]["vanilla"] == {
        "protocol": "mi_c",
        "run": "vanilla",
        "seeds": [7],
        "trainset": "mi_c-vanilla",
        "tuned": "vanilla",
    }
    assert set(content["tunings"]) == {"label_only", "vanilla"}
    chained = dataclasses.replace(TUNING, like={"wide": "vanilla", "vanilla": "label_only"})
    with pytest.raises(config.ConfigError, match="wide takes the rate of vanilla, which chooses none itself"):
        jobs.jobs_of({"one": config.Experiment(["oci_m"], ["wide"], [0])}, RUNS, training(), chained, ["vanilla"])
    misspelt = dataclasses.replace(TUNING, like={"wiede": "vanilla"})
    with pytest.raises(config.ConfigError, match=r"tuning\.like: unknown run 'wiede'\. Did you mean 'wide'"):
        jobs.jobs_of({"one": config.Experiment(["oci_m"], ["wide"], [0])}, RUNS, training(), misspelt, ["vanilla"])
    unknown = dataclasses.replace(TUNING, like={"wide": "vanila"})
    with pytest.raises(config.ConfigError, match=r"unknown run 'vanila'\. Did you mean 'vanilla'"):
        jobs.jobs_of({"one": config.Experiment(["oci_m"], ["wide"], [0])}, RUNS, training(), unknown, ["vanilla"])


def test_a_transfer_tests_the_models_of_a_job_on_another_target_with_all_its_seeds() -> None:
    first = config.Experiment(["oci_m"], ["vanilla"], [0], ["w"])
    content = made(first=first, second=config.Experiment(["oci_m"], ["vanilla", "wide"], [1]))
    assert content["transfers"] == {
        "oci_w-vanilla": {
            "protocol": "oci_w",
            "run": "vanilla",
            "seeds": [0, 1],
            "trainset": "oci_m-vanilla",
            "tuned": "vanilla",
            "checkpoint": "oci_m-vanilla",
        }
    }
    assert "oci_w-vanilla" not in content["jobs"]
    assert made(first=first, second=config.Experiment(["oci_w"], ["vanilla"], [0]))["transfers"] == {}  # it is trained anyway
    with pytest.raises(ProtocolError, match="'oci_i': a letter stands twice"):
        made(one=config.Experiment(["oci_m"], ["vanilla"], [0], ["i"]))


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(config.ConfigError, match=r"unknown run 'vanila'\. Did you mean 'vanilla'"):
        made(one=config.Experiment(["oci_m"], ["vanila"], [0]))
    with pytest.raises(ProtocolError, match="oci_x"):
        made(one=config.Experiment(["oci_x"], ["vanilla"], [0]))
    for captions, message in (({"reasonning": 1.0}, "Did you mean 'reasoning'"), ({"vanilla": 0.5}, "add up to 1")):
        with pytest.raises(ValueError, match=message):
            jobs.jobs_of(
                {"one": config.Experiment(["oci_m"], ["odd"], [0])},
                {**RUNS, "odd": {"captions": captions}},
                training(),
                TUNING,
                ["vanilla", "reasoning"],
            )
    with pytest.raises(config.ConfigError, match="learning_rates must hold at least one, all above 0"):
        jobs.jobs_of(
            {"one": config.Experiment(["oci_m"], ["odd"], [0])},
            {**RUNS, "odd": {"learning_rates": [0.0]}},
            training(),
            TUNING,
            [],
        )
    with pytest.raises(config.ConfigError, match="no seeds"):
        made(one=config.Experiment(["oci_m"], ["vanilla"], []))


def test_the_job_that_is_looked_at_is_one_of_the_jobs_with_one_of_its_seeds() -> None:
    found = made(one=config.Experiment(["oci_m"], ["wide"], [0, 3]))["jobs"]
    trace, recipe = config.Trace("oci_m", "wide", 3, 10), dataclasses.replace(training(), steps=10)
    assert jobs.traced(trace, found, recipe) == found["oci_m-wide"] | {"seeds": [3]}
    for changed, message in (
        ({"protocol": "oci_i"}, r"trace: unknown job 'oci_i-wide'\. Did you mean 'oci_m-wide'"),
        ({"run": "vanilla"}, "unknown job 'oci_m-vanilla'"),
        ({"seed": 1}, r"trace.seed: oci_m-wide has seeds \[0, 3\], not 1; name one"),
        ({"looks": 11}, "trace.looks: 11 looks at 10 steps; give 1 to 10"),
        ({"looks": 0}, "trace.looks: 0 looks"),
    ):
        with pytest.raises(config.ConfigError, match=message):
            jobs.traced(dataclasses.replace(trace, **changed), found, recipe)


def test_a_cue_is_taken_out_for_models_of_jobs_alone() -> None:
    names = ["oci_m-vanilla", "oci_w-vanilla"]
    jobs.check_counterfactual(config.Counterfactual(["oci_m", "oci_w"], ["vanilla"], 6), names)
    jobs.check_counterfactual(config.Counterfactual([], ["prose"], 6), names)  # nobody is asked
    with pytest.raises(config.ConfigError, match=r"counterfactual: unknown job 'oci_m-vanila'\. Did you mean 'oci_m-vanilla'"):
        jobs.check_counterfactual(config.Counterfactual(["oci_m"], ["vanila"], 6), names)
    with pytest.raises(config.ConfigError, match=r"counterfactual\.faces must be at least 1"):
        jobs.check_counterfactual(config.Counterfactual(["oci_m"], ["vanilla"], 0), names)


def test_the_command_writes_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    params = config.read_yaml(ROOT / "params.yaml")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert cli.main(["jobs", "--check"]) == 1
    assert cli.main(["jobs"]) == 0
    assert cli.main(["jobs", "--check"]) == 0
    params["experiments"]["more"] = {"protocols": ["mi_c"], "runs": ["vanilla"], "seeds": [0]}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert cli.main(["jobs", "--check"]) == 1
    assert cli.main(["jobs"]) == 0
    assert "mi_c-vanilla" in config.load_jobs()
    assert config.load_jobs()["mi_c-vanilla"].name == "mi_c-vanilla"
    assert config.load_jobs()["oci_w-vanilla"].checkpoint == "oci_m-vanilla"
    (tmp_path / "params.yaml").write_text("runs: [", encoding="utf-8")
    assert cli.main(["jobs"]) == 1
    assert "params.yaml: not YAML" in capsys.readouterr().err

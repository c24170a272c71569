"""The log of trials: the file as it is, none, and what its schema refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import config, hashing
from fasrepro.report import difficulty
from fasrepro.simulation import worlds
from tests import synthetic

ROOT = Path(__file__).parents[2]
HASH = "0123456789abcdef" * 4
WINDOW = {"low": 0.1, "high": 0.4, "targets": 2}
FACTS = {"strength": 0.5, "tie": 0.9, "vision_drop": 0.125, "subjects": 12, "seeds": 3}
TRIAL = {"number": 1, "changed": "strengths", "why": "too easy", **FACTS, "hter": {"msu": 0.05, "casia": 0.1, "oulu": 0.25}}


def written(folder: Path, **content: Any) -> Path:
    path = folder / "difficulty.yaml"
    path.write_text(yaml.safe_dump({"window": WINDOW, "frozen": HASH, "trials": [TRIAL], **content}), encoding="utf-8")
    return path


def frozen(tables: dict[str, Any], params: dict[str, Any]) -> str:
    """Hash what the difficulty was set with: a world's tables, the section `synthetic`, and the sizes of the archives."""
    sizes = params["archives"]["datasets"]
    return hashing.sha256_json({"tables": tables, "synthetic": params["synthetic"], "archives": sizes})


def fault(log: difficulty.Log, now: str) -> str:
    """Return what to do if tables or sizes are no longer those of the last trial; "" if they are, or there is no trial."""
    if log.frozen == now or not (log.trials or log.frozen):
        return ""
    return (
        f"the world's tables or sizes changed since the last trial: run PROFILE=difficulty, add a trial, and set frozen to {now}"
    )


def test_the_world_is_the_one_whose_difficulty_was_set() -> None:
    now = frozen(worlds.tables("a", synthetic.default_plan()), config.read_yaml(ROOT / "params.yaml"))
    assert not (words := fault(difficulty.load(), now)), words


def test_any_change_of_tables_or_sizes_is_noticed() -> None:
    params, tables = config.read_yaml(ROOT / "params.yaml"), worlds.tables("a", synthetic.default_plan())
    before = frozen(tables, params)
    archives = params["archives"]
    assert frozen(tables, {**params, "archives": {**archives, "source": "licensed"}, "threads": 64}) == before
    others = [
        frozen({**tables, "strength": [0.1, 0.2]}, params),
        frozen(tables, {**params, "synthetic": {**params["synthetic"], "seed": 1}}),
        frozen(
            tables, {**params, "archives": {**archives, "datasets": {**archives["datasets"], "msu": {"train": 1, "test": 1}}}}
        ),
    ]
    assert len({before, *others}) == 4


def test_a_change_after_a_trial_is_a_fault_with_the_new_hash(tmp_path: Path) -> None:
    log = difficulty.load(written(tmp_path))
    assert fault(log, HASH) == ""
    assert fault(log, "f" * 64).endswith(f"run PROFILE=difficulty, add a trial, and set frozen to {'f' * 64}")
    assert fault(difficulty.load(written(tmp_path, frozen="", trials=[])), HASH) == ""
    assert fault(difficulty.load(written(tmp_path, trials=[])), "f" * 64)


def test_the_projects_own_file_is_sound() -> None:
    log = difficulty.load()
    assert 0 < log.window.low < log.window.high < 0.5
    assert log.trials


def test_both_ends_of_the_window_count(tmp_path: Path) -> None:
    second = {**TRIAL, "number": 2, "hter": {"msu": 0.41, "casia": 0.4}}
    log = difficulty.load(written(tmp_path, trials=[TRIAL, second]))
    assert [log.inside(trial) for trial in log.trials] == [2, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"trials": [{**TRIAL, "number": 2}]}, r"trials\[0\]: number 2, expected 1"),
        ({"trials": [{**TRIAL, "why": " "}]}, r"trials\[0\]: why must be words"),
        ({"trials": [{**TRIAL, "hter": {"msv": 0.1}}]}, "target 'msv' is none of msu"),
        ({"trials": [{**TRIAL, "hter": {"msu": 12}}]}, "msu: 12 is not a share"),
        ({"trials": [{**TRIAL, "hter": {}}]}, "at least one target"),
        ({"trials": [{**TRIAL, "seed": 1}]}, r"trials\[0\]: must have exactly the keys changed, hter, number, seeds, strength"),
        ({"trials": [{**TRIAL, "tie": 2}]}, r"trials\[0\]: tie: 2 is not a share"),
        ({"trials": [{**TRIAL, "subjects": 0}]}, r"subjects: 0 is not a number of people"),
        ({"trials": [{**TRIAL, "seeds": 0}]}, r"seeds: 0 is not a number of trainings"),
        ({"trials": None}, "trials: expected a list"),
        ({"window": {**WINDOW, "low": 0.5}}, "not two shares in order"),
        ({"window": {**WINDOW, "targets": 99}}, "targets 99 is not a number"),
        ({"window": {"low": 0.1}}, "window: must have exactly the keys high, low, targets"),
        ({"notes": "x"}, "must have exactly the keys window, frozen and trials"),
        ({"frozen": ""}, "frozen: '' is not a sha256"),
        ({"frozen": None, "trials": []}, "frozen: None is not a sha256"),
        ({"frozen": HASH[:-1]}, "is not a sha256 in 64 hex digits"),
    ],
)
def test_a_broken_schema_is_named(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    with pytest.raises(difficulty.DifficultyError, match=message) as caught:
        difficulty.load(written(tmp_path, **content))
    assert "difficulty.yaml" in str(caught.value)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "difficulty.yaml"
    path.write_text("trials: [", encoding="utf-8")
    with pytest.raises(difficulty.DifficultyError, match=r"difficulty\.yaml: not readable"):
        difficulty.load(path)

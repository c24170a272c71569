from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import config
from fasrepro.commands import reproduce

ROOT = Path(__file__).parent.parent


def params(**changes: Any) -> dict[str, Any]:
    return {**config.read_yaml(ROOT / "params.yaml"), **changes}


def written(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_only_what_is_asked_for_is_given() -> None:
    loaded = config.load("threads", "training", path=ROOT / "params.yaml")
    assert loaded.training.classification_weight + loaded.training.caption_weight == 1.0
    assert not hasattr(loaded, "annotator")


def test_an_unknown_key_names_its_neighbour(tmp_path: Path) -> None:
    path = written(tmp_path, params(trainning={}))
    with pytest.raises(config.ConfigError, match=r"params\.yaml: unknown key 'trainning'\. Did you mean 'training'\?"):
        config.load("threads", path=path)


def test_an_unknown_run_key_names_its_neighbour() -> None:
    loaded = config.load("training", path=ROOT / "params.yaml")
    with pytest.raises(config.ConfigError, match=r"runs\.wide: unknown key 'lora_rnk'\. Did you mean 'lora_rank'\?"):
        config.recipe(loaded.training, {"wide": {"lora_rnk": 64}}, "wide")
    with pytest.raises(config.ConfigError, match="unknown run 'wid'"):
        config.recipe(loaded.training, {"wide": {}}, "wid")


def test_a_run_is_the_default_and_its_override() -> None:
    loaded = config.load("training", path=ROOT / "params.yaml")
    wide = config.recipe(loaded.training, {"wide": {"lora_rank": 64}}, "wide")
    assert wide.lora_rank == 64
    assert config.dataclasses.replace(wide, lora_rank=loaded.training.lora_rank) == loaded.training


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("threads", "two", "threads: expected int, found 'two'"),
        ("threads", True, "threads: expected int, found True"),
        ("styles", "vanilla", "styles: expected"),
        ("evaluation", {"replicates": 10}, "evaluation: missing confidence, seed, digits"),
        ("index", 3, "index: expected keys and values, found 3"),
    ],
)
def test_wrong_values_are_named(tmp_path: Path, key: str, value: Any, message: str) -> None:
    with pytest.raises(config.ConfigError, match=message):
        config.load(key, path=written(tmp_path, params(**{key: value})))


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="no such file"):
        config.load("threads", path=tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(config.ConfigError, match="not YAML"):
        config.load("threads", path=tmp_path / "params.yaml")


def test_merge_lays_a_profile_over_the_base() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "experiments": {"one": {"seeds": [0]}}, "runs": {"r": {}}}
    merged = reproduce.merge(base, {"a": {"y": [3]}, "experiments": {"two": {"seeds": [1]}}, "runs": {"s": {"z": 1}}})
    assert merged == {"a": {"x": 1, "y": [3]}, "experiments": {"two": {"seeds": [1]}}, "runs": {"r": {}, "s": {"z": 1}}}
    assert base["a"]["y"] == [1, 2]
    rates = {"tuning": {"seed": 0, "like": {"r": "q"}}}
    assert reproduce.merge(rates, {"tuning": {"like": {}}}) == {"tuning": {"seed": 0, "like": {}}}  # each chooses its own
    with pytest.raises(config.ConfigError, match=r"profile: a\.xx: unknown key 'xx'\. Did you mean 'x'\?"):
        reproduce.merge(base, {"a": {"xx": 1}})

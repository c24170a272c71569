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
    assert sum(loaded.training.phases[0].losses.values()) == 1.0
    assert not hasattr(loaded, "annotator")


def test_an_unknown_key_names_its_neighbour(tmp_path: Path) -> None:
    path = written(tmp_path, params(trainning={}))
    with pytest.raises(config.ConfigError, match=r"params\.yaml: unknown key 'trainning'\. Did you mean 'training'\?"):
        config.load("threads", path=path)


def test_an_unknown_run_key_names_its_neighbour() -> None:
    training = config.load("training", path=ROOT / "params.yaml").training
    with pytest.raises(config.ConfigError, match=r"runs\.wide: unknown key 'smapling'\. Did you mean 'sampling'\?"):
        config.resolved_recipe(training, {"wide": {"smapling": "natural"}}, "wide")
    with pytest.raises(config.ConfigError, match=r"runs\.wide\.lora: unknown key 'rnk'\. Did you mean 'rank'\?"):
        config.resolved_recipe(training, {"wide": {"lora": {"rnk": 64}}}, "wide")
    with pytest.raises(config.ConfigError, match=r"runs\.wide\.phases\[0\]: unknown key 'stepps'"):
        config.resolved_recipe(training, {"wide": {"phases": [{"name": "joint", "stepps": 2}]}}, "wide")
    with pytest.raises(config.ConfigError, match="unknown run 'wid'"):
        config.resolved_recipe(training, {"wide": {}}, "wid")


def test_a_run_is_the_default_and_its_override() -> None:
    training = config.load("training", path=ROOT / "params.yaml").training
    wide = config.resolved_recipe(training, {"wide": {"lora": {"rank": 64}}}, "wide")
    assert (wide.lora.rank, wide.lora.alpha) == (64, training.lora.alpha)
    assert config.dataclasses.replace(wide, lora=training.lora) == training


def test_a_run_like_another_takes_its_keys_first() -> None:
    training = config.load("training", path=ROOT / "params.yaml").training
    runs = {
        "balanced": {"sampling": "balanced", "batch_size": 4},
        "both": {"like": "balanced", "batch_size": 8},
        "circle": {"like": "round"},
        "round": {"like": "circle"},
    }
    both = config.resolved_recipe(training, runs, "both")
    assert (both.sampling, both.batch_size) == ("balanced", 8)
    with pytest.raises(config.ConfigError, match="circle is like round is like circle"):
        config.resolved_recipe(training, runs, "circle")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("threads", "two", "threads: expected int, found 'two'"),
        ("threads", True, "threads: expected int, found True"),
        ("captions", "vanilla", "captions: expected"),
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
    archives = {"archives": {"datasets": {"msu": {"train": 1}}}}
    assert reproduce.merge(archives, {"archives": {"datasets": {"siw": {"train": 2}}}}) == {
        "archives": {"datasets": {"msu": {"train": 1}, "siw": {"train": 2}}}
    }
    with pytest.raises(config.ConfigError, match=r"profile: a\.xx: unknown key 'xx'\. Did you mean 'x'\?"):
        reproduce.merge(base, {"a": {"xx": 1}})


def test_a_profile_overlays_a_run_phase_by_phase() -> None:
    base = {
        "runs": {"cepl": {"phases": [{"name": "describe", "steps": 450}, {"name": "joint", "steps": 450}], "score_by": "answer"}}
    }
    changes = {"phases": [{"name": "describe", "steps": 4}, {"name": "joint"}], "score_by": None, "learning_rates": [0.001]}
    assert reproduce.merge(base, {"runs": {"cepl": changes}}) == {
        "runs": {
            "cepl": {
                "phases": [{"name": "describe", "steps": 4}, {"name": "joint", "steps": 450}],
                "learning_rates": [0.001],
            }
        }
    }
    with pytest.raises(config.ConfigError, match=r"profile: runs\.cepl\.score_bi: unknown key 'score_bi'"):
        reproduce.merge(base, {"runs": {"cepl": {"score_bi": None}}})


def test_a_profile_adds_to_the_size_of_a_data_set() -> None:
    base = {"archives": {"datasets": {"msu": {"train": 8, "test": 2}}}}
    few = {"bona_fide": 1, "attack": 1}
    merged = reproduce.merge(base, {"archives": {"datasets": {"msu": {"train": 4, "per_subject": few}}}})
    assert merged == {"archives": {"datasets": {"msu": {"train": 4, "test": 2, "per_subject": few}}}}


def test_a_profile_says_in_which_format_an_archive_lies() -> None:
    base = {"archives": {"source": "licensed", "datasets": {"msu": {}}}}
    merged = reproduce.merge(base, {"archives": {"formats": {"msu": "crops"}}})
    assert merged == {"archives": {"source": "licensed", "datasets": {"msu": {}}, "formats": {"msu": "crops"}}}


def test_what_a_profile_takes_away_must_be_there() -> None:
    with pytest.raises(config.ConfigError, match=r"archives\.datasets\.siw_mv: unknown key 'siw_mv'\. Did you mean 'siw_mv2'"):
        reproduce.merge({"archives": {"datasets": {"siw_mv2": {}}}}, {"archives": {"datasets": {"siw_mv": None}}})


def test_a_profile_takes_a_key_away_and_changes_a_phase_by_its_name() -> None:
    base = {
        "archives": {"datasets": {"msu": {}, "siw_mv2": {}}},
        "training": {"phases": [{"name": "joint", "steps": 3, "train": []}]},
    }
    override = {"archives": {"datasets": {"siw_mv2": None}}, "training": {"phases": [{"name": "joint", "steps": 1}]}}
    assert reproduce.merge(base, override) == {
        "archives": {"datasets": {"msu": {}}},
        "training": {"phases": [{"name": "joint", "steps": 1, "train": []}]},
    }

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config, files, paths
from fasrepro.commands import reproduce
from fasrepro.report import recorded, worlds
from tests.layout import ROOT

# What leads to the metrics: of another stage's folder a file, and a folder that others write to.
STAGES = {
    "index": {"deps": [{"path": "fasrepro/a.py", "md5": "1"}], "outs": [{"path": "results/index"}]},
    "train@a": {
        "deps": [{"path": "results/index/faces.parquet", "md5": "2"}, {"path": "fasrepro/b.py", "md5": "3"}],
        "outs": [{"path": "results/predictions/a"}],
    },
    "evaluate": {
        "deps": [{"path": "results/predictions", "md5": "4"}, {"path": "fasrepro/c.py", "md5": "5"}],
        "outs": [{"path": "results/metrics.json"}],
    },
    "book": {"deps": [{"path": "results/metrics.json", "md5": "6"}, {"path": "fasrepro/d.py", "md5": "7"}]},
}


def paired(**changes: object) -> dict[str, object]:
    base = {"run": "vanilla", "baseline": "reasoning", "metric": "hter_dev", "level": "video", "channel": "head"}
    return {
        **base,
        "protocol": "oci_m",
        "difference": 0.1,
        "low": 0.0,
        "high": 0.2,
        "seeds": 3,
        "subjects": 8,
        "transfer": False,
    } | changes


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = reproduce.BUILD / "other"
    params = config.read_yaml(ROOT / "params.yaml")
    params["synthetic"] |= {"world": "b", "spurious_strength": 0.5}
    files.write_text(folder / paths.PARAMS, yaml.safe_dump(params))
    rows = [
        paired(),
        paired(metric="auc", run="linear_probe", baseline="prose"),
        paired(level="frame"),
        paired(metric="eer"),
        paired(channel="api"),
    ]
    cell = {"protocol": "oci_m", "run": "label_only", "transfer": False, "mean": {"video": {"hter_dev": {"value": 0.3}}}}
    cell["seeds"] = {"1": {"auc": 0.9}, "0": {"auc": 0.8}}
    ledger = {"metric": "hter_dev", "margin": 0.0, "min_seeds": 3, "min_subjects": 8}
    metrics = {"jobs": {"oci_m-label_only": cell}, "paired": rows, "settings": {"evaluation": {}, "ledger": ledger}}
    files.write_json(folder / paths.METRICS, metrics)
    reproduce.keep_times(folder, [("train@a", 3000.0), ("book", 100.0)])
    reproduce.keep_times(folder, [("book", 600.0)])  # run again
    reproduce.keep_times(folder, [("train@gone", 9000.0)])
    files.write_text(folder / "dvc.lock", yaml.safe_dump({"schema": "2.0", "stages": STAGES}))
    return folder


def test_what_claims_are_made_of_is_kept_with_its_provenance(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "--profile", "other"]) == 0
    assert "world b, ties 0.5, 1 hours; no time is known of 2 stages" in capsys.readouterr().out
    (found,) = recorded.load(paths.RECORDED)
    assert (found.name, found.world, found.strength, found.hours) == ("other", "b", 0.5, 1.0)  # of the stages that are there
    assert found.untimed == 2
    assert found.metrics["paired"] == [paired(), paired(metric="auc", run="linear_probe", baseline="prose")]
    assert found.metrics["jobs"]["oci_m-label_only"]["seeds"] == ["0", "1"]
    assert worlds.label_only(found.metrics) == {"oci_m": 0.3}
    assert recorded.alike(found, recorded.sections(copy / paths.PARAMS))
    assert not recorded.alike(found, recorded.sections(ROOT / "params.yaml"))
    assert found.code == {"fasrepro/a.py": "1", "fasrepro/b.py": "3", "fasrepro/c.py": "5"}
    assert "torch" in files.read_json(paths.RECORDED / "other.json")["versions"]


def test_a_profile_that_was_not_run_is_an_error(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / paths.METRICS).unlink()
    assert cli.main(["record", "--profile", "other"]) == 1
    assert "metrics.json: no such file" in capsys.readouterr().err
    assert not paths.RECORDED.exists()

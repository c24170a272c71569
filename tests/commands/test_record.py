from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config, paths, provenance
from fasrepro.commands import reproduce
from fasrepro.report import worlds
from tests.layout import ROOT


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
    provenance.write_text(folder / paths.PARAMS, yaml.safe_dump(params))
    rows = [
        paired(),
        paired(level="frame"),
        paired(metric="eer"),
        paired(channel="api"),
        paired(run="linear_probe", baseline="prose"),
    ]
    cell = {"protocol": "oci_m", "run": "label_only", "transfer": False, "mean": {"video": {"hter_dev": {"value": 0.3}}}}
    ledger = {"metric": "hter_dev", "margin": 0.0, "min_seeds": 3, "min_subjects": 8}
    metrics = {"jobs": {"oci_m-label_only": cell}, "paired": rows, "settings": {"evaluation": {}, "ledger": ledger}}
    provenance.write_json(folder / paths.METRICS, metrics)
    reproduce.keep_times(folder, [("train@a", 3000.0), ("book", 100.0)])
    reproduce.keep_times(folder, [("book", 600.0)])  # run again
    return folder


def test_what_claims_are_made_of_is_kept_with_its_provenance(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "--profile", "other"]) == 0
    assert "world b, ties 0.5, 1 hours" in capsys.readouterr().out
    (found,) = worlds.load(paths.RECORDED)
    assert (found.name, found.world, found.strength, found.hours, found.label_only) == ("other", "b", 0.5, 1.0, {"oci_m": 0.3})
    assert found.metrics["paired"] == [paired()]
    entry = provenance.read_json(paths.RECORDED / "other.json")
    assert entry["params_sha256"] == provenance.sha256_file(copy / paths.PARAMS)
    assert "torch" in entry["versions"]


def test_a_profile_that_was_not_run_is_an_error(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / paths.METRICS).unlink()
    assert cli.main(["record", "--profile", "other"]) == 1
    assert "metrics.json: no such file" in capsys.readouterr().err
    assert not paths.RECORDED.exists()

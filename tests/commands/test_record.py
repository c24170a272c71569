from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
import yaml

from fasrepro import __version__, cli, config, files, paths, schema
from fasrepro.commands import record, reproduce, side_by_side
from fasrepro.evaluation import results
from fasrepro.evaluation.results import EvaluationSettings, Figure, Grounding, LedgerSettings, Metrics
from fasrepro.evaluation.results.metrics import CellDifference, Difference, MeanDifference, MetricsSettings, TuningReport
from fasrepro.report import recorded
from tests.layout import ROOT
from tests.report import samples

# What leads to the metrics: a module, a folder of modules, a file in another stage's folder, and a folder that others write to.
STAGES = {
    "index": {"deps": [{"path": "fasrepro/a.py"}], "outs": [{"path": "results/index"}]},
    "train@a": {
        "deps": [{"path": "results/index/faces.parquet"}, {"path": "fasrepro/models"}],
        "outs": [{"path": "results/predictions/a"}],
    },
    "evaluate": {
        "deps": [{"path": "results/predictions"}, {"path": "fasrepro/c.py"}],
        "outs": [{"path": "results/metrics.json"}],
    },
    "book": {"deps": [{"path": "results/metrics.json"}, {"path": "fasrepro/d.py"}]},
}
MODULES = ("fasrepro/a.py", "fasrepro/c.py", "fasrepro/d.py", "fasrepro/models/b.py")
DIFFERENCE = CellDifference(
    "vanilla", "reasoning", results.HEAD, "video", "hter_dev", 0.1, 0.0, 0.2, 0.04, 6.0, {}, 0.3, 3, 8, 1, "oci_m", "msu", "oci_m"
)
MEAN = MeanDifference(
    **{name: getattr(DIFFERENCE, name) for name in Difference.__dataclass_fields__},
    protocols=["oci_m"],
    targets=["msu"],
    cells=["oci_m"],
    over_targets=Figure(0.1, None, None),
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile's copy that has run, as far as `record` reads it."""
    monkeypatch.chdir(tmp_path)
    folder = reproduce.BUILD / "other"
    params = config.read_yaml(ROOT / "params.yaml")
    params["synthetic"] |= {"world": "b", "spurious_strength": 0.5}
    del params["runs"]["vanilla"]["learning_rates"]  # it chooses
    files.write_text(folder / paths.PARAMS, yaml.safe_dump(params))
    others = [
        {"metric": "auc"},
        {"metric": "oracle_eer"},
        {"level": "frame", "metric": "oracle_eer"},
        {"channel": "tfidf", "level": "frame", "metric": "hter"},
        {"channel": "tfidf", "level": "frame", "metric": "hter", "run": "reasoning_25"},
        {"run": "reasoning_25"},
    ]
    settings = MetricsSettings(EvaluationSettings(100, 0.95, 1, 6), LedgerSettings("hter_dev", 0.15, 0.5, 3, 5, 5))
    tuning = {run: TuningReport(0.0005, "mi_c", "casia", {}, None) for run in ("vanilla", "reasoning")}
    metrics = Metrics(
        {}, [DIFFERENCE, *(dataclasses.replace(DIFFERENCE, **other) for other in others)], [MEAN], settings, tuning=tuning
    )
    files.write_json(folder / paths.METRICS, schema.plain(metrics))
    files.write_json(folder / paths.GROUNDING, schema.plain(Grounding({})))
    for module in MODULES:
        files.write_text(folder / module, f"# {module}")
    side_by_side.keep_times(folder, {"train@a": 3000.0, "book": 100.0})
    side_by_side.keep_times(folder, {"book": 600.0})  # run again
    side_by_side.keep_times(folder, {"train@gone": 9000.0})
    files.write_text(folder / "dvc.lock", yaml.safe_dump({"schema": "2.0", "stages": STAGES}))
    return folder


def test_what_claims_are_made_of_is_kept_with_its_provenance(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "--profile", "other"]) == 0
    assert "world b, ties 0.5, 1 hours; no time is known of 2 stages" in capsys.readouterr().out
    (one,) = recorded.load(paths.RECORDED)
    assert (one.profile, one.world, one.spurious_strength, one.hours, one.version) == ("other", "b", 0.5, 1.0, __version__)
    assert one.untimed_stages == 2  # of the stages in the lock
    of_reader = dataclasses.replace(
        DIFFERENCE, channel="tfidf", level="frame", metric="hter"
    )  # that claims name, of a pair of theirs
    no_claim = dataclasses.replace(DIFFERENCE, run="reasoning_25")  # notebooks compare it, by the head's scores
    assert one.metrics.paired == [DIFFERENCE, dataclasses.replace(DIFFERENCE, metric="auc"), of_reader, no_claim]
    assert one.metrics.means == [MEAN]
    assert (one.grounding, one.unseen) == (Grounding({}), None)
    assert one.experiments["caption_style"].seeds == [0]
    assert not recorded.comparable(one, recorded.sections(config.read_yaml(ROOT / "params.yaml")))
    assert "torch" in files.read_json(paths.RECORDED / "other" / "run.json")["versions"]


def test_a_cell_of_still_images_is_kept_without_figures_by_video() -> None:
    one = samples.cell_metrics("oci_m", "vanilla")
    lexical = dataclasses.replace(one.mean.readers["lexical"], video=None)
    seed = dataclasses.replace(one.mean, video=None, readers={"lexical": lexical})
    kept = record.kept(samples.metrics(cells=[dataclasses.replace(one, by_seed={0: seed})]))
    (kept_seed,) = kept.cells["oci_m-vanilla"].by_seed.values()
    assert (kept_seed.video, kept_seed.readers["lexical"].video) == (None, None)
    assert kept_seed.readers["lexical"].frame.figures["hter"] == lexical.frame.figures["hter"]


def test_a_run_that_chose_its_rate_is_comparable_with_one_that_names_the_same(copy: Path) -> None:
    assert cli.main(["record", "--profile", "other"]) == 0
    (one,) = recorded.load(paths.RECORDED)
    params = config.read_yaml(copy / paths.PARAMS)
    assert recorded.differing(one, recorded.sections(params)) == ["runs.vanilla"]  # chosen there, still to be chosen here
    params["runs"]["vanilla"]["learning_rates"] = [0.0005]
    assert recorded.comparable(one, recorded.sections(params))
    params["runs"]["vanilla"]["learning_rates"] = [0.001]
    assert recorded.differing(one, recorded.sections(params)) == ["runs.vanilla"]


def test_a_folder_takes_the_place_of_the_file_of_version_0_1_0(copy: Path) -> None:
    files.write_json(paths.RECORDED / "other.json", {})
    assert cli.main(["record", "--profile", "other"]) == 0
    assert [path.name for path in paths.RECORDED.iterdir()] == ["other"]


def test_the_code_that_leads_to_the_metrics_is_kept_file_by_file(copy: Path) -> None:
    assert cli.main(["record", "--profile", "other"]) == 0
    (one,) = recorded.load(paths.RECORDED)
    leading = [module for module in MODULES if module != "fasrepro/d.py"]
    assert one.code_md5 == {module: hashlib.md5(f"# {module}".encode()).hexdigest() for module in leading}
    assert recorded.changed_code(one.code_md5, copy) == []
    files.write_text(copy / "fasrepro/models/b.py", "# changed")
    assert recorded.changed_code(one.code_md5, copy) == ["fasrepro/models/b.py"]


def test_a_profile_that_was_not_run_is_an_error(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / paths.METRICS).unlink()
    assert cli.main(["record", "--profile", "other"]) == 1
    assert "metrics.json: no such file" in capsys.readouterr().err
    assert not paths.RECORDED.exists()

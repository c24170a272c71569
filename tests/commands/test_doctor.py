from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from fasrepro import __version__, cli, config, files, paths, schema
from fasrepro.commands import doctor
from fasrepro.evaluation.results import EvaluationSettings, LedgerSettings, Metrics
from fasrepro.evaluation.results.metrics import MetricsSettings
from fasrepro.report import recorded
from tests import trees

ROOT = Path(__file__).parent.parent.parent
REPLAY = {"train": 1, "devel": 1, "test": 1}


def project(folder: Path, **changes: object) -> None:
    params = {**config.read_yaml(ROOT / "params.yaml"), **changes}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (folder / "jobs.yaml").write_text((ROOT / "jobs.yaml").read_text(encoding="utf-8"), encoding="utf-8")


def test_this_environment_is_the_locked_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    cli.main(["doctor"])
    assert "packages: as locked" in capsys.readouterr().out


def test_missing_things_are_named_and_set_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    annotator = {**config.read_yaml(ROOT / "params.yaml")["annotator"], "base_url": "https://me:secret@example.invalid/v1"}
    project(tmp_path, annotator=annotator)
    (tmp_path / "requirements.lock").write_text("# pins\nnumpy==0.0.1\nno-such-package==1.0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "numpy" in out and "locked 0.0.1" in out
    assert "no-such-package missing" in out
    assert "MISSING  annotator at https://example.invalid/v1: OPENAI_API_KEY is not set" in out
    assert "secret" not in out


def test_without_torch_the_books_environment_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path)
    (tmp_path / "requirements.lock").write_text("torch==2.13.0\n", encoding="utf-8")
    (tmp_path / "requirements-book.lock").write_text(f"numpy=={doctor.installed('numpy')}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    here = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda package: "missing" if package == "torch" else here(package))
    cli.main(["doctor"])
    out = capsys.readouterr().out
    assert "ok       packages: as in requirements-book.lock" in out and "to train, run `make environment`" in out
    assert "GPU: unknown, because torch is not installed" in out
    (tmp_path / "requirements-book.lock").write_text("numpy==0.0.1\n", encoding="utf-8")
    assert cli.main(["doctor"]) == 1
    assert "locked 0.0.1: run `pip install -r requirements-book.lock`" in capsys.readouterr().out


def test_licensed_archives_need_an_annotator_that_is_not_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    datasets: dict[str, dict] = {"msu": {}, "oulu": {}}
    project(tmp_path, archives={"source": "licensed", "datasets": datasets})
    trees.make(tmp_path, {"msu": {"train": 1, "test": 1}})
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path))
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "ok       licensed archives" in out
    assert "stale: run `fasrepro jobs`" in out
    assert f"ok       MSU-MFSD: in {tmp_path / 'MSU-MFSD'} (`fasrepro inspect" in out
    assert "MISSING  OULU-NPU: absent from" in out and "take oulu out of archives.datasets" in out
    assert "MISSING  annotator: simulated" in out and "set annotator.base_url" in out


def test_with_licensed_archives_what_can_run_is_said_before_anything_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = config.read_yaml(ROOT / "params.yaml")
    experiments = {"own": {"protocols": ["mine", "oci_m"], "runs": ["vanilla"], "seeds": [0]}}
    protocols = content["protocols"] | {"mine": {"train": ["msu"], "test": ["casia"]}}
    names = ("msu", "casia", "replay")
    archives = {"source": "licensed", "datasets": {name: {} for name in names}}
    project(tmp_path, archives=archives, experiments=experiments, protocols=protocols)
    trees.make(tmp_path, {"msu": {"train": 1, "test": 1}, "casia": {"train": 1, "test": 1}, "replay": REPLAY})
    shutil.rmtree(tmp_path / "Replay-Attack" / "devel")
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path))
    cli.main(["jobs"])
    capsys.readouterr()
    cli.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    lacks = "no bona fide presentation in dev, no attack in dev"
    assert f"MISSING  Replay-Attack: {lacks}: restore the official tree" in lines
    assert "ok       experiment own can run on mine alone: oci_m lacks OULU-NPU, Replay-Attack" in lines
    assert "ok       MSU-MFSD has no dev split: its test people choose thresholds in mine" in lines
    assert len(set(lines)) == len(lines)


def test_crops_and_manifests_are_looked_for_where_params_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = {"msu": "crops", "oulu": "faces.csv"}
    project(tmp_path, archives={"source": "licensed", "datasets": {"msu": {}, "oulu": {}}, "formats": formats})
    crop = tmp_path / "msu/train/real/real_client001_android_SD_scene01_frame0.png"
    crop.parent.mkdir(parents=True)
    crop.touch()
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path))
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert f"ok       MSU-MFSD: crops in {tmp_path}, 1 presentations" in out
    assert f"MISSING  OULU-NPU: {tmp_path / 'faces.csv'}: no such file; put the manifest of oulu there" in out


def test_a_protocol_whose_data_set_is_absent_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archives = config.read_yaml(ROOT / "params.yaml")["archives"]
    del archives["datasets"]["siw_mv2"]
    project(tmp_path, archives=archives)
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(tmp_path)
    cli.main(["jobs"])
    cli.main(["doctor"])
    assert "ok       protocol oci_m is not tested on SiW-Mv2, which is absent" in capsys.readouterr().out


def test_a_recorded_run_by_other_code_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path)
    (tmp_path / "requirements.lock").touch()
    settings = MetricsSettings(EvaluationSettings(100, 0.95, 1, 6), LedgerSettings("hter_dev", 0.15, 0.5, 3, 5, 5))
    for name, code in (("old", {f"fasrepro/{letter}.py": "0" for letter in "abcde"}), ("new", {})):
        one = recorded.Run(name, __version__, "a", 0.9, 1.0, 0, {}, code, {}, Metrics({}, [], [], settings))
        files.write_json(tmp_path / paths.RECORDED / f"{name}.json", schema.plain(one))
    monkeypatch.chdir(tmp_path)
    cli.main(["doctor"])
    out = capsys.readouterr().out
    assert (
        f"recorded run old, version {__version__}: fasrepro/a.py, fasrepro/b.py, fasrepro/c.py, 2 more changed since" in out
        and "fasrepro record --profile old" in out
    )
    assert "recorded run new: by this code" in out


def test_a_key_is_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    annotator = {**config.read_yaml(ROOT / "params.yaml")["annotator"], "base_url": "https://example.invalid/v1"}
    project(tmp_path, annotator=annotator)
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    cli.main(["doctor"])
    out = capsys.readouterr().out
    assert "OPENAI_API_KEY is set" in out
    assert "MISSING  judging.model: simulated-reader is simulated" in out
    assert "very-secret" not in out


def test_pins_are_read_without_comments() -> None:
    assert doctor.locked(ROOT / "requirements.lock")["torch"] == "2.13.0"


def test_a_family_names_what_its_processor_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.needs, "lacking", lambda family: {"smolvlm": ["num2words", "torchvision"]}.get(family, []))
    monkeypatch.setattr(doctor, "installed", lambda package: "2.13.0" if package == "torch" else "missing")
    lines = list(doctor._families())
    loads = next(text for _, text in lines if text.startswith("backbones that load here"))
    assert "idefics3" in loads and "qwen2_5_vl" in loads and "smolvlm" not in loads
    assert (False, f"backbones of family smolvlm need num2words and torchvision: {doctor.needs.REMEDY}") in lines
    assert all(not fails for fails, _ in lines)  # a family that nobody asked for is no fault


def test_a_torchvision_of_another_build_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(doctor, "installed", lambda package: "0.0")
    monkeypatch.setattr(doctor.importlib, "import_module", fails)
    faults = [text for is_fault, text in doctor._families() if is_fault]
    assert faults == [f"torchvision 0.0 does not fit torch (operator torchvision::nms does not exist): {doctor.needs.REMEDY}"]

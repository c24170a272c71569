"""The stage `index` in a project's folder: its outputs, a full disk, a fingerprint that does not fit."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.commands import reproduce
from fasrepro.stages import index as index_stage
from tests import trees

ROOT = Path(__file__).parents[2]
SIZES = {"msu": {"train": 1, "test": 2}, "casia": {"train": 1, "test": 1}}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.make(tmp_path_factory.mktemp("archives"), SIZES)


@pytest.fixture
def project(archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root, as the working folder, in which the archives stage has run on licensed archives."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    params = reproduce.merge(config.read_yaml(ROOT / "params.yaml"), {"archives": {"source": "licensed"}})
    paths.PARAMS.write_text(yaml.safe_dump(params))
    for name in SIZES:
        files.write_json(paths.fingerprint(name), {"source": "licensed", **fingerprint(archives, name, contents=False)})
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(archives))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_stage_writes_the_same_bytes_twice(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(project / "results").keys()
    index_stage.main(["--dataset", "msu"])
    first = tree(project / "results")
    assert first.keys() - before == {"faces/msu.parquet", "crops/msu.zip", "index_report/msu.json"}
    index_stage.main(["--dataset", "msu"])
    assert tree(project / "results") == first
    assert tree(project / ".work") == {}
    assert "index msu: 48 faces, 24 videos (1 detector, 23 sidecar)" in capsys.readouterr().out


def test_a_data_set_has_the_same_bytes_before_and_after_another(project: Path) -> None:
    index_stage.main(["--dataset", "casia"])
    first = tree(project / "results")
    index_stage.main(["--dataset", "msu"])
    index_stage.main(["--dataset", "casia"])
    both = tree(project / "results")
    assert {name: both[name] for name in first} == first


@pytest.mark.parametrize("room", [1500, 150_000])
def test_a_full_disk_leaves_nothing_half_written(project: Path, room: int) -> None:
    """No file may grow beyond `room` bytes: the first crop does not fit, or a later one."""
    before = tree(project / "results")
    run = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}));"
        "sys.argv[1:] = ['--dataset', 'casia'];"
        "from fasrepro import stages; from fasrepro.stages import index; stages.run(index.main)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", run], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"casia\.zip: cannot be written: .*File too large.*make room", done.stderr, re.IGNORECASE)
    assert len(done.stderr.splitlines()) == 1
    assert tree(project / "results") == before
    assert tree(project / ".work") == {}


def test_a_fingerprint_of_another_source_is_refused(project: Path) -> None:
    contents = files.read_json(paths.fingerprint("msu"))
    files.write_json(paths.fingerprint("msu"), contents | {"source": "synthetic"})
    with pytest.raises(ValueError, match=r"of a synthetic archive, but params\.yaml asks for licensed archives; run `dvc repro"):
        index_stage.main(["--dataset", "msu"])


def test_an_absent_archive_is_an_error_that_names_the_params_key(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path / "elsewhere"))
    with pytest.raises(ValueError, match=r"MSU-MFSD: no such folder, .* or remove msu from archives\.datasets in params\.yaml"):
        index_stage.main(["--dataset", "msu"])

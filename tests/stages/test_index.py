"""The stage `index` in a project's folder: its outputs, a full disk, a fingerprint that does not fit."""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from PIL import Image

from fasrepro import archives as archives_of
from fasrepro import config, crops, files, paths
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.commands import reproduce
from fasrepro.data import index
from fasrepro.rows import table
from fasrepro.rows.faces import Face
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


def test_a_report_on_cefa_names_no_identity_card(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a person may hold the card's number. One picture is unreadable, and one is no picture of the layout."""
    card = "110101199003070000"
    planned = archives_of.plan("cefa", {"train": 1, "dev": 1, "test": 1, "masks": 0, "silicone": 0})
    for shown in planned:
        person, rest = re.fullmatch(r"(Ethnicity/.+?/[A-Z]+-\d+)/(.+)", shown.path).groups()
        picture = tmp_path / "licensed" / "CASIA_CeFA" / f"{person}-{card}" / rest
        picture.parent.mkdir(parents=True)
        Image.fromarray(trees.frames()[0]).save(picture)
    picture.write_bytes(b"")
    (picture.parent / "notes.txt").touch()
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path / "licensed"))
    params = config.read_yaml(paths.PARAMS)
    params["archives"]["datasets"] = {"cefa": {}}
    params["index"]["max_exclusion_rate"] = 0.5
    paths.PARAMS.write_text(yaml.safe_dump(params))
    files.write_json(paths.fingerprint("cefa"), {"source": "licensed"})
    index_stage.main(["--dataset", "cefa"])
    report = paths.index_report("cefa").read_text()
    assert card not in report
    assert sorted(files.read_json(paths.index_report("cefa"))["excluded"].values()) == [
        "empty file",
        "not a file of this archive's layout",
    ]
    assert planned[-1].path in report


def test_a_data_set_has_the_same_bytes_before_and_after_another(project: Path) -> None:
    index_stage.main(["--dataset", "casia"])
    first = tree(project / "results")
    index_stage.main(["--dataset", "msu"])
    index_stage.main(["--dataset", "casia"])
    both = tree(project / "results")
    assert {name: both[name] for name in first} == first


def run_stage(before: str) -> list[str]:
    """Return the command that runs the stage on CASIA-FASD after some code."""
    stage = "from fasrepro import stages; from fasrepro.stages import index; stages.run(index.main)"
    return [sys.executable, "-c", f"import sys; sys.argv[1:] = ['--dataset', 'casia']\n{before}\n{stage}"]


@pytest.fixture
def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("room", [1500, 150_000])
def test_a_full_disk_leaves_nothing_half_written(project: Path, environment: dict[str, str], room: int) -> None:
    """No file may grow beyond `room` bytes: the first crop does not fit, or a later one. What fitted is kept for the next run."""
    before = tree(project / "results")
    command = run_stage(f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))")
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"casia\.journal: cannot be written: .*File too large.*make room", done.stderr, re.IGNORECASE)
    assert len(done.stderr.splitlines()) == 1
    assert tree(project / "results") == before
    assert {Path(name).name for name in tree(project / ".work")} == {"casia.journal", "lock"}


BLOCK_AT_THE_EIGHTH = """
import pathlib, time
from fasrepro.data import index
index_video, left = index.index_video, iter(range(7))
def blocking(*arguments):
    if next(left, None) is None:
        pathlib.Path("blocked").touch()
        time.sleep(600)
    return index_video(*arguments)
index.index_video = blocking
"""


def test_a_killed_run_is_taken_up_where_it_ended_with_the_same_bytes(
    project: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    index_stage.main(["--dataset", "casia"])
    whole = tree(project / "results")
    process = subprocess.Popen(run_stage(BLOCK_AT_THE_EIGHTH), cwd=project, env=environment)
    try:
        until = time.monotonic() + 60
        while not (project / "blocked").exists() and time.monotonic() < until:
            time.sleep(0.02)
        with pytest.raises(ValueError, match=r"\.work/index/casia-\w+: another process indexes casia; wait for it, or end it"):
            index_stage.main(["--dataset", "casia"])
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    [journal] = (project / ".work").rglob("casia.journal")
    journal.write_bytes(journal.read_bytes()[:-1])  # the system lost a byte of the seventh
    shutil.rmtree(project / "results/faces")
    decoded = []
    index_video = index.index_video
    monkeypatch.setattr(index, "index_video", lambda *arguments: decoded.append(1) or index_video(*arguments))
    index_stage.main(["--dataset", "casia"])
    assert len(decoded) == 24 - 6
    assert tree(project / "results") == whole
    assert tree(project / ".work") == {}


def test_what_other_settings_have_left_is_not_used_and_is_removed(project: Path, environment: dict[str, str]) -> None:
    command = run_stage("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))")
    subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False)
    params = config.read_yaml(paths.PARAMS)
    params["index"]["crop"] = "flip/aligned_224"
    paths.PARAMS.write_text(yaml.safe_dump(params))
    index_stage.main(["--dataset", "casia"])
    row = table.read(paths.faces("casia"), Face)[0]
    assert crops.read_crop(paths.CROPS, row.crop, row.crop_sha256).size == (224, 224)
    assert tree(project / ".work") == {}


def test_a_limit_that_was_passed_may_be_raised_without_decoding_anew() -> None:
    settings = config.load("index", path=ROOT / paths.PARAMS).index
    raised = dataclasses.replace(settings, max_exclusion_rate=0.5)
    assert index_stage.input_hash(raised) == index_stage.input_hash(settings)
    assert index_stage.input_hash(dataclasses.replace(settings, min_face=41)) != index_stage.input_hash(settings)


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

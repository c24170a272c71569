"""`fasrepro inspect`: exactly what is missing, cut off, renamed, left over or doubled is named."""

import shutil
from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config, paths
from fasrepro.archives import casia
from tests import trees, videos
from tests.layout import ROOT


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CASIA-FASD with all its 600 names; its files have a kilobyte each."""
    folder = tmp_path_factory.mktemp("whole")
    for shown in casia.plan(casia.Size(20, 30)):
        path = folder / "CASIA_faceAntisp" / shown.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    return folder


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)


def test_a_whole_archive_is_said_to_be_whole(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(whole)]) == 0
    out = capsys.readouterr().out
    assert "600 files" in out
    assert "CASIA-FASD in CASIA_faceAntisp" in out
    assert "train 20 of 20 subjects, 60 of 60 bona fide, 180 of 180 attacks" in out
    assert "test  30 of 30 subjects, 90 of 90 bona fide, 270 of 270 attacks" in out
    assert "whole: nothing is missing" in out
    assert "protocol oci_m is skipped: OULU-NPU, Replay-Attack is absent" in out


def test_each_fault_is_named_and_nothing_else(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    root = copy / "CASIA_faceAntisp"
    shutil.rmtree(root / "test_release/7")  # a subject removed
    (root / "train_release/3/4.avi").write_bytes(b"x" * 300)  # a video cut
    (root / "train_release/5/HR_2.avi").rename(root / "train_release/5/HR-2.avi")  # one renamed
    (root / "train_release/6/9.avi").write_bytes(b"x" * 1000)  # one extra
    shutil.copy(root / "train_release/8/1.avi", root / "train_release/8/1.mp4")  # one doubled
    assert cli.main(["inspect", str(copy)]) == 1
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = lines.index("absent: 1 subjects of the release")
    assert lines[start + 1 : start + 9] == [
        "missing: 1",
        "train_release/5/HR_2.avi",
        "much smaller than their like: 1",
        "CASIA_faceAntisp/train_release/3/4.avi",
        "left out: 3",
        "train_release/5/HR-2.avi: not a CASIA-FASD name: train_release/5/HR-2.avi",
        "train_release/6/9.avi: not a CASIA-FASD name: train_release/6/9.avi",
        "train_release/8/1.mp4: casia/train_release/8/1 is train_release/8/1.avi already",
    ]
    assert "whole" not in " ".join(lines)


def test_a_class_or_list_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trees.make(tmp_path, {"msu": {"train": 1, "test": 1}, "replay": {"train": 1, "devel": 1, "test": 1}})
    shutil.rmtree(tmp_path / "Replay-Attack/devel")
    (tmp_path / "MSU-MFSD/train_sub_list.txt").unlink()
    assert cli.main(["inspect", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "cannot be read: " in out and "train_sub_list.txt: missing split list" in out
    assert "lacks: no bona fide presentation in dev" in out and "lacks: no attack in dev" in out
    assert "Replay-Attack has no dev split" not in out  # it has one, which is missing: nothing can run with this copy
    assert "protocol oci_m is skipped: OULU-NPU, CASIA-FASD, Replay-Attack is absent" in out


def test_experiments_that_can_run_and_changed_roles_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = config.read_yaml(paths.PARAMS)
    params["protocols"]["mine"] = {"train": ["msu"], "test": ["casia"]}
    params["experiments"]["own"] = {"protocols": ["mine"], "runs": ["vanilla"], "seeds": [0]}
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")
    trees.make(tmp_path, {"msu": {"train": 1, "test": 1}, "casia": {"train": 1, "test": 1}})
    cli.main(["inspect", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("experiment "))
    assert lines[start].startswith("experiment caption_style cannot run: oci_m lacks OULU-NPU, Replay-Attack; omi_c lacks ")
    assert lines[start + 1] == "experiment own can run"
    assert "protocol icm_o is skipped: Replay-Attack is absent" in lines[start + 2 :]
    assert lines[-1] == "MSU-MFSD has no dev split: its test people choose thresholds in mine"


def test_deep_names_broken_files_and_equal_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for shift, shown in enumerate(casia.plan(casia.Size(1, 1))):
        videos.write(tmp_path / "CASIA-FASD" / shown.path, trees.frames(shift))
    folder = tmp_path / "CASIA-FASD/train_release/1"
    (folder / "3.avi").write_bytes((folder / "3.avi").read_bytes()[:-3000])
    shutil.copy(folder / "1.avi", folder / "2.avi")
    assert cli.main(["inspect", str(tmp_path), "--deep"]) == 1
    out = capsys.readouterr().out
    assert "CASIA-FASD: 24 files decoded, 2 of them with a fault" in out
    second, third = out.partition("broken or doubled: 2\n")[2].splitlines()[:2]
    assert second.strip() == "CASIA-FASD/train_release/1/2.avi: the same bytes as CASIA-FASD/train_release/1/1.avi"
    assert "CASIA-FASD/train_release/1/3.avi: truncated" in third


def test_a_listing_stands_for_a_folder(tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listing = tmp_path / "listing.txt"
    listing.write_text("".join(f"1000\t{path.relative_to(whole)}\n" for path in whole.rglob("*.avi")))
    assert cli.main(["inspect", str(listing), "--listing"]) == 0
    assert "whole: nothing is missing" in capsys.readouterr().out
    assert cli.main(["inspect", str(listing), "--listing", "--deep"]) == 1
    assert "a listing does not hold the files" in capsys.readouterr().err


def test_a_folder_without_archives_says_what_is_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert cli.main(["inspect", str(tmp_path / "empty")]) == 1
    assert "no archive of MSU-MFSD, CASIA-FASD, " in capsys.readouterr().out
    assert cli.main(["inspect", str(tmp_path / "nowhere")]) == 1
    assert "nowhere: no such folder" in capsys.readouterr().err

"""`fasrepro inspect`: exactly what is missing, cut off, renamed, left over or doubled is named."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from fasrepro import archives, cli, config, paths
from fasrepro.archives import ARCHIVES, casia
from fasrepro.rows.faces import Label
from tests import trees, videos
from tests.archives import empty_trees
from tests.archives.test_all import OF_CLIENT
from tests.archives.test_crop_folders import flip
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
    assert lines[start + 1 : start + 12] == [
        "absent, by name: 1",
        "casia/test/7",
        "fewer than the release: 1 attacks in train, 3 bona fide in test, 9 attacks in test",
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


def test_a_copy_with_fewer_videos_than_the_release_is_not_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody knows their names, their number tells."""
    siw = archives.plan("siw", {"train": 90, "test": 75})  # with more videos of each split than the release has
    attacks = [shown for shown in siw if shown.split == "test" and shown.label is Label.ATTACK]
    wholes = {
        "siw": [shown for shown in siw if shown not in attacks[1453:]],
        "rose_youtu": archives.plan("rose_youtu", {"train": 10, "test": 10, "phones": 5}),
        "siw_m": archives.plan("siw_m", {"train": 1, "test": 1, "per_kind": 1}),
    }
    for name, plan in wholes.items():
        empty_trees.put(tmp_path / name, name, plan)
    cli.main(["inspect", str(tmp_path)])
    out = capsys.readouterr().out
    assert "fewer than the release: 1 attacks in test" in out
    assert "fewer than the release: 2497 presentations" in out
    assert "nothing is left over or cut off; how many videos the release has is not known" in out
    assert "whole" not in out


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("hkbu", {"subjects": 12, "cameras": 7, "lights": 6}),
        ("threedmad", {"subjects": 17, "takes": 5}),
        ("surf_3dmask", {"subjects": 48}),
    ],
)
def test_a_video_and_a_subject_that_are_removed_are_named(
    name: str, size: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = archives.plan(name, size)
    one, other = plan[0], plan[-1]
    empty_trees.put(tmp_path, name, [shown for shown in plan if shown.subject != one.subject and shown != other])
    assert cli.main(["inspect", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"  absent: 1 subjects of the release\n  absent, by name: 1\n    {one.subject}\n" in out
    assert f"  missing: 1\n    {other.path}\n" in out
    assert "whole" not in out


def test_absent_people_of_msu_and_replay_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their numbers have gaps, so that the names of who is there do not tell who is not."""
    lacking = {"msu": [("train", 21)], "replay": [("train", 105), ("devel", 116)]}
    for name, absent in lacking.items():
        clients = [(part, client) for part, numbers in ARCHIVES[name].CLIENTS.items() for client in numbers]
        at_hand = [place for place in clients if place not in absent]
        empty_trees.put(tmp_path / name, name, [shown for place in at_hand for shown in OF_CLIENT[name](*place)])
    assert cli.main(["inspect", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "  absent: 1 subjects of the release\n  absent, by name: 1\n    msu/client021\n" in out
    assert "  absent: 2 subjects of the release\n  absent, by name: 2\n    replay/client105\n    replay/client116\n" in out


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


def put_crops(root: Path) -> None:
    """Write FLIP's crops of two people of CASIA-FASD, each of another colour."""
    for number, path in enumerate(path for shown in casia.plan(casia.Size(1, 1)) for path in flip(shown)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (50, 50), (number, 0, 0)).save(root / path)


def test_folders_of_crops_are_named_for_what_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_crops(tmp_path / "crops")
    assert cli.main(["inspect", str(tmp_path / "crops")]) == 0
    out = capsys.readouterr().out
    assert "CASIA-FASD as crops by FLIP: `archives.formats: {casia: crops}`" in out
    assert "train 1 of 20 subjects, 3 of 60 bona fide, 9 of 180 attacks" in out
    assert "48 crops of 24 videos" in out
    assert "protocol oci_m is skipped: OULU-NPU, Replay-Attack is absent" in out


def test_faults_of_crops_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "MCIO/frame/casia"
    put_crops(tmp_path)
    for path in (folder / "test/real").iterdir():
        path.unlink()
    (folder / "train/real/1_1_frame0.png").rename(folder / "train/real/1_1_frame2.png")
    (folder / "train/fake/1_7_frame0.png").write_bytes(b"x")
    assert cli.main(["inspect", str(tmp_path), "--deep"]) == 1
    out = capsys.readouterr().out
    assert "  lacks: no bona fide presentation in test" in out
    assert "  left out: 1\n    MCIO/frame/casia/train/real/1_1_frame2.png: not a crop of this convention" in out
    assert "MCIO/frame/casia/train/fake/1_7_frame0.png: not decodable" in out


def test_a_manifest_is_counted_and_all_its_faults_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(4):
        Image.new("RGB", (50, 50), (number, 0, 0)).save(tmp_path / f"{number}.png")
    file = tmp_path / "faces.csv"
    good = "path,label,split,subject,species\n0.png,live,train,a,\n1.png,attack,test,b,print\n"
    file.write_text(good)
    assert cli.main(["inspect", "--manifest", str(file), "--deep"]) == 0
    out = capsys.readouterr().out
    assert f"{file}: 2 rows without a fault, of 2 presentations" in out
    assert "  train 1 subjects, 1 bona fide, 0 attacks\n  test  1 subjects, 0 bona fide, 1 attacks\n" in out
    assert "  bona_fide: 1\n  print: 1\n" in out
    assert "faces.csv: 2 files decoded, 0 of them with a fault" in out
    file.write_text(good + "2.png,0,test,b,\ngone.png,live,test,c,\n")
    assert cli.main(["inspect", "--manifest", str(file)]) == 1
    first, second = capsys.readouterr().out.partition("faults: 2\n")[2].splitlines()
    assert first.startswith("    line 4: label 0: lists differ") and second.startswith("    line 5: no file 'gone.png'")

"""The stage `audit` on random crops: a tint on all attacks stops it, except in licensed archives, where it is reported."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
import yaml

from fasrepro import archives, config, crops, paths
from fasrepro.commands import reproduce
from fasrepro.data import file_sizes
from fasrepro.evaluation.analyses import shortcut_features, shortcuts
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.table import RowError
from fasrepro.rows.truth import Truth
from fasrepro.stages import audit
from tests.regions import box_region
from tests.stages import projects

ROOT = Path(__file__).parents[2]
BOX = (20, 20, 40, 48)
SUBJECTS = 5  # a split


def make(tinted: tuple[str, ...]) -> None:
    """Write faces, crops and truths of two data sets; attacks of the `tinted` data sets are redder."""
    faces, truths, rng = [], [], np.random.default_rng(0)
    with crops.packed(paths.CROPS) as add:
        for dataset in ("casia", "msu"):
            for split in ("train", "dev", "test"):
                for number in range(6 * SUBJECTS):
                    label = Label(int(number % 3 > 0))
                    pixels = rng.integers(60, 160, (48, 40, 3), dtype=np.uint8)
                    pixels[..., 0] += np.uint8(60 * (label and dataset in tinted))
                    data, sha256 = crops.encode(pixels)
                    presentation = f"{dataset}/{split}/{number}"
                    add(f"{presentation}.png", data)
                    key, person = face_id(presentation, 20), f"{dataset}/{split}/{number // 6}"
                    words = ("print", "photo") if label else ("bona_fide", "")
                    name = f"{presentation}.png"
                    faces.append(
                        Face(key, dataset, split, person, presentation, 20, label, *words, "cam", BOX, "sidecar", name, sha256)
                    )
                    cue = ("halftone", "bezel") if label else ()
                    cue_regions = (box_region(20, 20, 40, 40), box_region(200, 100, 20, 20)) if label else ()
                    truths.append(Truth(key, cue, (0.5, 0.9)[: len(cue)], cue_regions, (), () if label else ("glare",), "{}"))
    projects.write_jobs({"c_m": (("casia",), ("msu",))}, [("c_m", "vanilla")], [0])
    projects.write_faces(faces)
    projects.write_truths(truths)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root. File sizes are constant, because there are no archives."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(ROOT / "params.yaml", paths.PARAMS)
    monkeypatch.setattr(file_sizes, "of_presentations", lambda archives, wanted: dict.fromkeys(wanted, 1000.0))
    return tmp_path


def change(section: str, **values: object) -> None:
    params = config.read_yaml(paths.PARAMS)
    params[section] |= values
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")


def report() -> dict:
    return json.loads(paths.AUDIT.read_text(encoding="utf-8"))


def test_without_a_leak_the_report_is_written_reproducibly(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tinted=("msu",))
    audit.main([])
    first = paths.AUDIT.read_bytes()
    found = report()
    assert "no simple probe separates attacks in every data set" in capsys.readouterr().out
    assert set(found["probes"]) == {*shortcuts.SIMPLE, "vision", "cues"}
    assert found["probes"]["mean_colour"]["single"]["msu"]["msu"]["auc"] > 0.95
    assert found["probes"]["file_size"]["single"]["msu"]["msu"]["auc"] == 0.5  # all the same
    assert found["probes"]["cues"]["leave_one_out"]["casia"] == {"auc": 1.0, "faces": 30, "subjects": 5, "missing": ""}
    assert found["faces"]["msu"] == {part: {"bona_fide": 10, "attack": 20, "subjects": 5} for part in ("train", "test")}
    assert found["leaks"] == []
    assert found["near_images"] == {
        "bound": 4,
        "alike": 0.95,
        "faces": 180,
        "pairs": 0,
        "protocols": {"c_m": {"pairs": 0, "examples": []}},
    }
    audit.main([])
    assert paths.AUDIT.read_bytes() == first


def test_a_picture_that_was_encoded_anew_on_the_other_side_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tinted=("msu",))
    faces = table.read_all(paths.FACES, Face)
    pictures = [np.asarray(crops.read_crop(paths.CROPS, face.crop, face.crop_sha256)) for face in faces]
    places = {face.face_id: place for place, face in enumerate(faces)}
    copied, copy = "casia/train/7#0020", "msu/test/9#0020"
    pictures[places[copy]] = pictures[places[copied]] // 4 * 4  # coarser, so other pixels
    with crops.packed(paths.CROPS) as add:
        for place, picture in enumerate(pictures):
            data, sha256 = crops.encode(picture)
            add(faces[place].crop, data)
            faces[place] = dataclasses.replace(faces[place], crop_sha256=sha256)
    projects.write_faces(faces)
    audit.main([])
    shared = report()["near_images"]["protocols"]["c_m"]
    assert shared == {"pairs": 1, "examples": [["casia/train/7#0020 (train)", "msu/test/9#0020 (test)"]]}
    assert "c_m 1 pairs, such as casia/train/7#0020 (train) and msu/test/9#0020 (test)" in capsys.readouterr().out


def test_a_leak_stops_the_stage_after_the_report_is_written(project: Path) -> None:
    make(tinted=("casia", "msu"))
    with pytest.raises(shortcuts.ProbeError, match=r"mean_colour separates attacks in every data set .* Inspect tints") as caught:
        audit.main([])
    assert str(paths.AUDIT) in str(caught.value)
    assert "mean_colour" in report()["leaks"]


def test_a_leak_in_licensed_archives_is_only_reported(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tinted=("casia", "msu"))
    projects.write_truths([])
    change("archives", source="licensed")
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(project))
    audit.main([])
    assert "mean_colour separates attacks in every data set" in capsys.readouterr().out
    assert "cues" not in report()["probes"]


def test_too_few_test_subjects_leave_the_rule_untested(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tinted=("casia", "msu"))
    change("audit", min_subjects=SUBJECTS + 1)
    audit.main([])
    out = capsys.readouterr().out
    assert "could not be tested" in out
    assert "no simple probe separates" not in out
    assert report()["probes"]["mean_colour"]["held_out"] > 0.95
    change("audit", min_subjects=SUBJECTS)
    with pytest.raises(shortcuts.ProbeError):
        audit.main([])


@pytest.mark.parametrize(("profile", "counting"), [("", 5), ("tiny", 0), ("photos", 0)])
def test_only_profiles_with_enough_subjects_can_be_stopped(profile: str, counting: int) -> None:
    params = config.read_yaml(ROOT / "params.yaml")
    if profile:
        params = reproduce.merge(params, config.read_yaml(ROOT / "profiles" / f"{profile}.yaml"))
    plans = [archives.plan(name, size) for name, size in params["archives"]["datasets"].items()]
    subjects = [len({shown.subject for shown in plan if shown.split == "test"}) for plan in plans]
    enough = sum(count >= params["audit"]["min_subjects"] for count in subjects)
    assert enough >= counting if counting else enough < shortcuts.LEAST_DATASETS


def test_fits_use_the_configured_threads(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tinted=())
    params = config.read_yaml(paths.PARAMS)
    paths.PARAMS.write_text(yaml.safe_dump({**params, "threads": 1}), encoding="utf-8")
    original, seen = shortcuts.audit, []

    def watched(*arguments: object) -> dict:
        seen.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
        return original(*arguments)

    monkeypatch.setattr(shortcuts, "audit", watched)
    with threadpoolctl.threadpool_limits(2):  # whatever the machine and its environment say
        audit.main([])
    assert set(seen) == {1}


def test_cue_views_ignore_cues_outside_the_crop(project: Path) -> None:
    make(tinted=())
    faces, truths = table.read_all(paths.FACES, Face), table.read_all(paths.TRUTH, Truth)
    (view,) = audit.cue_views(faces[1:2], truths)
    assert faces[1].label is Label.ATTACK
    assert view.tolist() == shortcut_features.cue_vector({"halftone": 0.5}, ()).tolist()
    stranger = dataclasses.replace(faces[0], face_id="msu/x#0001")
    with pytest.raises(RowError, match=r"truth: nothing about msu/x#0001"):
        audit.cue_views([stranger], truths)

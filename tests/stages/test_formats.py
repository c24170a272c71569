"""Crop folders and manifests on their way through the stages: fingerprint, faces, the splits of a protocol."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from fasrepro import archives, config, files, paths
from fasrepro.archives import msu
from fasrepro.archives.layout import Presentation
from fasrepro.crops import read_crop
from fasrepro.data import splits
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.stages import archives as archives_stage
from fasrepro.stages import index as index_stage
from fasrepro.stages import splits as splits_stage
from tests import trees, videos
from tests.archives.test_crop_folders import SIZES, companion, flip, mirrored, safas, ssdg
from tests.stages import projects

ROOT = Path(__file__).parents[2]
OURS = {"our_faces": {"title": "Our faces"}}


@pytest.fixture(autouse=True)
def known_data_sets_alone() -> Any:
    yield
    config.load("threads", path=ROOT / paths.PARAMS)  # forgets what a test described


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of archives of a project, whose root is the working folder."""
    for name in ("project", "archives"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path / "archives"))
    return tmp_path / "archives"


def set_archives(formats: dict[str, str], described: dict[str, Any]) -> None:
    params = config.read_yaml(ROOT / "params.yaml")
    datasets: dict[str, Any] = {name: {} for name in [*SIZES, *described]}
    params["archives"] = {"source": "licensed", "datasets": datasets, "formats": formats, "described": described}
    paths.PARAMS.write_text(yaml.safe_dump(params))


def picture(number: int) -> np.ndarray:
    """Return a picture without a face, another for each number."""
    return np.random.default_rng(number).integers(0, 255, (60, 50, 3), dtype=np.uint8)


def put_crops(root: Path, dataset: str, name: Callable[[Presentation], dict[str, int | None]]) -> None:
    for number, shown in enumerate(archives.plan(dataset, SIZES[dataset])):
        for path in name(shown):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(number + 1000 * list(SIZES).index(dataset))).save(root / path)


def index(dataset: str) -> list[Face]:
    archives_stage.main(["--dataset", dataset])
    index_stage.main(["--dataset", dataset])
    return table.read(paths.faces(dataset), Face)


@pytest.mark.parametrize(
    ("name", "frames"),
    [(flip, {0, 1}), (ssdg, {7, 60}), (safas, {0, 105}), (companion, {0, 105}), (mirrored, {5})],
)
def test_crops_become_faces_and_splits(
    name: Callable[[Presentation], dict[str, int | None]], frames: set[int], project: Path
) -> None:
    set_archives({"casia": "crops", "msu": "crops"}, {})
    for dataset in ("casia", "msu"):
        put_crops(project, dataset, name)
    for folder in ("msu_256", "MSU-MFSD"):
        msu.write_lists(project / folder, archives.plan("msu", SIZES["msu"]))
    rows = {dataset: index(dataset) for dataset in ("casia", "msu")}
    for dataset, of_dataset in rows.items():
        plan = {shown.id: shown for shown in archives.plan(dataset, SIZES[dataset])}
        assert {row.presentation for row in of_dataset} == plan.keys()
        assert {row.frame for row in of_dataset} == frames
        for row in of_dataset:
            shown = plan[row.presentation]
            assert (row.split, row.subject, row.species) == (shown.split, shown.subject, shown.species)
            assert (row.box, row.box_source) == ((0, 0, 50, 60), "none")
            assert read_crop(paths.CROPS, row.crop, row.crop_sha256).size == (50, 60)
        assert files.read_json(paths.fingerprint(dataset))["format"] == "crops"
        assert files.read_json(paths.index_report(dataset))["unknown"]["box"] == len(of_dataset)
    projects.write_jobs({"c_m": (["casia"], ["msu"])}, [], [])
    splits_stage.main(["c_m"])
    split = splits.read("c_m")
    assert {face.subject for face in split.train} == {"casia/train/1"}
    assert {face.subject for face in split.dev} == {"casia/test/1"}
    assert {face.subject for face in split.test} == {"msu/client002"}


def test_crops_without_a_dev_set_are_told_to_have_none(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_archives({"replay": "crops"}, {})
    put_crops(project, "replay", flip)
    assert {row.split for row in index("replay")} == {"train", "test"}
    assert "index replay: the release has a dev set and these crops have none" in capsys.readouterr().out


def test_a_class_that_crops_lack_is_an_error(project: Path) -> None:
    set_archives({"casia": "crops"}, {})
    put_crops(project, "casia", lambda shown: flip(shown) if (shown.split, shown.instrument) != ("test", "") else {})
    with pytest.raises(ValueError, match="no bona fide presentation in test; complete the crops"):
        index("casia")


def test_a_manifest_brings_a_data_set_of_its_own(project: Path) -> None:
    set_archives({"casia": "crops", "our_faces": "lab/faces.csv"}, OURS)
    put_crops(project, "casia", flip)
    lab = project / "lab"
    lab.mkdir()
    for number in range(6):
        Image.fromarray(picture(number)).save(lab / f"{number}.png")
    Image.fromarray(trees.frames()[0]).save(lab / "scene.png")
    videos.write(lab / "clip.mp4", trees.frames())
    (lab / "faces.csv").write_text(
        "path,label,split,subject,species,video,frame,device,box\n"
        "0.png,live,train,anna,,v1,20,phone,whole\n"
        "1.png,live,train,anna,,v1,45,phone,whole\n"
        "2.png,attack,train,anna,replay_pad,,,,whole\n"
        "3.png,live,val,ben,,,,,5 0 42 50\n"
        "4.png,attack,val,ben,print,,,,whole\n"
        "scene.png,live,test,carl,,,,,\n"
        "clip.mp4,attack,test,carl,print,,,webcam,\n"
    )
    (lab / "5.png").unlink()
    rows = index("our_faces")
    assert [(row.face_id, row.box_source, row.camera) for row in rows] == [
        ("our_faces/2#0000", "none", "unknown"),
        ("our_faces/3#0000", "sidecar", "unknown"),
        ("our_faces/4#0000", "none", "unknown"),
        ("our_faces/clip#0020", "detector", "webcam"),
        ("our_faces/clip#0045", "detector", "webcam"),
        ("our_faces/scene#0000", "detector", "unknown"),
        ("our_faces/v1#0020", "none", "phone"),
        ("our_faces/v1#0045", "none", "phone"),
    ]
    report = files.read_json(paths.index_report("our_faces"))
    assert report["unknown"] == {"box": 4, "frame": 4}
    assert report["single_face"] == {}  # a still image is no video with one face
    index("casia")
    projects.write_jobs({"ours_to_casia": (["our_faces"], ["casia"])}, [], [])
    splits_stage.main(["ours_to_casia"])
    split = splits.read("ours_to_casia")
    assert [len(part) for part in (split.train, split.dev, split.test)] == [3, 2, 24]
    assert {face.subject for face in split.dev} == {"our_faces/ben"}


def test_a_changed_label_reaches_the_index(project: Path) -> None:
    set_archives({"our_faces": "faces.csv"}, OURS)
    Image.fromarray(picture(0)).save(project / "0.png")
    Image.fromarray(picture(1)).save(project / "1.png")
    text = "path,label,split,subject,species,box\n0.png,live,test,s1,,whole\n1.png,attack,test,s2,print,whole\n"
    (project / "faces.csv").write_text(text)
    index("our_faces")
    before = files.read_json(paths.fingerprint("our_faces"))
    (project / "faces.csv").write_text(text.replace("print", "paper_mask"))
    assert {row.species for row in index("our_faces")} == {"bona_fide", "paper_mask"}
    assert files.read_json(paths.fingerprint("our_faces")) != before

"""The archives stage and the index after it: licensed archives are read where they are, synthetic ones whole."""

from pathlib import Path

import pytest
import yaml

from fasrepro import config, paths
from fasrepro.archives import ARCHIVES
from fasrepro.commands import reproduce
from fasrepro.stages import archives as archives_stage
from fasrepro.stages import index as index_stage
from tests import trees

ROOT = Path(__file__).parents[2]
SMALL = {
    "msu": {"train": 1, "test": 0},
    "casia": {"train": 0, "test": 0},
    "replay": {"train": 0, "devel": 0, "test": 0},
    "oulu": {"train": 1, "dev": 0, "test": 0, "phones": 1, "sessions": 1},
    "siw": {"share": 0.001},
}


def write_params(folder: Path, archives: dict) -> None:
    params = reproduce.merge(
        config.read_yaml(ROOT / "params.yaml"),
        {"archives": SMALL | archives, "synthetic": {"frames": 50, "width": 120, "height": 90}},
    )
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root, as the working folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_every_synthetic_video_is_indexed(project: Path) -> None:
    write_params(project, {"msu": {"train": 3, "test": 0}})  # the third client's phone video is stored upside down
    archives_stage.main([])
    first = tree(project / "results")
    assert {"archives/fingerprint.json", "archives/truth.parquet"} <= first.keys()
    assert {ARCHIVES[name].FOLDER for name in ("msu", "oulu", "siw")} <= {name.split("/")[1] for name in first}
    index_stage.main([])
    report = yaml.safe_load((project / paths.INDEX_REPORT).read_text())
    assert {name: found["excluded"] for name, found in report.items()} == {"msu": {}, "oulu": {}, "siw": {}}
    assert report["msu"]["turned_count"] == 1
    assert report["siw"]["videos"] == 45


def test_licensed_archives_are_read_in_place(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archives = trees.make(tmp_path / "archives", {"msu": {"train": 1, "test": 0}, "siw": {"share": 0.001}})
    write_params(project, {"source": "licensed"})
    monkeypatch.delenv("FASREPRO_ARCHIVES", raising=False)
    with pytest.raises(ValueError, match="set FASREPRO_ARCHIVES"):
        archives_stage.main([])
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(archives))
    archives_stage.main([])
    assert {"fingerprint.json", "truth.parquet"} <= tree(project / "results/archives").keys()
    assert not any("/" in name for name in tree(project / "results/archives"))  # nothing of theirs is copied
    assert str(archives) not in (project / "results/archives/fingerprint.json").read_text()
    index_stage.main([])
    report = yaml.safe_load((project / paths.INDEX_REPORT).read_text())
    assert {name: found["videos"] for name, found in report.items()} == {"msu": 8, "siw": 45}


def test_an_unknown_source_names_the_known_ones(project: Path) -> None:
    write_params(project, {"source": "licenced"})
    with pytest.raises(config.ConfigError, match=r"'licenced'.*Did you mean 'licensed'"):
        archives_stage.main([])

"""The stages `archives` and `index` together: synthetic archives are read whole, licensed archives in place."""

from pathlib import Path

import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.archives.layout import ArchiveError
from fasrepro.commands import reproduce
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import archives as archives_stage
from fasrepro.stages import index as index_stage
from tests import trees

ROOT = Path(__file__).parents[2]
SIZES = {"msu": {"train": 2, "test": 1}, "siw_mv2": {"share": 0.001}}  # the third client's phone video is stored upside down


def write_params(source: str = "synthetic", **synthetic: object) -> None:
    params = config.read_yaml(ROOT / "params.yaml")
    params["archives"] = {"source": source, "datasets": SIZES}
    small = {"frames": 50, "width": 120, "height": 90}
    paths.PARAMS.write_text(yaml.safe_dump(reproduce.merge(params, {"synthetic": small | synthetic, "index": {"min_face": 20}})))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root, as the working folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(name: str) -> None:
    archives_stage.main(["--dataset", name])


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "folder", "videos", "turned"), [("msu", "MSU-MFSD", 24, 1), ("siw_mv2", "SiW-Mv2", 45, 0)])
def test_every_synthetic_video_is_indexed(project: Path, name: str, folder: str, videos: int, turned: int) -> None:
    write_params()
    run(name)
    outputs = tree(project / "results")
    official = {path for path in outputs if path.startswith(f"archives/{name}/{folder}/")}
    assert outputs - official == {f"truth/{name}.parquet", f"fingerprints/{name}.json"}
    fingerprint = files.read_json(paths.fingerprint(name))
    assert (fingerprint["source"], fingerprint["root"], fingerprint["videos"]) == ("synthetic", folder, videos)
    index_stage.main(["--dataset", name])
    report = files.read_json(paths.index_report(name))
    assert (report["videos"], report["excluded"], report["turned_count"]) == (videos, {}, turned)
    truths = {row.face_id for row in table.read(paths.truth(name), Truth)}
    assert {face.face_id for face in table.read(paths.faces(name), Face)} <= truths


def test_licensed_archives_are_read_in_place(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    licensed = trees.make(tmp_path / "licensed", {"msu": {"train": 1, "test": 1}})
    write_params("licensed")
    monkeypatch.delenv("FASREPRO_ARCHIVES", raising=False)
    with pytest.raises(ValueError, match="set FASREPRO_ARCHIVES"):
        run("msu")
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(licensed))
    run("msu")
    assert tree(project / "results") == {"truth/msu.parquet", "fingerprints/msu.json"}  # nothing is copied
    assert paths.archive("msu").is_dir()
    assert str(licensed) not in paths.fingerprint("msu").read_text()
    assert table.read(paths.truth("msu"), Truth) == []
    index_stage.main(["--dataset", "msu"])
    assert files.read_json(paths.index_report("msu"))["videos"] == 16
    with pytest.raises(ArchiveError, match=r"SiW-Mv2: no such folder, .*remove siw_mv2 from archives\.datasets in params\.yaml"):
        run("siw_mv2")


def test_an_unknown_source_names_the_known_ones(project: Path) -> None:
    write_params("licenced")
    with pytest.raises(config.ConfigError, match=r"'licenced'.*Did you mean 'licensed'"):
        run("msu")


def test_a_data_set_that_is_absent_from_params_is_an_error(project: Path) -> None:
    write_params()
    with pytest.raises(config.ConfigError, match=r"archives\.datasets: unknown data set 'casia'\. Known: msu, siw_mv2"):
        run("casia")


def test_videos_too_short_for_the_frame_rule_are_an_error(project: Path) -> None:
    write_params(frames=49)
    with pytest.raises(ArchiveError, match=r"synthetic\.frames: 49; the frame rule needs at least 50"):
        run("msu")

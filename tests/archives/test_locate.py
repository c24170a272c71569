"""Archives under the folders that releases, unpacking and people put around them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fasrepro import archives
from fasrepro.archives import ARCHIVES, locate
from fasrepro.archives.layout import ArchiveError
from fasrepro.archives.tree import walk
from tests.archives.empty_trees import SMALL

SIZES = {
    **SMALL,
    "siw": {"train": 1, "test": 1},
    "hkbu": {"subjects": 9, "cameras": 1, "lights": 2},
    "wmca": {"share": 0.01},
    "threedmad": {"subjects": 2, "takes": 1},
}


def put(root: Path, name: str, move: Callable[[str], str]) -> list[str]:
    """Write an official tree of empty files and its lists, each where `move` puts it; return the official ids."""
    plan, lists = archives.plan(name, SIZES[name]), root / "lists"
    ARCHIVES[name].write_lists(lists, plan)
    written = {path.relative_to(lists).as_posix(): path.read_bytes() for path in lists.rglob("*") if path.is_file()}
    for path, content in {**{shown.path: b"" for shown in plan}, **written}.items():
        (root / move(path)).parent.mkdir(parents=True, exist_ok=True)
        (root / move(path)).write_bytes(content)
    for path in sorted(lists.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return sorted(shown.id for shown in plan)


@pytest.mark.parametrize(
    ("name", "move"),
    [
        ("msu", lambda path: f"MSU-MFSD-Publish/{path}"),
        ("msu", lambda path: f"MSU-MFSD/{path}".replace("scene01/", "") if "/" in path else f"MSU-MFSD/information/{path}"),
        ("casia", lambda path: f"CASIA_faceAntisp/{path}"),
        ("casia", lambda path: f"data/CASIA-FASD/{path}".replace("_release", "")),
        ("replay", lambda path: f"replayattack-{path.split('/')[0]}/{path}"),
        ("replay", lambda path: f"IDIAP-REPLAY/replayattack-{path}"),
        ("oulu", lambda path: f"x/y/z/{path}"),
        ("siw_mv2", lambda path: f"SiW-Mv2/SiW-Mv2/{path}"),
        ("siw", lambda path: f"SiW/SiW_release/{path}"),
        ("siw", lambda path: f"SiW_release/{path}"),
        ("hkbu", lambda path: f"HKBU_MARs_V2/HKBU_MARs_V2/{path}"),
        ("wmca", lambda path: f"WMCA/WMCA/{path}"),
        ("wmca", lambda path: f"Idiap/{path}".replace("_RGB/", "_RGB/face-station/")),
        ("threedmad", lambda path: f"3DMAD/x/{path}"),
    ],
)
def test_an_archive_is_found_by_its_content(tmp_path: Path, name: str, move: Callable[[str], str]) -> None:
    """Its presentations have the ids of the official layout, so that captions of one copy fit another."""
    ids = put(tmp_path, name, move)
    assert list(locate.folders(walk(tmp_path))) == [name]
    tree = locate.tree_of(tmp_path, name)
    reading = ARCHIVES[name].read(tree)
    assert sorted(shown.id for shown in reading.presentations) == ids
    assert reading.exclusions == []
    assert all((tree.root / shown.path).is_file() for shown in reading.presentations)


def test_archives_side_by_side_keep_their_own_files(tmp_path: Path) -> None:
    for name in ("msu", "casia", "oulu"):
        put(tmp_path, name, lambda path, name=name: f"all/{name}/{path}")
    (tmp_path / "all/casia/train_release/1/notes.doc").write_bytes(b"x")
    (tmp_path / "all/oulu/Train_files/gone.avi").symlink_to(tmp_path / "nowhere")
    tree = walk(tmp_path)
    located = locate.located(tree, locate.folders(tree))
    assert list(located) == ["msu", "casia", "oulu"]
    exclusions = {name: [one.path for one in ARCHIVES[name].read(own).exclusions] for name, own in located.items()}
    assert exclusions == {"msu": [], "casia": ["train_release/1/notes.doc"], "oulu": ["all/oulu/Train_files/gone.avi"]}


def test_a_folder_without_archives_has_none(tmp_path: Path) -> None:
    (tmp_path / "holiday.avi").write_bytes(b"")
    assert locate.folders(walk(tmp_path)) == {}
    with pytest.raises(ArchiveError, match=r"CASIA-FASD: no such folder, and no other in .* holds CASIA-FASD; put the official"):
        locate.tree_of(tmp_path, "casia")


def test_a_second_copy_of_a_video_is_named(tmp_path: Path) -> None:
    put(tmp_path, "casia", lambda path: f"CASIA-FASD/{path}")
    for path in ("train/1/1.avi", "train/1/2.avi"):
        (tmp_path / "CASIA-FASD" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "CASIA-FASD" / path).write_bytes(b"")
    reading = ARCHIVES["casia"].read(locate.tree_of(tmp_path, "casia"))
    assert len(reading.presentations) == 24
    assert [(exclusion.path, exclusion.reason) for exclusion in reading.exclusions] == [
        ("train_release/1/1.avi", "a second copy of train/1/1.avi"),
        ("train_release/1/2.avi", "a second copy of train/1/2.avi"),
    ]

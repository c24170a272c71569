"""The page on the data: counts, exclusions by reason, and contact sheets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from fasrepro.report import gallery, printing
from fasrepro.report.material import Release, by_face
from fasrepro.report.pages import data
from tests.faces import face
from tests.report.conftest import cells
from tests.report.samples import DRAWN, material

NOTHING = {"videos": 4, "excluded": {}, "single_face": {}, "centre": [], "stand_ins": {}, "turned": {}}


def test_the_index_is_counted_by_data_set_and_split(world: SimpleNamespace) -> None:
    rows = [row for row in cells(data.counts(world.faces)) if row[0] == "MSU-MFSD"]
    assert rows[0] == ["MSU-MFSD", "train", "3", "3", "9", "12"]
    assert len(rows) == 2
    assert data.answer(world.faces).endswith("in 4 data sets: MSU-MFSD, CASIA-FASD, Replay-Attack, OULU-NPU.\n")
    assert cells(data.box_sources(world.faces))[1][1] == "sidecar"


def test_videos_and_still_images_are_counted_apart() -> None:
    faces = [face("msu/1", "print"), face("msu/1", "print", frame=5), face("wfas/2", "poster"), face("wfas/3", "bona_fide")]
    assert data.answer(faces).startswith("4 faces from 1 videos and 2 still images of ")
    assert data.answer(faces[2:]).startswith("2 faces from 2 still images of ")


def test_the_archives_are_shown_with_what_is_published_and_at_hand(world: SimpleNamespace) -> None:
    releases = {
        "msu": Release(("print", "replay_video"), {"train": (15, 30, 90), "test": (20, 40, 120)}),
        "siw_mv2": Release(("mannequin",), {"train": (0, 531, 533), "test": (0, 265, 362)}),
        "celeba_spoof": Release(("poster",), {"train": None, "test": None}, (10_177, 625_537)),
        "siw_m": Release(("print",), {"train": None, "test": None}),
    }
    heads, *rows = cells(data.archives(releases, world.faces))
    assert heads[1:6] == ["subjects", "presentations", "PAI species", "splits", "access"]
    assert [row[1:5] for row in rows] == [
        ["35", "280 videos: 70 bona fide, 210 attacks", "print, replay video", "train, test"],
        ["not known", "1691 videos: 796 bona fide, 895 attacks", "mannequin", "train, test"],
        ["10177", "625537 images", "poster", "train, test"],
        ["not known", "not known", "print", "train, test"],
    ]
    assert rows[1][0] == "[SiW-Mv2](https://github.com/CHELSEA234/Multi-domain-learning-FAS)"
    assert [row[6:8] for row in rows[1:3]] == [["target", "target"], ["–", "source"]]
    videos = {face.presentation for face in world.faces if face.dataset == "msu"}
    assert [row[8] for row in rows] == [str(len(videos)), "0", "0", "0"]


def test_unusual_videos_are_counted_and_a_few_are_named() -> None:
    assert data.exclusions({"msu": NOTHING, "casia": NOTHING}) == "None of 8 presentations was excluded.\n"
    unusual = NOTHING | {
        "single_face": {"b.avi": "3 of 10 candidate frames with a face"},
        "centre": ["a.avi"],
        "stand_ins": {f"{letter}.avi": "frame 22 for 20" for letter in "cdefg"},
        "turned": {"h.avi": 2},
    }
    text = data.exclusions({"msu": NOTHING, "casia": unusual})
    assert text.startswith("None of 8 presentations was excluded.\n\n")
    assert cells(text) == [
        ["data set", "unusual", "videos", "which"],
        ["CASIA-FASD", "the centre of the frame is the face box", "1", "a.avi"],
        ["CASIA-FASD", "one face", "1", "b.avi"],
        ["CASIA-FASD", "a neighbouring frame stands in for one without a face", "5", "c.avi, d.avi, e.avi and 2 more"],
        ["CASIA-FASD", "turned upright", "1", "h.avi"],
    ]


def test_what_crops_do_not_tell_is_counted() -> None:
    text = data.exclusions({"msu": NOTHING, "casia": {**NOTHING, "unknown": {"box": 48, "frame": 40}}})
    assert "| CASIA-FASD | box in the frame (that of a crop is the whole crop) | 48 |" in text
    assert "| CASIA-FASD | number of the frame (given is the place among the pictures of the video) | 40 |" in text
    assert "MSU-MFSD" not in text


def test_excluded_files_are_counted_by_their_common_reason() -> None:
    missing = {f"Live_{n}": "listed in pro_3_text/testlist_*.txt, but not there" for n in (3, 4, 5, 6)}
    listed = {"Dev_files/1_1_21_2.avi": "listed in Protocols/Protocol_1/Dev.txt, but not there"}
    unlisted = {f"Live/Live_{n}.mov": f"Live_{n} is in no list of Protocol I" for n in (7, 8)}
    broken = {"Live/Live_1.mov": "truncated: 31 of 52 frames", "Live/Live_2.mov": "truncated: 9 of 50 frames"}
    text = data.exclusions(
        {"oulu": NOTHING | {"excluded": listed}, "siw_mv2": NOTHING | {"excluded": missing | unlisted | broken}}
    )
    assert cells(text)[1:] == [
        ["OULU-NPU", "listed in Protocols/Protocol_1/Dev.txt, but not there", "1", "Dev_files/1_1_21_2.avi"],
        ["SiW-Mv2", "listed in pro_3_text/testlist_*.txt, but not there", "4", "Live_3, Live_4, Live_5 and 1 more"],
        ["SiW-Mv2", "... is in no list of Protocol I", "2", "Live/Live_7.mov, Live/Live_8.mov"],
        ["SiW-Mv2", "truncated", "2", "Live/Live_1.mov, Live/Live_2.mov"],
    ]


def test_each_data_set_has_a_contact_sheet_unless_faces_may_not_be_printed(world: SimpleNamespace, tmp_path: Path) -> None:
    one = material(tmp_path, "data", faces=by_face(world.faces))
    one.pictures = lambda: gallery.Pictures(world.crops, tmp_path, "x", DRAWN)  # type: ignore[method-assign]
    text = data.contact_sheet_figures(one)
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        f"contact_{name}.png" for name in ("casia", "msu", "oulu", "replay")
    ]
    assert "Faces of MSU-MFSD: bona fide; print, printed_photo; replay video, ipad_video" in text
    hidden = material(tmp_path, "data", params={"synthetic": SimpleNamespace(people="portraits")}, faces=by_face(world.faces))
    assert data.contact_sheet_figures(hidden) == f"{printing.PORTRAITS}\n"

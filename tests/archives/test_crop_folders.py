"""Crops in place of videos: trees of each convention, made from the official names of the archives."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import archives
from fasrepro.archives import locate, msu
from fasrepro.archives.crop_folders import CONVENTIONS, located, of_dataset, read, reading
from fasrepro.archives.layout import WHOLE, ArchiveError, Presentation, UnknownName
from fasrepro.archives.tree import Tree, walk
from fasrepro.files import write_text
from fasrepro.rows.faces import Label

SIZES = {
    "msu": {"train": 1, "test": 1},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 1, "test": 1},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 1},
}
SAFAS = {"msu": "MSU-MFSD", "casia": "CASIA_faceAntisp", "replay": "Replay", "oulu": "OULU-NPU"}
COMPANION = {"msu": "MSU-MFSD", "casia": "CASIA-FASD", "replay": "IDIAP-REPLAY", "oulu": "OULU-NPU"}
MSU_REAL = "real_client001_android_SD_scene01"
MSU_ATTACK = "attack_client013_android_SD_iphone_video_scene01"
PHOTO = "attack_highdef_client016_session01_highdef_photo_adverse"
WEBCAM = "client009_session01_webcam_authenticate_adverse_1"


def flat(shown: Presentation, casia_word: str, live_prefix: str) -> str:
    """Return the name of a video in a folder of many, by the rules of the projects' code."""
    path = PurePosixPath(shown.path)
    if shown.dataset == "casia":
        word = "" if path.stem.startswith("HR") else casia_word
        return f"{path.parent.name}_{word}{path.stem}"
    if shown.dataset == "replay":
        return f"{live_prefix if path.parent.name == 'real' else path.parent.name + '_'}{path.stem}"
    return path.stem


def flip(shown: Presentation) -> dict[str, int | None]:
    word = "fake" if shown.label is Label.ATTACK else "real"
    start = f"MCIO/frame/{shown.dataset}/{shown.split}/{word}/{flat(shown, '', 'real_')}"
    return {f"{start}_frame0.png": None, f"{start}_frame1.png": None} if shown.split != "dev" else {}


def ssdg(shown: Presentation) -> dict[str, int | None]:
    return {f"{shown.dataset}_256/{PurePosixPath(shown.path).with_suffix('')}/{n}.png": n for n in (7, 60)}


def safas(shown: Presentation) -> dict[str, int | None]:
    key = "replay" if shown.dataset == "msu" else shown.dataset  # as SAFAS's code writes MSU-MFSD
    word = "spoof" if shown.label is Label.ATTACK else "live"
    return {
        f"{SAFAS[shown.dataset]}/preposess/{key}_{shown.split}_{word}_{flat(shown, 'NM_', 'real_')}/crop_{n:04d}.jpg": n
        for n in (0, 105)
    }


def companion(shown: Presentation) -> dict[str, int | None]:
    word = "spoof" if shown.label is Label.ATTACK else "live"
    start = f"{COMPANION[shown.dataset]}/{shown.split}/{word}/{flat(shown, 'NM_', '')}"
    return {f"{start}/crop_000.jpg": 0, f"{start}/crop_105.jpg": 105} if shown.split != "dev" else {}


def mirrored(shown: Presentation) -> dict[str, int | None]:
    return {f"{COMPANION[shown.dataset]}/{PurePosixPath(shown.path).with_suffix('')}/crop_005.jpg": 5}


def tree_of(*paths: str) -> Tree:
    return Tree(Path("crops"), dict.fromkeys(sorted(paths), 1))


@pytest.mark.parametrize(
    ("convention", "name", "lists"),
    [
        ("flip", flip, ""),
        ("ssdg", ssdg, "msu_256"),
        ("safas", safas, ""),
        ("companion", companion, ""),
        ("companion", mirrored, "MSU-MFSD"),
    ],
)
def test_crops_are_read_under_their_official_names(
    convention: str, name: Callable[[Presentation], dict[str, int | None]], lists: str, tmp_path: Path
) -> None:
    plans = {dataset: archives.plan(dataset, size) for dataset, size in SIZES.items()}
    expected = {path: (shown, frame) for plan in plans.values() for shown in plan for path, frame in name(shown).items()}
    for path in expected:
        write_text(tmp_path / path, "x")
    if lists:
        msu.write_lists(tmp_path / lists, plans["msu"])
    tree = walk(tmp_path)
    crops = read(tree, convention)
    assert crops.exclusions == []
    assert {crop.path: (crop.presentation, crop.frame) for crop in crops.crops} == expected
    assert {dataset: list(trees) for dataset, trees in located(tree).items()} == {key: [convention] for key in SIZES}
    assert locate.folders(tree) == {}  # they are not taken for the videos


@pytest.mark.parametrize(
    ("convention", "path", "video", "split"),
    [
        ("flip", f"msu/test/fake/{MSU_ATTACK}_frame0.png", f"msu/scene01/attack/{MSU_ATTACK}", "test"),
        ("flip", "casia/train/fake/19_7_frame0.PNG", "casia/train_release/19/7", "train"),
        ("flip", f"a/b/replay/train/fake/hand_{PHOTO}_frame0.png", f"replay/train/attack/hand/{PHOTO}", "train"),
        ("flip", "oulu/train/real/3_2_42_1_frame0.png", "oulu/Test_files/3_2_42_1", "test"),  # user 42 is of the test set
        ("ssdg", f"replay_256/replayattack-devel/devel/real/{WEBCAM}/7.png", f"replay/devel/real/{WEBCAM}", "dev"),
        ("ssdg", f"replay_256/replayattack-devel/real/{WEBCAM}/7.png", f"replay/devel/real/{WEBCAM}", "dev"),
        ("companion", "CASIA-FASD/train/1/HR_4/crop_1005.jpg", "casia/train_release/1/HR_4", "train"),
    ],
)
def test_published_names_are_read(convention: str, path: str, video: str, split: str) -> None:
    [crop] = read(tree_of(path), convention).crops
    assert (crop.presentation.id, crop.presentation.split) == (video, split)


def test_people_of_the_same_number_in_casia_are_two_subjects() -> None:
    crops = read(tree_of("casia/train/fake/19_7_frame0.png", "casia/test/fake/19_7_frame0.png"), "flip").crops
    assert {crop.presentation.subject for crop in crops} == {"casia/train/19", "casia/test/19"}


LABEL_FAULT = "disagree about the label; one of them is wrong: move the file or remove it"
SPLIT_FAULT = r"msu/client001 is train here and test by msu/test/.*: a subject in two splits; one of them is wrong"


@pytest.mark.parametrize(
    ("convention", "paths", "message"),
    [
        ("flip", ["casia/train/real/19_7_frame0.png"], rf"crops/casia/train/real/19_7_frame0\.png: .*{LABEL_FAULT}"),
        ("flip", [f"replay/test/fake/real_{WEBCAM}_frame0.png"], rf"_frame0\.png: .*{LABEL_FAULT}"),
        ("flip", [f"msu/{split}/real/{MSU_REAL}_frame0.png" for split in ("train", "test")], SPLIT_FAULT),
        ("ssdg", [f"msu_256/scene01/real/{MSU_ATTACK}/3.png"], rf"/3\.png: .*{LABEL_FAULT}"),
        ("ssdg", [f"replay_256/test/attack/hand/{WEBCAM}/3.png"], rf"/3\.png: .*{LABEL_FAULT}"),
        ("ssdg", ["oulu_256/Train_files/1_1_21_1/3.png"], r"1_1_21_1/3\.png: .*user 21 belongs to Dev_files"),
        ("ssdg", [f"msu_256/scene01/real/{MSU_REAL}/3.png"], r"msu_256/train_sub_list\.txt: missing split list; .*put it back"),
        (
            "safas",
            ["OULU-NPU/preposess/oulu_train_live_1_1_21_1/crop_0005.jpg"],
            r"/crop_0005\.jpg: its folder says train.* dev;",
        ),
        ("companion", ["OULU-NPU/test/spoof/3_2_42_1/crop_005.jpg"], rf"/crop_005\.jpg: .*{LABEL_FAULT}"),
        ("flips", [], r"unknown convention of crops 'flips'\. Did you mean 'flip'"),
    ],
)
def test_a_contradiction_is_an_error_that_names_the_file(convention: str, paths: list[str], message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        read(tree_of(*paths), convention)


@pytest.mark.parametrize(
    ("convention", "path", "reason", "by_design"),
    [
        ("flip", "MCIO/frame/celeb/real/167_live_096546.jpg", "CelebA-Spoof", True),
        ("flip", "MCIO/txt/casia_fake_shot.txt", "a list of FLIP", True),
        ("flip", "casia/train/real/1_9_frame0.png", "1_9", False),
        ("flip", "casia/train/real/1_1_frame2.png", "not a crop", False),
        ("flip", "oulu/train/real/1_1_56_1_frame0.png", "not an OULU-NPU user: 56", False),
        ("ssdg", "msu_256/real/01_android/3.png", "not an MSU-MFSD name", False),  # the folders of SSDG's own copy
        ("safas", "Replay/preposess/replay_train_live_x/org_0005.jpg", "org", True),
        ("safas", "Replay/preposess/replay_train_live_x/square400_0005.jpg", "square400", True),
        ("safas", "Replay/preposess/replay_train_live_x/infov1_0005.npy", "pickled", True),
        ("safas", "OULU-NPU/preposess/replay_train_live_x/crop_0005.jpg", "a video of replay in the folder OULU-NPU", False),
        ("safas", "MSU-MFSD/preposess/replay_dev_live_real_client060_android_SD_scene01/crop_0005.jpg", "no dev set", False),
        ("companion", "OULU-NPU/train/live/1_1_01_1/crop_006.jpg", "no multiple of 5", False),
    ],
)
def test_other_files_are_named(convention: str, path: str, reason: str, by_design: bool) -> None:
    [exclusion] = read(tree_of(path), convention).exclusions
    assert (exclusion.path, reason in exclusion.reason, exclusion.by_design) == (path, True, by_design)


def test_a_second_file_of_a_crop_is_excluded() -> None:
    first, second = "casia/train/fake/1_7_frame0.jpg", "casia/train/fake/1_7_frame0.png"
    [exclusion] = read(tree_of(first, second), "flip").exclusions
    assert (exclusion.path, exclusion.reason) == (second, f"the same crop as {first}: remove one of them")


def test_a_client_in_neither_list_is_excluded(tmp_path: Path) -> None:
    msu.write_lists(tmp_path / "msu_256", msu.plan(msu.Size(1, 1)))
    write_text(tmp_path / "msu_256/scene01/real/real_client009_android_SD_scene01/7.png", "x")
    [exclusion] = read(walk(tmp_path), "ssdg").exclusions
    assert exclusion.reason == "client 009 is in neither split list"


def test_a_data_set_has_the_files_of_its_own_folders() -> None:
    own = ["data/OULU-NPU/preposess/oulu_train_live_1_1_01_1/crop_0005.jpg", "data/OULU-NPU/notes.txt"]
    tree = tree_of(*own, "data/casia/train/real/1_1_frame0.png", "holiday.jpg")
    assert [list(crops.sizes) for crops in located(tree)["oulu"].values()] == [sorted(own)]
    assert of_dataset(tree, "oulu")[0] == "safas"
    assert of_dataset(tree, "casia")[0] == "flip"


def test_absent_crops_and_those_of_two_conventions_are_errors() -> None:
    tree = tree_of("oulu_256/Train_files/1_1_01_1/3.png", "oulu/train/real/1_1_01_1_frame0.png")
    with pytest.raises(ArchiveError, match=r"crops: no crops of casia in a layout of FLIP, SSDG, SAFAS, the companion code"):
        of_dataset(tree, "casia")
    with pytest.raises(ArchiveError, match=r"crops: crops of oulu in the layouts of FLIP and SSDG; keep one of them"):
        of_dataset(tree, "oulu")


def test_crops_without_a_dev_set_say_so() -> None:
    flip_crops = tree_of("oulu/train/real/1_1_01_1_frame0.png", "oulu/train/real/1_1_01_1_frame1.png")
    one = reading(flip_crops, "flip")
    assert [shown.id for shown in one.presentations] == ["oulu/Train_files/1_1_01_1"]
    assert [(file.path[-10:], file.frame, file.box) for file in one.files["oulu/Train_files/1_1_01_1"]] == [
        ("frame0.png", None, WHOLE),
        ("frame1.png", None, WHOLE),
    ]
    assert "the test people choose thresholds" in one.notices[0]
    with_dev = tree_of("oulu/train/real/1_1_01_1_frame0.png", "oulu/test/real/1_1_21_1_frame0.png")
    assert reading(with_dev, "flip").notices == []
    assert reading(tree_of("casia/train/real/1_1_frame0.png"), "flip").notices == []  # the release has none either


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(junk=st.text(max_size=60))
def test_other_text_is_an_unknown_name(convention: str, junk: str) -> None:
    with pytest.raises(UnknownName):
        CONVENTIONS[convention].parse(junk)

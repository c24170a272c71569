"""The codecs of file names, and the plans of small archives."""

import dataclasses
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import archives
from fasrepro.archives import ARCHIVES, archive, casia, msu, oulu, replay, siw_mv2
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

CLIENTS = st.integers(1, 999)
REPLAY_KINDS = [(device, *kind) for device, kinds in replay.ATTACKS.items() for kind in kinds]
NAMES = {
    "msu": st.builds(msu.Name, CLIENTS, st.sampled_from(sorted(msu.SUFFIXES)), st.sampled_from(["", *msu.SPECIES])),
    "casia": st.builds(casia.Name, st.sampled_from(["train", "test"]), CLIENTS, st.sampled_from(sorted(casia.FILES))),
    "replay": st.one_of(
        st.builds(
            replay.Name, st.sampled_from(sorted(replay.SPLITS)), CLIENTS, st.sampled_from(replay.LIGHTS), st.integers(1, 2)
        ),
        st.builds(
            lambda folder, client, light, support, kind: replay.Name(
                folder, client, light, support=support, device=kind[0], sample=kind[1], media=kind[2]
            ),
            st.sampled_from(sorted(replay.SPLITS)),
            CLIENTS,
            st.sampled_from(replay.LIGHTS),
            st.sampled_from(replay.SUPPORTS),
            st.sampled_from(REPLAY_KINDS),
        ),
    ),
    "oulu": st.builds(oulu.Name, st.integers(1, 6), st.integers(1, 3), st.integers(1, 55), st.integers(1, 5)),
    "siw_mv2": st.builds(siw_mv2.Name, st.sampled_from(sorted(siw_mv2.KINDS)), CLIENTS, st.sampled_from(siw_mv2.SUFFIXES)),
}


def test_every_data_set_is_tested_here_or_in_a_module_of_its_own() -> None:
    alone = {name for name in ARCHIVES if (Path(__file__).parent / f"test_{name}.py").is_file()}
    assert not alone & NAMES.keys()
    assert alone | NAMES.keys() == ARCHIVES.keys()
    assert {name for name, _, _ in OFFICIAL} == NAMES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_formatted_names_parse_back(name: str) -> None:
    codec = ARCHIVES[name]

    @given(NAMES[name])
    def parses_back(official: object) -> None:
        assert codec.parse_name(codec.format_name(official)) == official

    parses_back()


@pytest.mark.parametrize("name", NAMES)
@given(junk=st.text(max_size=60))
def test_other_text_is_an_unknown_name(name: str, junk: str) -> None:
    codec = ARCHIVES[name]
    try:
        official = codec.parse_name(junk)
    except ArchiveError:
        return
    assert codec.format_name(official) == junk


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("msu", "scene01/real/attack_client001_android_SD_ipad_video_scene01.mp4"),  # an attack among the bona fide videos
        ("msu", "scene01/real/real_client001_android_SD_scene01.mov"),  # the other camera's container
        ("msu", "scene01/real/real_client01_android_SD_scene01.mp4"),  # two digits
        ("casia", "train_release/1/9.avi"),
        ("casia", "train_release/01/1.avi"),
        ("casia", "train_release/1/HR_5.avi"),
        (
            "replay",
            "train/attack/fixed/attack_print_client001_session01_mobile_photo_adverse.mov",
        ),  # prints are of highdef photos
        ("replay", "train/real/client001_session01_webcam_authenticate_adverse_3.mov"),
        ("siw_mv2", "Spoof/Mannequin/Mannequin_3.mov"),  # the folder's name is not the videos'
        ("siw_mv2", "Spoof/Replay/Paper_3.mov"),
        ("siw_mv2", "Live/Live_03.mov"),
        ("siw_mv2", "Live/Live_3.mkv"),
        ("siw_mv2", "Spoof/Live/Live_3.mov"),
        ("oulu", "Train_files/7_1_01_1.avi"),
        ("oulu", "Train_files/1_1_56_1.avi"),
        ("oulu", "Train_files/1_1_00_1.avi"),
    ],
)
def test_misplaced_or_malformed_names_are_unknown(name: str, path: str) -> None:
    with pytest.raises(UnknownName, match=path.rsplit("/", 1)[-1] if name != "oulu" else "OULU"):
        ARCHIVES[name].parse_name(path)


def test_an_oulu_user_in_the_wrong_folder_is_an_error() -> None:
    with pytest.raises(ArchiveError, match=r"user 21 belongs to Dev_files.*two splits"):
        oulu.parse_name("Train_files/1_1_21_1.avi")


# Official numbers of bona fide videos and attacks in each split, by the lists of the releases.
OFFICIAL = [
    ("msu", {"train": 15, "test": 20}, {"train": (30, 90), "test": (40, 120)}),
    ("casia", {"train": 20, "test": 30}, {"train": (60, 180), "test": (90, 270)}),
    ("replay", {"train": 15, "devel": 15, "test": 20}, {"train": (60, 300), "dev": (60, 300), "test": (80, 400)}),
    (
        "oulu",
        {"train": 20, "dev": 15, "test": 20, "phones": 6, "sessions": 3},
        {"train": (360, 1440), "dev": (270, 1080), "test": (360, 1440)},
    ),
    ("siw_mv2", {"share": 1.0}, {"train": (531, 533), "test": (265, 362)}),
]


@pytest.mark.parametrize(("name", "sizes", "expected"), OFFICIAL)
def test_a_plan_of_official_size_has_the_official_counts(
    name: str, sizes: dict[str, int], expected: dict[str, tuple[int, int]]
) -> None:
    plan = archives.plan(name, sizes)
    counts = {
        split: tuple(sum(p.split == split and p.label is label for p in plan) for label in (Label.BONA_FIDE, Label.ATTACK))
        for split in expected
    }
    assert counts == expected
    assert len({p.path for p in plan}) == len(plan)
    assert {p.species for p in plan} <= SPECIES.keys()
    assert all((p.species == "bona_fide") == (p.label is Label.BONA_FIDE) == (p.instrument == "") for p in plan)


def test_species_and_cameras_of_casia_follow_the_file_number() -> None:
    plan = {p.path.rsplit("/", 1)[-1]: (p.species, p.camera) for p in casia.plan(casia.Size(1, 0))}
    assert plan["1.avi"] == ("bona_fide", "low")
    assert plan["4.avi"] == ("warped_photo", "normal")
    assert plan["HR_3.avi"] == ("cut_photo", "high")
    assert plan["7.avi"] == ("replay_video", "low")


def test_a_share_of_siw_is_rounded_with_a_minimum() -> None:
    def count(share: float, species: str, split: str) -> int:
        return sum(p.species == species and p.split == split for p in siw_mv2.plan(siw_mv2.Size(share)))

    assert (count(0.1, "bona_fide", "train"), count(0.1, "bona_fide", "test")) == (53, 26)  # of 531 and 265
    assert (count(0.1, "silicone_mask", "train"), count(0.1, "silicone_mask", "test")) == (1, 2)  # of 9 and 8
    assert (count(0.1, "print", "train"), count(0.1, "print", "test")) == (8, 6)  # of 79 and 56
    assert len(siw_mv2.plan(siw_mv2.Size(0.001))) == 15 * 3
    assert siw_mv2.plan(siw_mv2.Size(0.0)) == []
    names = [p.path.rsplit("/", 1)[-1] for p in siw_mv2.plan(siw_mv2.Size(0.1))]
    assert len(set(names)) == len(names)  # a number names one video, over both splits
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ArchiveError, match=r"archives\.datasets\.siw_mv2: share"):
            siw_mv2.plan(siw_mv2.Size(share))


def test_each_attack_folder_of_siw_has_its_own_species_but_prints() -> None:
    species = {folder: kind for folder, (_, kind) in siw_mv2.KINDS.items()}
    assert species.pop("Spoof/Paper") == species["Spoof/Print"] == "print"
    assert len(set(species.values())) == 15
    assert set(species.values()) <= SPECIES.keys()
    shown = siw_mv2.presentation(siw_mv2.Name("Spoof/Mask_HalfMask", 12), "test")
    assert (shown.subject, shown.instrument, shown.id) == (
        "siw_mv2/Mask_Half_12",
        "Mask_Half",
        "siw_mv2/Spoof/Mask_HalfMask/Mask_Half_12",
    )


def test_only_six_videos_of_msu_are_stored_upside_down() -> None:
    plan = msu.plan(msu.Size(15, 20))
    turned = [p for p in plan if msu.rotation(p.path)]
    assert {msu.rotation(p.path) for p in turned} == {2}
    assert sorted(p.subject for p in turned) == [f"msu/client{n:03d}" for n in (3, 5, 6, 7, 8, 9)]
    assert {(p.species, p.camera) for p in turned} == {("bona_fide", "android")}
    others = [
        *casia.plan(casia.Size(1, 1)),
        *replay.plan(replay.Size(1, 1, 1)),
        *oulu.plan(oulu.Size(1, 1, 1, 6, 3)),
        *siw_mv2.plan(siw_mv2.Size(0.001)),
    ]
    assert not any(archive(p.dataset).rotation(p.path) for p in others)


def test_a_plan_larger_than_oulu_is_an_error() -> None:
    good = {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 2}
    for change in ({"train": 21}, {"dev": 16}, {"phones": 7}, {"sessions": 4}):
        with pytest.raises(ArchiveError, match=r"archives\.datasets\.oulu"):
            archives.plan("oulu", good | change)


def test_an_unknown_archive_names_the_known_ones() -> None:
    with pytest.raises(
        ArchiveError,
        match=r"archives\.datasets: unknown data set 'replays'.*Did you mean 'replay'.*msu, casia, replay, oulu, siw_mv2",
    ):
        archive("replays")


def test_a_data_set_that_is_only_read_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHIVES, "wmca", types.ModuleType("wmca"))
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.wmca: cannot be drawn; set archives\.source to licensed"):
        archives.plan("wmca", {})


def test_presentation_ids_hold_the_data_set_but_no_suffix() -> None:
    shown = msu.presentation(msu.Name(1, "android", "ipad_video"), "train")
    assert shown.id == "msu/scene01/attack/attack_client001_android_SD_ipad_video_scene01"
    assert dataclasses.asdict(shown)["subject"] == "msu/client001"

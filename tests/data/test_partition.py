"""Parts of protocols: of few hand-made faces, and of all videos that the official archives hold by name."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import archives, paths
from fasrepro.archives.layout import Presentation
from fasrepro.config import ConfigError
from fasrepro.data import partition, people_parts, protocols, published_protocols
from fasrepro.data import splits as written_splits
from fasrepro.data.protocols import Protocol, ProtocolError
from fasrepro.data.splits import Split
from fasrepro.rows import table
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label, face_id
from fasrepro.stages import splits
from tests.splits import split_faces

SPLITS = {
    "msu": ("train", "test"),
    "casia": ("train", "test"),
    "replay": ("train", "dev", "test"),
    "oulu": ("train", "dev", "test"),
}
# All that an archive holds by its official names, or by the counts of its lists.
WHOLE = {
    "oulu": {"train": 20, "dev": 15, "test": 20, "phones": 6, "sessions": 3},
    "siw": {"train": 90, "test": 75},
    "siw_mv2": {"share": 1.0},
    "wmca": {"share": 1.0},
}


def face(dataset: str, split: str, subject: int = 1, label: Label = Label.BONA_FIDE) -> Face:
    """Return a face of a video that no archive names."""
    presentation = f"{dataset}/{split}/{subject}/{label.name}"
    bona_fide = label is Label.BONA_FIDE
    return Face(
        face_id=face_id(presentation, 20),
        dataset=dataset,
        split=split,
        subject=f"{dataset}/{split}/{subject}",
        presentation=presentation,
        frame=20,
        label=label,
        species=BONA_FIDE_SPECIES if bona_fide else "print",
        instrument="" if bona_fide else "print",
        camera=dataset,
        box=(0, 0, 9, 9),
        box_source="sidecar",
        crop="c.png",
        crop_sha256=presentation,
    )


def faces_of(presentations: Iterable[Presentation], frames: Iterable[int] = (20,)) -> list[Face]:
    """Return faces of an archive's videos at these frames."""
    return [
        Face(
            face_id=face_id(shown.id, frame),
            dataset=shown.dataset,
            split=shown.split,
            subject=shown.subject,
            presentation=shown.id,
            frame=frame,
            label=shown.label,
            species=shown.species,
            instrument=shown.instrument,
            camera=shown.camera,
            box=(0, 0, 9, 9),
            box_source="sidecar",
            crop="c.png",
            crop_sha256=f"{shown.id}#{frame}",
        )
        for shown in presentations
        for frame in frames
    ]


def checked(faces: Iterable[Face], protocol: Protocol) -> Split:
    """Return the parts of a protocol as the stage writes them."""
    parts = partition.split_columns(table.from_rows(faces, Face), protocol)
    partition.check(parts, protocol)
    return Split(**{part: table.to_rows(columns, Face) for part, columns in parts.items()})


def published(name: str) -> Protocol:
    return protocols.resolve(name, published_protocols.declared({}))


def counts(split: Split) -> dict[str, tuple[int, int]]:
    """Return bona fide and attack faces of each part."""
    parts = {part: collections.Counter(row.label for row in getattr(split, part)) for part in written_splits.PARTS}
    return {part: (labels[Label.BONA_FIDE], labels[Label.ATTACK]) for part, labels in parts.items()}


FACES = [
    face(dataset, split, n, label) for dataset, splits in SPLITS.items() for split in splits for n in (1, 2) for label in Label
]
OTHERS = [row for row in FACES if row.dataset != "oulu"]


def test_dev_is_the_official_one_or_else_the_sources_test_subjects() -> None:
    split = checked(FACES, protocols.by_letters("oci_m"))
    assert {(f.dataset, f.split) for f in split.train} == {("oulu", "train"), ("casia", "train"), ("replay", "train")}
    assert {(f.dataset, f.split) for f in split.dev} == {("oulu", "dev"), ("casia", "test"), ("replay", "dev")}
    assert {(f.dataset, f.split) for f in split.test} == {("msu", "test")}


def test_a_split_holds_the_faces_of_every_target() -> None:
    split = checked(FACES, protocols.by_letters("c_mo"))
    assert {face.dataset for face in split.test} == {"msu", "oulu"}
    assert {face.dataset for face in split.of_target("oulu")} == {"oulu"}


@given(st.permutations("mcio"), st.integers(1, 3), st.permutations(FACES))
def test_no_subject_is_in_two_parts_and_faces_keep_their_order(letters: list[str], sources: int, faces: list[Face]) -> None:
    protocol = protocols.by_letters("".join(letters[:sources]) + "_" + "".join(letters[sources:]))
    split = checked(faces, protocol)
    parts = (split.train, split.dev, split.test)
    subjects = [{f.subject for f in part} for part in parts]
    assert all(subjects)
    assert sum(map(len, subjects)) == len(set.union(*subjects))
    assert {f.dataset for f in split.train + split.dev} == set(protocol.train)
    assert all([faces.index(f) for f in part] == sorted(faces.index(f) for f in part) for part in parts)


def test_all_people_of_a_target_are_tested_where_the_protocol_says_so() -> None:
    split = checked(FACES, Protocol("p", ("casia",), ("replay",), test_on="all"))
    assert {f.split for f in split.test} == {"train", "dev", "test"}
    assert len(split.test) == sum(f.dataset == "replay" for f in FACES)
    assert {(f.dataset, f.split) for f in split.train + split.dev} == {("casia", "train"), ("casia", "test")}


def stills(per_type: int = 20) -> list[Face]:
    """Return faces of a small WFAS, which labels neither dev nor test: two images of each folder."""
    return faces_of(archives.plan("wfas", {"living": 40, "per_type": per_type, "images": 2}), frames=(0,))


SHARES = {"A": 0.4, "B": 0.2, "C": 0.1, "D_cap": 0.1, "D": 0.2}


def test_a_source_that_is_cut_into_parts_trains_on_three_and_chooses_thresholds_on_the_last() -> None:
    faces = [*stills(), *FACES]
    part_of = {dataset: parts_of(faces, dataset) for dataset in ("wfas", "oulu")}
    protocol = Protocol("p", ("wfas", "oulu", "casia"), ("msu",), parts={"wfas": SHARES, "oulu": {"A": 0.5, "D": 0.5}})
    split = checked(faces, protocol)
    trained, dev = {f.subject for f in split.train}, {f.subject for f in split.dev if f.dataset == "wfas"}
    assert {part_of["wfas"][subject] for subject in trained if subject in part_of["wfas"]} == {"A", "B", "C"}
    assert dev == {subject for subject, part in part_of["wfas"].items() if part == "D"}
    assert {(f.dataset, f.split) for f in split.dev} == {("wfas", "train"), ("oulu", "train"), ("casia", "test")}
    without = checked(faces, dataclasses.replace(protocol, parts={}))
    assert [f for f in without.train if f.dataset == "casia"] == [f for f in split.train if f.dataset == "casia"]
    assert without.test == split.test


def parts_of(faces: Iterable[Face], dataset: str) -> dict[str, str]:
    """Return the part of each subject, cut as the section `parts` would."""
    shown = {(f.subject, f.species) for f in faces if f.dataset == dataset and f.split == "train"}
    return people_parts.cut(shown, SHARES)


def test_the_cut_does_not_depend_on_what_a_protocol_selects() -> None:
    faces = stills()
    part_of = parts_of(faces, "wfas")
    only = {"train": [{"species": ["bona_fide", "poster"]}]}
    split = checked([*faces, *FACES], Protocol("p", ("wfas",), ("msu",), only=only, parts={"wfas": SHARES}))
    assert {f.species for f in split.train} == {"bona_fide", "poster"}
    assert {part_of[f.subject] for f in split.train} == {"A", "B", "C"} and {part_of[f.subject] for f in split.dev} == {"D"}


def test_a_source_without_labelled_dev_and_test_people_holds_out_some_of_each_species() -> None:
    split = checked([*stills(), *FACES], Protocol("p", ("wfas",), ("msu",)))
    held, trained = {f.subject for f in split.dev}, {f.subject for f in split.train}
    assert not held & trained
    assert {f.species for f in split.dev} == {f.species for f in split.train} == {f.species for f in stills()}
    by_species = collections.Counter(f.species for f in split.dev)
    assert by_species == {**dict.fromkeys({f.species for f in stills()}, 2 * 2), BONA_FIDE_SPECIES: 2 * 4}


def test_who_is_held_out_depends_on_the_people_alone() -> None:
    faces = stills()
    people = partition.held_out(table.from_rows(faces, Face))
    assert partition.held_out(table.from_rows(faces[::-3] + faces, Face)) == people
    assert partition.held_out(table.from_rows(stills(1), Face)) == [p for p in people if "living" in p]


def test_a_declared_protocol_selects_faces_by_columns_and_by_their_official_names() -> None:
    oulu = faces_of(archives.plan("oulu", WHOLE["oulu"]))
    only = {"train": [{"camera": ["phone2"], "session": [1]}, {"user": ["3-4"], "file": {"not": ["2-5"]}}]}
    split = checked([*oulu, *OTHERS], Protocol("p", ("oulu",), ("msu",), only=only))
    names = [f.presentation.rpartition("/")[2].split("_") for f in split.train]
    assert len(names) == 20 * 5 + 2 * 6 * 3 - 2  # of users 3 and 4, bona fide with phone 2 in session 1 meets both
    assert all((phone, session) == ("2", "1") or (user in ("03", "04") and file == "1") for phone, session, user, file in names)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"sesion": [1]}, r"only\.train: unknown attribute of OULU-NPU 'sesion'\. Did you mean 'session'"),
        ({"session": [4]}, r"OULU-NPU has no train faces"),
    ],
)
def test_a_selection_that_fits_no_face_is_refused(selection: dict[str, list[int]], message: str) -> None:
    oulu = faces_of(archives.plan("oulu", {**WHOLE["oulu"], "phones": 1}))
    with pytest.raises(ProtocolError, match=message):
        checked([*oulu, *OTHERS], Protocol("p", ("oulu",), ("msu",), only={"train": [selection]}))


def test_an_attribute_of_a_video_without_official_name_is_refused() -> None:
    only = {"train": [{"session": [1]}]}
    with pytest.raises(ProtocolError, match=r"casia/train/1/BONA_FIDE is no official name of CASIA-FASD"):
        checked(FACES, Protocol("p", ("casia",), ("msu",), only=only))


# Bona fide videos and attacks of train, dev and test: the table of the protocols' official lists.
OULU = {
    "oulu_1": ((240, 960), (180, 720), (120, 480)),
    "oulu_2": ((360, 720), (270, 540), (360, 720)),
    **{f"oulu_3_{phone}": ((300, 1200), (225, 900), (60, 240)) for phone in range(1, 7)},
    **{f"oulu_4_{phone}": ((200, 400), (150, 300), (20, 40)) for phone in range(1, 7)},
}


@pytest.mark.parametrize("name", OULU)
def test_the_protocols_of_oulu_have_their_official_counts(name: str) -> None:
    split = checked(faces_of(archives.plan("oulu", WHOLE["oulu"])), published(name))
    assert tuple(counts(split).values()) == OULU[name]
    if name[5] in "34":
        phones = [{f.camera for f in part} for part in (split.train, split.dev, split.test)]
        assert phones[0] == phones[1]
        assert phones[2] == {f"phone{name[-1]}"}
        assert not phones[0] & phones[2]


# Of 165 people whose videos are all there: 8 bona fide ones, 4 prints, and 4 replays on each of four screens.
SIW = {
    "siw_1": ((8, 4 + 16), (8, 4 + 16)),
    **{f"siw_2_{medium}": ((8, 3 * 4), (8, 4)) for medium in range(1, 5)},
    "siw_3_1": ((8, 4), (8, 16)),
    "siw_3_2": ((8, 16), (8, 4)),
}


@pytest.mark.parametrize("name", SIW)
def test_the_protocols_of_siw_train_80_people_and_test_75(name: str) -> None:
    of_train, of_test = SIW[name]
    expected = {"train": [80 * n for n in of_train], "dev": [10 * n for n in of_train], "test": [75 * n for n in of_test]}
    split = checked(faces_of(archives.plan("siw", WHOLE["siw"])), published(name))
    assert {part: list(labels) for part, labels in counts(split).items()} == expected


def test_protocol_1_of_siw_trains_on_the_first_60_frames() -> None:
    split = checked(faces_of(archives.plan("siw", {"train": 30, "test": 2}), frames=(59, 60)), published("siw_1"))
    assert {f.frame for f in split.train} == {59}
    assert {f.frame for f in split.dev} == {f.frame for f in split.test} == {59, 60}


def test_the_grandtest_protocol_of_wmca_has_its_official_counts() -> None:
    split = checked(faces_of(archives.plan("wmca", WHOLE["wmca"])), published("wmca_grandtest"))
    assert counts(split) == {"train": (124, 441), "dev": (108, 449), "test": (115, 442)}


LEFT_OUT = {
    "wmca_loo_glasses": {"partial_funny_eye", "partial_paper_glasses"},
    "wmca_loo_fakehead": {"mannequin"},
    "wmca_loo_prints": {"print"},
    "wmca_loo_replay": {"replay_photo", "replay_video"},
    "wmca_loo_rigidmask": {"rigid_mask"},
    "wmca_loo_flexiblemask": {"flexible_mask"},
    "wmca_loo_papermask": {"paper_mask"},
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_leave_one_out_of_wmca_tests_what_train_and_dev_lack(name: str) -> None:
    faces = faces_of(archives.plan("wmca", WHOLE["wmca"]))
    split = checked(faces, published(name))
    everything = {f.species for f in faces if f.split == "train"}
    assert {f.species for f in split.train} == {f.species for f in split.dev} == everything - LEFT_OUT[name]
    assert {f.species for f in split.test} == LEFT_OUT[name] | {BONA_FIDE_SPECIES}


def test_every_attack_of_wmca_is_left_out_in_one_protocol() -> None:
    of_archive = set(archives.archive("wmca").SPECIES.values())
    assert sorted(species for left_out in LEFT_OUT.values() for species in left_out) == sorted(of_archive - {BONA_FIDE_SPECIES})


def test_protocol_1_of_siw_mv2_has_the_counts_of_its_lists_with_a_dev_out_of_train() -> None:
    of = counts(checked(faces_of(archives.plan("siw_mv2", WHOLE["siw_mv2"])), published("siw_mv2_1")))
    assert of["test"] == (265, 362)
    assert (of["train"][0] + of["dev"][0], of["train"][1] + of["dev"][1]) == (531, 533)
    assert of["dev"][0] == 53


KINDS = {species: folder for folder, (_, species) in archives.archive("siw_mv2").KINDS.items() if folder != "Spoof/Paper"}


@pytest.mark.parametrize("species", sorted(KINDS.keys() - {BONA_FIDE_SPECIES}))
def test_protocol_2_of_siw_mv2_tests_all_videos_of_the_kind_that_it_leaves_out(species: str) -> None:
    split = checked(faces_of(archives.plan("siw_mv2", WHOLE["siw_mv2"])), published(f"siw_mv2_2_{species}"))
    in_train, in_test = archives.archive("siw_mv2").COUNTS[KINDS[species]]
    of = counts(split)
    assert of["test"] == (265, in_train + in_test)
    assert of["train"][1] + of["dev"][1] == 533 - in_train
    assert species not in {f.species for f in split.train + split.dev}


def test_a_subject_in_two_parts_is_an_error() -> None:
    leak = dataclasses.replace(face("casia", "test", 3), subject="casia/train/1")
    with pytest.raises(ProtocolError, match="subject casia/train/1 stands in train and in dev"):
        checked([*FACES, leak], protocols.by_letters("oci_m"))


def test_a_video_in_two_parts_is_an_error() -> None:
    leak = dataclasses.replace(face("casia", "test", 3), presentation="casia/train/1/BONA_FIDE")
    with pytest.raises(ProtocolError, match="video casia/train/1/BONA_FIDE stands in train and in dev"):
        checked([*FACES, leak], protocols.by_letters("oci_m"))


def test_the_same_image_in_two_parts_is_an_error_that_names_both_faces() -> None:
    twins = {"msu/test/1/ATTACK": "oulu/train/1/ATTACK", "msu/test/2/ATTACK": "casia/test/2/ATTACK"}
    faces = [dataclasses.replace(f, crop_sha256=twins.get(f.presentation, f.crop_sha256)) for f in FACES]
    with pytest.raises(ProtocolError) as caught:
        checked(faces, protocols.by_letters("oci_m"))
    assert "oci_m: 2 images stand on two sides" in str(caught.value)
    assert "oulu/train/1/ATTACK#0020 (train) has the pixels of msu/test/1/ATTACK#0020 (test)" in str(caught.value)
    assert checked(faces, protocols.by_letters("i_o"))  # which uses none of them twice


def test_the_same_image_twice_in_one_part_is_allowed() -> None:
    faces = [dataclasses.replace(f, crop_sha256="twin") if f.split == "train" else f for f in FACES]
    assert checked(faces, protocols.by_letters("oci_m"))


@pytest.mark.parametrize(
    ("dataset", "split", "label", "message"),
    [
        ("msu", "test", Label.BONA_FIDE, "MSU-MFSD has no bona fide faces in test"),
        ("casia", "test", Label.ATTACK, "CASIA-FASD has no attack faces in dev"),
        ("replay", "dev", Label.ATTACK, "Replay-Attack has no attack faces in dev"),
    ],
)
def test_a_part_with_one_label_is_an_error(dataset: str, split: str, label: Label, message: str) -> None:
    faces = [f for f in FACES if (f.dataset, f.split, f.label) != (dataset, split, label)]
    with pytest.raises(ProtocolError, match=message):
        checked(faces, protocols.by_letters("oci_m"))


def test_a_data_set_without_faces_is_named() -> None:
    without = [f for f in FACES if f.dataset != "replay"]
    with pytest.raises(ProtocolError, match="Replay-Attack has no train faces"):
        checked(without, protocols.by_letters("oci_m"))
    with pytest.raises(ProtocolError, match="Replay-Attack has no test faces"):
        checked(without, protocols.by_letters("mc_i"))


def write_project(sides: dict[str, dict[str, object]]) -> None:
    """Write the tables of `FACES`, and a jobs.yaml with these protocols."""
    for dataset in SPLITS:
        table.write(paths.faces(dataset), [row for row in FACES if row.dataset == dataset], Face)
    others = {
        "written": [],
        "derived": {},
        "joined": {},
        "captioned": [],
        "trainsets": {},
        "tunings": {},
        "jobs": {},
        "silver": {},
        "snapshot_jobs": {},
        "read_out_jobs": {},
        "two_stage_jobs": [],
        "sft_jobs": {},
        "grpo_jobs": {},
        "captioner_names": [],
        "caption_detectors": {},
        "skipped": [],
    }
    paths.JOBS.write_text(yaml.safe_dump({"splits": sides, **others}), encoding="utf-8")


def test_the_stage_writes_the_three_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_project({"c_mo": {"train": ["casia"], "test": ["msu", "oulu"]}})
    splits.main(["c_mo"])
    written = written_splits.read("c_mo")
    in_memory = split_faces(FACES, protocols.by_letters("c_mo"))
    assert [sorted(row.face_id for row in part) for part in (written.train, written.dev, written.test)] == [
        sorted(row.face_id for row in part) for part in (in_memory.train, in_memory.dev, in_memory.test)
    ]
    with pytest.raises(ConfigError, match="unknown protocol 'c_m'"):
        splits.main(["c_m"])


def test_the_stage_reads_what_a_protocol_selects_from_jobs_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    only = {"train": [{"subject": ["casia/train/2"]}]}
    write_project({"few": {"train": ["casia"], "test": ["oulu"], "test_on": "all", "only": only}})
    splits.main(["few"])
    written = written_splits.read("few")
    assert {row.subject for row in written.train} == {"casia/train/2"}
    assert {row.split for row in written.test} == {"train", "dev", "test"}


def test_the_stage_leaves_nothing_behind_where_a_check_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_project({"few": {"train": ["casia"], "test": ["oulu"], "only": {"test": [{"label": [1]}]}}})
    with pytest.raises(ProtocolError, match="OULU-NPU has no bona fide faces in test"):
        splits.main(["few"])
    assert not (paths.SPLITS / "few").exists()

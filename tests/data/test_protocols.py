from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import paths
from fasrepro.config import ConfigError, load
from fasrepro.data import protocols
from fasrepro.data import splits as written_splits
from fasrepro.data.protocols import Protocol, ProtocolError, Sides
from fasrepro.datasets import DATASETS
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.stages import splits
from tests.splits import split_faces

SPLITS = {
    "msu": ("train", "test"),
    "casia": ("train", "test"),
    "replay": ("train", "dev", "test"),
    "oulu": ("train", "dev", "test"),
}


def face(dataset: str, split: str, subject: int = 1) -> Face:
    presentation = f"{dataset}/{split}/{subject}"
    return Face(
        face_id=face_id(presentation, 20),
        dataset=dataset,
        split=split,
        subject=f"{dataset}/{split}/{subject}",
        presentation=presentation,
        frame=20,
        label=Label.BONA_FIDE,
        species="bona_fide",
        instrument="",
        camera=dataset,
        box=(0, 0, 9, 9),
        box_source="sidecar",
        crop="c.png",
        crop_sha256="",
    )


FACES = [face(dataset, split, n) for dataset, splits in SPLITS.items() for split in splits for n in (1, 2)]


def test_a_short_name_is_read_as_the_field_writes_it() -> None:
    assert protocols.by_letters("oci_m") == Protocol("oci_m", ("oulu", "casia", "replay"), ("msu",))
    assert protocols.by_letters("mi_c").test == ("casia",)
    assert protocols.by_letters("oci_mw").test == ("msu", "siw_mv2")
    assert protocols.by_letters("mcio_w") == Protocol("mcio_w", ("msu", "casia", "replay", "oulu"), ("siw_mv2",))


def test_a_declared_protocol_comes_before_its_letters() -> None:
    declared = {"oci_m": Sides(["oulu"], ["msu", "siw_mv2"]), "one_to_many": Sides(["casia"], ["msu", "oulu"])}
    assert protocols.resolve("oci_m", declared) == Protocol("oci_m", ("oulu",), ("msu", "siw_mv2"))
    assert protocols.resolve("one_to_many", declared).test == ("msu", "oulu")
    assert protocols.resolve("mi_c", declared) == protocols.by_letters("mi_c")


def test_learning_rates_are_chosen_on_people_whom_no_protocol_tests() -> None:
    sources = protocols.by_letters(load("tuning").tuning.protocol).train
    assert [SPLITS[dataset] for dataset in sources] == [("train", "dev", "test")] * len(sources)


@pytest.mark.parametrize("name", ["", "oci", "oci_", "_m", "ocx_m", "oci_x", "OCI_M"])
def test_an_unknown_name_lists_the_letters(name: str) -> None:
    with pytest.raises(ProtocolError, match="m \\(MSU-MFSD\\)"):
        protocols.resolve(name, {})


@pytest.mark.parametrize("name", ["oco_m", "oci_o", "oci_mm"])
def test_a_target_is_no_source(name: str) -> None:
    with pytest.raises(ProtocolError, match="stands twice"):
        protocols.resolve(name, {})


def test_a_declared_protocol_that_cannot_be_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"protocols\.p: unknown data set 'msv'\. Did you mean 'msu'"):
        protocols.resolve("p", {"p": Sides(["msv"], ["casia"])})
    with pytest.raises(ProtocolError, match="at least one data set to train on and one to test on"):
        protocols.resolve("p", {"p": Sides(["msu"], [])})


def test_a_cell_has_the_letters_of_its_sources_and_its_target() -> None:
    protocol = Protocol("any", ("oulu", "casia", "replay"), ("msu", "siw_mv2"))
    assert [protocols.cell_name(protocol, target) for target in protocol.test] == ["oci_m", "oci_w"]


def test_a_cell_without_letters_names_protocol_and_target(monkeypatch: pytest.MonkeyPatch) -> None:
    unlettered = dataclasses.replace(DATASETS["siw_mv2"], letter="")
    monkeypatch.setitem(DATASETS, "siw_mv2", unlettered)
    assert protocols.cell_name(Protocol("one_to_two", ("siw_mv2",), ("msu", "oulu")), "oulu") == "one_to_two/oulu"


def test_dev_is_the_official_one_or_else_the_sources_test_subjects() -> None:
    split = split_faces(FACES, protocols.by_letters("oci_m"))
    assert {(f.dataset, f.split) for f in split.train} == {("oulu", "train"), ("casia", "train"), ("replay", "train")}
    assert {(f.dataset, f.split) for f in split.dev} == {("oulu", "dev"), ("casia", "test"), ("replay", "dev")}
    assert {(f.dataset, f.split) for f in split.test} == {("msu", "test")}


def test_a_split_holds_the_faces_of_every_target() -> None:
    split = split_faces(FACES, protocols.by_letters("c_mo"))
    assert {face.dataset for face in split.test} == {"msu", "oulu"}
    assert {face.dataset for face in split.of_target("oulu")} == {"oulu"}


@given(st.permutations("mcio"), st.integers(1, 3))
def test_no_subject_is_ever_in_two_parts(letters: list[str], sources: int) -> None:
    protocol = protocols.by_letters("".join(letters[:sources]) + "_" + "".join(letters[sources:]))
    split = split_faces(FACES, protocol)
    subjects = [{f.subject for f in part} for part in (split.train, split.dev, split.test)]
    assert all(subjects)
    assert sum(map(len, subjects)) == len(set.union(*subjects))
    assert {f.dataset for f in split.train + split.dev} == set(protocol.train)


def test_a_subject_in_two_parts_is_an_error() -> None:
    leak = dataclasses.replace(face("casia", "test", 3), subject="casia/train/1")
    with pytest.raises(ProtocolError, match="casia/train/1 stands in train and in dev"):
        split_faces([*FACES, leak], protocols.by_letters("oci_m"))


def test_a_data_set_without_faces_is_named() -> None:
    without = [f for f in FACES if f.dataset != "replay"]
    with pytest.raises(ProtocolError, match="Replay-Attack has no train faces"):
        split_faces(without, protocols.by_letters("oci_m"))
    with pytest.raises(ProtocolError, match="Replay-Attack has no test faces"):
        split_faces(without, protocols.by_letters("mc_i"))


def test_what_is_absent_is_left_out_with_a_notice() -> None:
    protocol = protocols.by_letters("oci_mw")
    assert protocols.without_absent(protocol, ["oulu", "casia", "replay", "msu", "siw_mv2"]) == (protocol, "")
    rest, notice = protocols.without_absent(protocol, ["oulu", "casia", "replay", "msu"])
    assert rest is not None and rest.test == ("msu",)
    assert notice == "protocol oci_mw is not tested on SiW-Mv2, which is absent"
    assert protocols.without_absent(protocol, ["oulu", "msu"]) == (
        None,
        "protocol oci_mw is skipped: CASIA-FASD, Replay-Attack is absent",
    )
    assert protocols.without_absent(protocol, ["oulu", "casia", "replay"])[0] is None


def test_the_stage_writes_the_three_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for dataset in SPLITS:
        table.write(paths.faces(dataset), [row for row in FACES if row.dataset == dataset], Face)
    kept = {"written": [], "derived": {}, "trainsets": {}, "tunings": {}, "jobs": {}, "snapshot_jobs": {}, "skipped": []}
    content = {"splits": {"c_mo": {"train": ["casia"], "test": ["msu", "oulu"]}}, **kept}
    paths.JOBS.write_text(yaml.safe_dump(content), encoding="utf-8")
    splits.main(["c_mo"])
    written = written_splits.read("c_mo")
    in_memory = split_faces(FACES, protocols.by_letters("c_mo"))
    assert [sorted(row.face_id for row in part) for part in (written.train, written.dev, written.test)] == [
        sorted(row.face_id for row in part) for part in (in_memory.train, in_memory.dev, in_memory.test)
    ]
    with pytest.raises(ConfigError, match="unknown protocol 'c_m'"):
        splits.main(["c_m"])

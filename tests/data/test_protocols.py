from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import protocols
from fasrepro.rows.faces import Face, Label, face_id

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


def test_names_are_read_as_the_field_writes_them() -> None:
    assert protocols.protocol("oci_m") == protocols.Protocol("oci_m", ("oulu", "casia", "replay"), "msu")
    assert protocols.protocol("mi_c").target == "casia"
    assert protocols.protocol("mcio_w") == protocols.Protocol("mcio_w", ("msu", "casia", "replay", "oulu"), "siw")


@pytest.mark.parametrize("name", ["", "oci", "oci_", "_m", "oci_mc", "ocx_m", "oci_x", "OCI_M"])
def test_names_that_are_none_list_the_letters(name: str) -> None:
    with pytest.raises(protocols.ProtocolError, match="m \\(MSU-MFSD\\)"):
        protocols.protocol(name)


@pytest.mark.parametrize("name", ["oco_m", "oci_o"])
def test_a_target_is_no_source(name: str) -> None:
    with pytest.raises(protocols.ProtocolError, match="stands twice"):
        protocols.protocol(name)


def test_dev_is_the_official_one_or_else_the_sources_test_subjects() -> None:
    split = protocols.split_faces(FACES, protocols.protocol("oci_m"))
    assert {(f.dataset, f.split) for f in split.train} == {("oulu", "train"), ("casia", "train"), ("replay", "train")}
    assert {(f.dataset, f.split) for f in split.dev} == {("oulu", "dev"), ("casia", "test"), ("replay", "dev")}
    assert {(f.dataset, f.split) for f in split.test} == {("msu", "test")}


@given(st.permutations("mcio"), st.integers(1, 3))
def test_no_subject_is_ever_on_two_sides(letters: list[str], sources: int) -> None:
    protocol = protocols.protocol("".join(letters[:sources]) + "_" + letters[3])
    split = protocols.split_faces(FACES, protocol)
    sides = [{f.subject for f in part} for part in (split.train, split.dev, split.test)]
    assert all(sides)
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert {f.dataset for f in split.train + split.dev} == set(protocol.sources)


def test_a_subject_on_two_sides_is_an_error() -> None:
    leak = dataclasses.replace(face("casia", "test", 3), subject="casia/train/1")
    with pytest.raises(protocols.ProtocolError, match="casia/train/1 stands in train and in dev"):
        protocols.split_faces([*FACES, leak], protocols.protocol("oci_m"))


def test_a_data_set_that_is_missing_is_named() -> None:
    without = [f for f in FACES if f.dataset != "replay"]
    with pytest.raises(protocols.ProtocolError, match="Replay-Attack has no train faces"):
        protocols.split_faces(without, protocols.protocol("oci_m"))
    with pytest.raises(protocols.ProtocolError, match="Replay-Attack has no test faces"):
        protocols.split_faces(without, protocols.protocol("mc_i"))

from __future__ import annotations

import dataclasses

import pytest
import yaml

from fasrepro import schema
from fasrepro.config import load
from fasrepro.data import protocols, published_protocols
from fasrepro.data.protocols import Protocol, ProtocolError, Sides
from fasrepro.datasets import DATASETS

SPLITS = {
    "msu": ("train", "test"),
    "casia": ("train", "test"),
    "replay": ("train", "dev", "test"),
    "oulu": ("train", "dev", "test"),
}


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
    with pytest.raises(ProtocolError, match="stands twice"):
        protocols.resolve("p", {"p": Sides(["msu", "oulu"], ["msu", "oulu"])})


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        (Sides(["msu"], ["oulu"], test_on="al"), r"protocols\.p\.test_on: unknown choice 'al'\. Did you mean 'all'"),
        (Sides(["oulu"], ["oulu"], test_on="all"), r"protocols\.p\.test_on: all people of a data set cannot be tested"),
        (Sides(["msu"], ["oulu"], only={"tests": []}), r"protocols\.p\.only: unknown part 'tests'\. Did you mean 'test'"),
        (Sides(["msu"], ["oulu"], only={"test": [{"session": 1}]}), r"only\.test: session: expected values, .* found 1"),
        (Sides(["msu"], ["oulu"], only={"test": [{"session": []}]}), r"only\.test: session: expected values, .* found \[\]"),
        (Sides(["msu"], ["oulu"], only={"test": [{"session": {"no": [1]}}]}), r"expected values, .* found \{'no': \[1\]\}"),
        (Sides(["msu"], ["oulu"], only={"test": [{"session": [1.5]}]}), r"expected values, .* found \[1\.5\]"),
    ],
)
def test_what_a_protocol_says_of_its_parts_is_read_before_anything_runs(sides: Sides, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        protocols.resolve("p", {"p": sides})


def test_a_protocol_within_a_data_set_is_declared_and_has_its_own_name() -> None:
    protocol = protocols.resolve("p", {"p": Sides(["oulu"], ["oulu"])})
    assert protocol.within
    assert protocols.cell_name(protocol, "oulu") == "p"
    with pytest.raises(ProtocolError, match="stands twice"):
        protocols.resolve("o_o", {})


def test_letters_stand_for_official_splits_alone() -> None:
    selected = Protocol("p", ("oulu",), ("msu",), only={"train": [{"session": [1]}]})
    assert protocols.cell_name(selected, "msu") == "p/msu"
    assert protocols.cell_name(Protocol("p", ("oulu",), ("msu",), test_on="all"), "msu") == "p/msu"
    assert protocols.cell_name(Protocol("p", ("oulu",), ("msu",)), "msu") == "o_m"


@pytest.mark.parametrize("name", ["oci_m", "oulu_4_1", "one_to_eleven"])
def test_what_jobs_yaml_keeps_of_a_protocol_is_the_whole_of_it(name: str) -> None:
    protocol = protocols.resolve(name, published_protocols.declared({}))
    content = yaml.safe_load(yaml.safe_dump(schema.plain(protocols.to_sides(protocol))))
    assert protocols.from_sides(name, schema.build(Sides, content, "jobs.yaml")) == protocol
    assert (name != "oci_m") or content == {"train": ["oulu", "casia", "replay"], "test": ["msu"]}


def test_a_cell_has_the_letters_of_its_sources_and_its_target() -> None:
    protocol = Protocol("any", ("oulu", "casia", "replay"), ("msu", "siw_mv2"))
    assert [protocols.cell_name(protocol, target) for target in protocol.test] == ["oci_m", "oci_w"]


def test_a_cell_without_letters_names_protocol_and_target(monkeypatch: pytest.MonkeyPatch) -> None:
    unlettered = dataclasses.replace(DATASETS["siw_mv2"], letter="")
    monkeypatch.setitem(DATASETS, "siw_mv2", unlettered)
    assert protocols.cell_name(Protocol("one_to_two", ("siw_mv2",), ("msu", "oulu")), "oulu") == "one_to_two/oulu"


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

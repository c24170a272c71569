from __future__ import annotations

import pytest

from fasrepro.data import protocols, published_protocols
from fasrepro.data.protocols import ProtocolError, Sides
from fasrepro.datasets import DATASETS

ELEVEN = ["casia", "surf_3dmask", "hkbu", "hifimask", "msu", "oulu", "replay", "rose_youtu", "siw", "siw_mv2", "wmca"]


@pytest.mark.parametrize("name", published_protocols.published())
def test_a_published_protocol_resolves(name: str) -> None:
    protocol = protocols.resolve(name, published_protocols.declared({}))
    assert protocol.within == (len(protocol.test) == 1)
    assert {*protocol.train, *protocol.test} <= set(DATASETS)


@pytest.mark.parametrize(("name", "sources"), [("one_to_eleven", ("celeba_spoof",)), ("two_to_eleven", ("celeba_spoof", "wfas"))])
def test_paper_2_tests_all_people_of_eleven_targets(name: str, sources: tuple[str, ...]) -> None:
    protocol = protocols.resolve(name, published_protocols.declared({}))
    assert protocol.train == sources
    assert sorted(protocol.test) == sorted(ELEVEN)
    assert protocol.test_on == "all"
    assert protocols.cell_name(protocol, "oulu") == f"{name}/oulu"


def test_a_protocol_of_params_yaml_wins_over_a_published_one() -> None:
    own = {"oulu_1": Sides(["oulu"], ["msu"])}
    assert protocols.resolve("oulu_1", published_protocols.declared(own)).test == ("msu",)
    assert published_protocols.published()["oulu_1"].test == ["oulu"]


def test_a_name_that_is_nearly_a_published_one_is_told() -> None:
    with pytest.raises(ProtocolError, match=r"'oulu_4' is not declared .* Did you mean 'oulu_4_\d'\?"):
        protocols.resolve("oulu_4", published_protocols.declared({}))

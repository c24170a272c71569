from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from fasrepro.evaluation.analyses import verdict_agreement
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label

A, B, U = Verdict.ATTACK, Verdict.BONA_FIDE, Verdict.UNDECIDED
LABELS = (1, 1, 1, 0, 0, 0)


def face(number: int) -> Face:
    name, label = f"msu/{number}", Label(LABELS[number])
    species = "print" if label else "bona_fide"
    return Face(
        f"{name}#0004", "msu", "test", f"msu/{number % 3}", name, 4, label, species, "", "", (0, 0, 9, 9), "sidecar", "", ""
    )


def read(
    verdicts: dict[str, list[Verdict | None]], decided: tuple[int, ...] = LABELS, unparsed: int = 0
) -> verdict_agreement.Read:
    faces = [face(number) for number in range(6)]
    given = {
        channel: {f.face_id: verdict for f, verdict in zip(faces, values, strict=True) if verdict}
        for channel, values in verdicts.items()
    }
    return verdict_agreement.gather(
        faces[::-1],
        given,
        {f.face_id: bool(value) for f, value in zip(faces, decided, strict=True)},
        {f.face_id: number < unparsed for number, f in enumerate(faces)},
    )


def test_by_hand() -> None:
    one = read({"lexical": [A, A, B, B, B, U], "lexical_cut": [A, U, U, B, U, U], "api": [A, None, B, B, None, A]}, unparsed=3)
    two = read({"lexical": [A, A, A, B, B, B], "lexical_cut": [A, A, A, B, B, B], "api": [A, None, A, B, None, B]})
    found = verdict_agreement.summarise({0: one, 1: two}, "lexical", "msu", "oci_m", 50, 0.95, 1)
    value = {name: {k: v["value"] for k, v in cell.items() if k != "read"} for name, cell in found["channels"].items()}
    # Seed 0: attacks 2 of 3 right, bona fide 2 of 3, one undecided of six; the head is right everywhere, so of the five decided
    # verdicts one differs. Seed 1: all right.
    assert value["lexical"] == pytest.approx(
        {"accuracy": (4 / 6 + 1) / 2, "hter": (1 / 3 + 0) / 2, "undecided": (1 / 6) / 2, "disagreement": (1 / 5) / 2}
    )
    assert value["lexical_cut"]["undecided"] == pytest.approx((4 / 6) / 2)
    # The api reads four: in seed 0 A B B A against A B B U, observed 3/4, chance (1*2 + 2*2) / 16.
    assert value["api"]["kappa"] == pytest.approx(((3 / 4 - 6 / 16) / (1 - 6 / 16) + 1) / 2)
    assert value["api"]["accuracy"] == pytest.approx((2 / 4 + 1) / 2)
    assert found["channels"]["api"]["read"] == 4
    assert value["api"]["disagreement"] == pytest.approx((2 / 4 + 0) / 2)  # of every reader, so that a notebook may take any
    assert "kappa" not in value["lexical"]
    assert found["unparsed"] == pytest.approx(0.25)
    assert found["counts"] == {"explanations": 6, "subjects": 3, "seeds": 2}
    low, high = found["channels"]["lexical"]["accuracy"]["low"], found["channels"]["lexical"]["accuracy"]["high"]
    assert low <= (4 / 6 + 1) / 2 <= high


def test_kappa_is_of_what_both_read_whichever_reader_is_the_first() -> None:
    one = read({"lexical": [A, A, B, B, B, U], "api": [A, None, B, B, None, B]})
    kappas = {}
    for first, other in (("lexical", "api"), ("api", "lexical")):
        found = verdict_agreement.summarise({0: one}, first, "msu", "oci_m", 50, 0.95, 1)
        kappas[first] = found["channels"][other]["kappa"]["value"]
    # A B B U against A B B B: observed 3/4, chance (1*1 + 2*3) / 16
    assert kappas == {"lexical": pytest.approx((3 / 4 - 7 / 16) / (1 - 7 / 16)), "api": pytest.approx(kappas["lexical"])}
    apart = read({"lexical": [A, None, None, B, None, None], "api": [None, A, B, None, B, A]})
    assert (
        verdict_agreement.summarise({0: apart}, "api", "msu", "oci_m", 50, 0.95, 1)["channels"]["lexical"]["kappa"]["value"]
        is None
    )


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1])), min_size=2, max_size=30))
def test_kappa_is_scikit_learn_s(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    ours = verdict_agreement.kappa(first, second, np.ones((1, len(pairs))))[0]
    if len(set(first) | set(second)) == 1:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second))
    twice = verdict_agreement.kappa(first, second, np.full((1, len(pairs)), 2.0))[0]
    assert twice == pytest.approx(ours, nan_ok=True)


def test_what_cannot_be_told_is_none_and_what_does_not_fit_is_named() -> None:
    one_label = read({"lexical": [A, A, A, None, None, None]})
    assert verdict_agreement.summarise({0: one_label}, "lexical", "msu", "oci_m", 10, 0.95, 1)["channels"] == {}
    undecided = read({"lexical": [U] * 6})
    cell = verdict_agreement.summarise({0: undecided}, "lexical", "msu", "oci_m", 10, 0.95, 1)["channels"]["lexical"]
    assert cell["disagreement"]["value"] is None
    assert cell["accuracy"]["value"] == 0.0
    other = verdict_agreement.gather([face(0)], {}, {face(0).face_id: True}, None)
    with pytest.raises(MetricError, match="seed 1 explains other faces than seed 0"):
        verdict_agreement.summarise({0: undecided, 1: other}, "lexical", "msu", "oci_m", 10, 0.95, 1)

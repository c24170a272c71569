"""Whose faces are read, and which chains are forced on which images."""

from __future__ import annotations

import pytest

from fasrepro.evaluation.analyses import read_outs
from fasrepro.rows.faces import Face, Label
from tests.faces import face

SPECIES = ("bona_fide", "print")


def faces() -> list[Face]:
    """Return four subjects, each with a bona fide face and an attack."""
    return [
        face(f"msu/v{subject}{species}", species, 20, subject=f"msu/s{subject}") for subject in range(4) for species in SPECIES
    ]


def test_the_first_frame_stands_for_a_presentation() -> None:
    frames = [face("msu/v", "print", frame) for frame in (110, 9, 20)]
    assert [one.frame for one in read_outs.one_a_presentation(frames)] == [9]


def test_labels_of_data_sets_have_as_many_dev_faces_whatever_their_order() -> None:
    dev = [
        *faces(),
        *(face(f"casia/{number}{species}", species) for number in range(9) for species in ("bona_fide", "print", "cut_photo")),
    ]
    chosen = read_outs.balanced(dev, 8)
    counts = {(dataset, label): 0 for dataset in ("msu", "casia") for label in Label}
    for one in chosen:
        counts[one.dataset, one.label] += 1
    assert set(counts.values()) == {2}
    assert read_outs.balanced(dev[::-1], 8) == chosen
    with pytest.raises(ValueError, match=r"read_outs\.dev_faces: 3 faces for 4 labels of data sets; raise it"):
        read_outs.balanced(dev, 3)


def test_each_image_gets_a_chain_of_each_label_of_another_subject() -> None:
    pairs = read_outs.force_chains(faces())
    assert len(pairs) == 16
    assert all(pair.image.subject != pair.donor.subject for pair in pairs)
    assert {pair.cell for pair in pairs} == {(image, chain) for image in Label for chain in Label}


def test_forced_chains_do_not_depend_on_the_order_of_faces() -> None:
    assert read_outs.force_chains(faces()) == read_outs.force_chains(faces()[::-1])


def test_no_chain_is_forced_where_all_faces_are_of_one_subject() -> None:
    assert read_outs.force_chains(faces()[:2]) == []

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fasrepro import archives
from fasrepro.data import attributes
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from tests.data.test_partition import faces_of

SIZES: dict[str, dict[str, Any]] = {
    "msu": {"train": 1, "test": 1},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 1, "test": 1},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 2, "sessions": 3},
    "siw_mv2": {"share": 0.02},
    "siw": {"train": 1, "test": 1},
    "wmca": {"share": 0.02},
    "wfas": {"living": 2, "per_type": 1, "images": 1},
}


@pytest.mark.parametrize("dataset", SIZES)
def test_every_field_of_an_official_name_is_an_attribute_of_its_faces(dataset: str) -> None:
    shown = archives.plan(dataset, SIZES[dataset])
    faces = table.from_rows(faces_of(shown), Face)
    names = [archives.archive(dataset).parse_name(one.path) for one in shown]
    fields = {field.name for field in dataclasses.fields(names[0])} - set(faces.column_names) - {"suffix"}
    assert fields
    for field in fields:
        value = getattr(names[0], field)
        expected = [getattr(name, field) == value for name in names]
        assert attributes.meets(faces, field, [value], "p").tolist() == expected
        assert attributes.meets(faces, field, {"not": [value]}, "p").tolist() == [not one for one in expected]


def test_a_range_stands_for_its_numbers_and_for_itself() -> None:
    faces = table.from_rows(faces_of(archives.plan("oulu", SIZES["oulu"])), Face)
    assert attributes.meets(faces, "user", ["1-30"], "p").tolist() == attributes.meets(faces, "user", {"not": [36]}, "p").tolist()
    assert not attributes.meets(faces, "split", ["1-30"], "p").any()


def test_a_bona_fide_video_of_siw_with_two_suffixes_has_its_attributes() -> None:
    siw = archives.archive("siw")
    shown = siw.presentation(siw.parse_name("Test/live/153/153-2-1-1-1.m.mov"))
    faces = table.from_rows(faces_of([shown]), Face)
    assert attributes.meets(faces, "sensor", [2], "p").tolist() == [True]

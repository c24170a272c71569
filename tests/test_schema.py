"""Values become the dataclasses that declare their shape, and back; what does not fit is named."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fasrepro import schema


@dataclasses.dataclass(frozen=True)
class Inner:
    share: float
    missing: int | None = None


@dataclasses.dataclass(frozen=True)
class Outer:
    by_seed: dict[int, Inner]
    names: list[str]
    box: tuple[int, ...] = ()
    more: dict[str, Any] = dataclasses.field(default_factory=dict)


VALUE = {"by_seed": {"7": {"share": 1}, "8": {"share": 0.5, "missing": 3}}, "names": ["a"], "box": [1, 2]}
OUTER = Outer({7: Inner(1.0), 8: Inner(0.5, 3)}, ["a"], (1, 2))


def test_a_value_becomes_its_dataclass_and_back() -> None:
    assert schema.build(Outer, VALUE, "here") == OUTER
    assert schema.build(Outer, schema.plain(OUTER), "here") == OUTER
    assert isinstance(schema.build(Outer, VALUE, "here").by_seed[7].share, float)


def test_fields_with_their_default_are_omitted() -> None:
    assert schema.plain(Outer({7: Inner(1.0)}, [])) == {"by_seed": {"7": {"share": 1.0}}, "names": []}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nams": []}, "here: unknown key 'nams'. Did you mean 'names'"),
        ({"names": None}, "here.names: expected list"),
        ({"names": ["a", 3]}, r"here.names\[1\]: expected str, found 3"),
        ({"by_seed": {"x": {"share": 1}}}, "here.by_seed: expected a whole number as key, found 'x'"),
        ({"by_seed": {"7": {}}}, "here.by_seed.7: missing share"),
        ({"by_seed": {"7": {"share": "1"}}}, "here.by_seed.7.share: expected float, found '1'"),
        ({"by_seed": {"7": {"share": 1, "missing": True}}}, "here.by_seed.7.missing: expected int, found True"),
        ({"by_seed": {"7": 3}}, "here.by_seed.7: expected keys and values, found 3"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(schema.SchemaError, match=message):
        schema.build(Outer, VALUE | change, "here")


class OwnError(ValueError):
    pass


def test_callers_choose_the_exception() -> None:
    with pytest.raises(OwnError, match=r"params\.yaml\.share: expected float, found 'x'"):
        schema.build(Inner, {"share": "x"}, "params.yaml", OwnError)

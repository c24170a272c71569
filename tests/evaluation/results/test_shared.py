"""Every results file is read as it was written, and refused where it does not fit."""

from __future__ import annotations

import dataclasses
import itertools
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fasrepro import files, schema
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Cell, Figure
from tests import layout


def example(kind: Any, numbers: Iterator[int]) -> Any:
    """Return a value of a type; no two of its numbers and texts are alike, and no field has its default."""
    if dataclasses.is_dataclass(kind):
        return kind(**{name: example(field, numbers) for name, field in schema.field_types(kind).items()})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return example(arguments[0], numbers)
    if origin is dict:
        return {example(arguments[0], numbers): example(arguments[1], numbers) for _ in range(2)}
    if origin is list:
        return [example(arguments[0], numbers) for _ in range(2)]
    number = next(numbers)
    return {int: number, float: number / 8, str: f"text {number}", bool: bool(number % 2)}[kind]


@pytest.mark.parametrize("kind", results.FILES, ids=lambda kind: kind.__name__)
def test_a_file_is_read_as_it_was_written(kind: type, tmp_path: Path) -> None:
    contents = example(kind, itertools.count(1))
    results.write(tmp_path / "x.json", contents, 3)
    assert results.read(tmp_path / "x.json", kind) == contents
    first = (tmp_path / "x.json").read_bytes()
    results.write(tmp_path / "x.json", results.read(tmp_path / "x.json", kind), 3)
    assert (tmp_path / "x.json").read_bytes() == first


def test_floats_are_rounded_and_keys_sorted(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    results.write(path, {"b": Figure(0.123456, None, -0.00001), "a": 1}, 4)
    assert path.read_text() == '{\n "a": 1,\n "b": {\n  "high": 0.0,\n  "low": null,\n  "value": 0.1235\n }\n}\n'


@pytest.mark.parametrize(
    ("kind", "contents", "message"),
    [
        (results.Metrics, {"jobs": {}}, r"metrics\.json: unknown key 'jobs'.* run `dvc repro evaluate`"),
        (results.Metrics, {"cells": {"a-b": {}}, "paired": [], "means": [], "settings": {}},
         r"metrics\.json\.cells\.a-b: missing protocol, run, target, cell, seeds, mean; run `dvc repro evaluate`"),
        (results.Unseen, {"run": "a", "baseline": 3, "targets": {}},
         r"unseen\.json\.baseline: expected str, found 3; run `dvc repro unseen`"),
        (results.VerdictAgreement, [], r"verdict_agreement\.json: expected keys .* `dvc repro verdict_agreement`"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_named_with_its_key_and_remedy(
    kind: type, contents: Any, message: str, tmp_path: Path
) -> None:
    stem = {results.Metrics: "metrics", results.Unseen: "unseen", results.VerdictAgreement: "verdict_agreement"}[kind]
    files.write_json(tmp_path / f"{stem}.json", contents)
    with pytest.raises(ValueError, match=message):
        results.read(tmp_path / f"{stem}.json", kind)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"metrics\.json: no such file"):
        results.read(tmp_path / "metrics.json", results.Metrics)


def test_a_cell_names_its_entry() -> None:
    cell = Cell("oci_m", "vanilla", "siw_mv2", "oci_w")
    assert cell.key == results.key("oci_w", "vanilla") == "oci_w-vanilla"
    assert Cell(**cell.names) == cell.place == cell


def test_the_contract_imports_neither_torch_nor_numpy() -> None:
    modules = layout.closure("fasrepro.evaluation.results")
    imports = {name.split(".")[0] for module in modules for name in layout.imported(module)}
    assert not imports & {"torch", "transformers", "numpy", "pandas"}

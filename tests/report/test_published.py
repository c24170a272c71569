"""Published numbers: what the file holds, what it must not hold, and what the schema refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro.report import published

# HTERs that are known to be wrong where they were read (they contradict their own column's mean): never to be printed.
WRONG = {69.34, 80.73}

ENTRY = {
    "source": "paper",
    "where": "Table 1",
    "setting": "mean",
    "method": "m",
    "metric": "hter",
    "unit": "percent",
    "value": 12.5,
    "evidence": "2",
    "note": "",
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "published.yaml"
    path.write_text(yaml.safe_dump({"sources": {"paper": "A paper"}, "figures": {"one": {**ENTRY, **changes}}}))
    return path


def test_the_file_is_sound_and_every_figure_of_paper_1_is_second_hand() -> None:
    figures = published.load()
    of_paper_1 = [figure for name, figure in figures.items() if name.startswith("p1_")]
    assert of_paper_1
    assert {figure.evidence for figure in of_paper_1} == {"2"}
    assert figures["p1_loo_vanilla_hter"].shown == "0.19 [2]"
    assert figures["p1_loo_mixed_hter"].share == 0.16
    assert not WRONG & {figure.value for figure in figures.values()}
    assert not any("ViTAF" in figure.method for figure in figures.values())


def test_a_figure_is_read_with_its_unit_and_mark(tmp_path: Path) -> None:
    figure = published.load(written(tmp_path))["one"]
    assert (figure.source, figure.share, figure.shown) == ("A paper", 0.125, "12.50 % [2]")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evidence": "hearsay"}, "figures.one: evidence 'hearsay' is none of V, 2, D"),
        ({"source": "nobody"}, "source 'nobody' is none of paper"),
        ({"unit": "share"}, "value 12.5 is not a share between 0 and 1"),
        ({"value": "12.5"}, "is not a percent"),
        ({"page": 3}, "must have exactly the keys"),
    ],
)
def test_what_breaks_the_schema_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(published.PublishedError, match=message):
        published.load(written(tmp_path, **changes))


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "published.yaml"
    path.write_text("sources: [")
    with pytest.raises(published.PublishedError, match=r"published.yaml: not readable"):
        published.load(path)

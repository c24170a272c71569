"""The fragments: right numbers in right cells, text escaped, nothing where there is nothing."""

from __future__ import annotations

import copy
import html
from pathlib import Path
from types import SimpleNamespace

import pytest

from fasrepro.report import claims, ledger, published, tables

EMPTY = {
    "jobs": {},
    "paired": [],
    "settings": {
        "evaluation": {"replicates": 10, "confidence": 0.95, "seed": 0, "digits": 6},
        "ledger": {"metric": "hter_dev", "margin": 0.0, "min_seeds": 1, "min_subjects": 1},
    },
}


def cells(table: str) -> list[list[str]]:
    """Return the texts of a pipe table's cells, headings first."""
    lines = [line for line in table.splitlines() if line.startswith("|") and "---" not in line]
    return [[html.unescape(cell.strip()).replace("\xa0", " ") for cell in line.strip("|").split("|")] for line in lines]


def test_figures() -> None:
    assert tables.interval({"value": 0.12345, "low": 0.1, "high": 0.2}) == "0.123 [0.100, 0.200]"
    assert (
        tables.interval({"difference": -0.05, "low": -0.1, "high": 0.02}, "difference", signed=True) == "-0.050 [-0.100, +0.020]"
    )
    assert tables.interval({"value": 0.5, "low": None, "high": None}) == "0.500"
    assert tables.interval({"value": None, "low": None, "high": None}) == "–"


def test_results_stand_under_their_heading(world: SimpleNamespace) -> None:
    heading, *rows = cells(tables.results(world.metrics, "video"))
    assert len(rows) == 6
    for row in rows:
        named = dict(zip(heading, row, strict=True))
        cell = world.metrics["jobs"][f"{named['protocol']}-{named['run']}"]["mean"]["video"]
        assert named["AUC"] == tables.interval(cell["auc"])
        assert named["HTER, dev threshold"] == tables.interval(cell["hter_dev"])
        assert named["HTER, oracle threshold (chosen on the target)"] == tables.interval(cell["hter_oracle"])


def test_tables_keep_the_order_of_the_runs(world: SimpleNamespace) -> None:
    metrics = tables.in_order(world.metrics, ["vanilla", "reasoning", "label_only"])
    rows = cells(tables.results(metrics, "video"))[1:]
    assert [row[1] for row in rows] == ["vanilla", "reasoning", "label_only"] * 2
    pairs = [row[:2] for row in cells(tables.paired(metrics))[1:]]
    assert ["oci_m", "label_only − vanilla"] in pairs  # the later minus the earlier, and not the other way round too
    assert ["oci_m", "vanilla − label_only"] not in pairs
    assert [scope for scope, _ in pairs][:3] == ["oci_m", "ocm_i", "mean of oci_m, ocm_i"]


def test_a_species_that_a_target_lacks_is_a_dash(world: SimpleNamespace) -> None:
    heading, *rows = cells(tables.species(world.metrics))
    assert heading[2:] == ["print", "replay photo", "replay video"]
    assert all((row[3] == "–") == (row[0] == "oci_m") for row in rows)  # MSU has no photo replays


def test_paired_differences_stand_under_their_heading(world: SimpleNamespace) -> None:
    heading, *rows = cells(tables.paired(tables.in_order(world.metrics, ["label_only", "vanilla", "reasoning"])))
    (stored,) = [
        row
        for row in world.metrics["paired"]
        if (row["protocol"], row["run"], row["baseline"], row["metric"], row["level"])
        == ("oci_m", "vanilla", "reasoning", "auc", "video")
    ]
    wanted = {"difference": -stored["difference"], "low": -stored["high"], "high": -stored["low"]}
    (found,) = [row for row in rows if row[:2] == ["oci_m", "reasoning − vanilla"]]
    assert found[heading.index("AUC")] == tables.interval(wanted, "difference", signed=True)
    assert any(row[0] == "mean of oci_m, ocm_i" for row in rows)


def test_what_a_person_named_is_shown_letter_by_letter(world: SimpleNamespace) -> None:
    metrics = copy.deepcopy(world.metrics)
    metrics["jobs"]["oci_m-vanilla"]["run"] = "<b>a|b</b> {{x}} `code`"
    text = tables.results(metrics, "video")
    assert not any(raw in text for raw in ("<b>", "a|b", "{{", "`"))
    assert any(row[1] == "<b>a|b</b> {{x}} `code`" for row in cells(text))


def test_the_ledger_says_each_claim_once(world: SimpleNamespace) -> None:
    rows = ledger.rows({"metrics": world.metrics, "grounding": {}}, published.load(), True, ["lexical"])
    printed = cells(tables.ledger(rows))[1:]
    assert [row[0] for row in printed] == [row.claim.id for row in rows]
    assert [row[7] for row in printed] == [row.verdict for row in rows]
    assert [row[1] for row in printed if row[1]] == [claim.text for claim in claims.CLAIMS]


def test_the_ledger_in_short_has_each_claim_once_with_its_mean(world: SimpleNamespace) -> None:
    rows = ledger.rows({"metrics": world.metrics, "grounding": {}}, published.load(), True, ["lexical"])
    short = cells(tables.ledger_in_short(rows))[1:]
    assert [row[0] for row in short] == [claim.id for claim in claims.CLAIMS]
    (mean,) = [row for row in rows if row.claim.id == "P1-1" and row.scope.startswith("mean of")]
    assert short[0][3].startswith(f"{mean.difference:+.3f}")
    assert (short[0][2], short[0][4]) == ("HTER, dev threshold (head)", mean.verdict)
    one = [row for row in rows if row.claim.id == "P1-1" and row is not mean]
    (told,) = cells(tables.ledger_in_short(one))[1:]
    assert f"of {len(one)} protocols" in told[4]


def test_every_published_figure_is_printed_with_its_mark() -> None:
    figures = published.load()
    rows = cells(tables.published(figures))[1:]
    assert len(rows) == len(figures)
    assert all(row[5].endswith(("[V]", "[2]", "[D]")) for row in rows)


def test_without_results_the_pages_say_so(tmp_path: Path) -> None:
    figures = published.load()
    made = tables.write_tables(
        EMPTY, figures, ledger.rows({"metrics": EMPTY, "grounding": {}}, figures, True, ["lexical"]), tmp_path, synthetic=True
    )
    texts = {path.stem: path.read_text() for path in made}
    assert texts["results_table"] == texts["readers_table"] == texts["paired_table"] == tables.NOTHING
    assert "not run" in texts["ledger_table"]


def test_the_same_bytes_again(world: SimpleNamespace, tmp_path: Path) -> None:
    figures = published.load()
    rows = ledger.rows({"metrics": world.metrics, "grounding": {}}, figures, True, ["lexical"])
    first, again = (tables.write_tables(world.metrics, figures, rows, tmp_path / name, True) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert {path.name for path in tmp_path.joinpath("a").iterdir()} == {path.name for path in first}


def test_values_are_names_for_prose(world: SimpleNamespace) -> None:
    values = tables.values(world.metrics, published.load())
    cell = world.metrics["jobs"]["oci_m-vanilla"]["mean"]
    assert values["oci_m_vanilla_auc"] == tables.interval(cell["video"]["auc"])
    assert values["oci_m_vanilla_lexical_hter"] == tables.interval(cell["readers"]["lexical"]["video"]["hter"])
    assert values["published_p1_loo_vanilla_hter"] == "0.19 [2]"
    assert all(name.isidentifier() for name in values)


def test_two_values_of_one_name_are_an_error(world: SimpleNamespace) -> None:
    metrics = copy.deepcopy(world.metrics)
    metrics["jobs"]["other"] = metrics["jobs"]["oci_m-vanilla"]
    with pytest.raises(ValueError, match="two values of the book are named 'oci_m_vanilla_hter_dev'"):
        tables.values(metrics, {})

from __future__ import annotations

import html
from typing import Any

from fasrepro.report import tuned, verdict_agreement


def figure(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value, "high": value}


def cell(accuracy: float, hter: float = 0.5, **more: float) -> dict[str, Any]:
    return {"accuracy": figure(accuracy), "hter": figure(hter), "undecided": figure(0.125), "read": 8} | {
        name: figure(value) for name, value in more.items()
    }


READINGS = {
    "oci_m-reasoning": {
        "protocol": "oci_m",
        "run": "reasoning",
        "channels": {
            "lexical": cell(0.75, 0.25, disagreement=0.25),
            "lexical_cut": cell(0.5, kappa=0.1),
            "lexical_flipped": cell(0.25, 0.75, kappa=-0.5),
            **dict.fromkeys(("api", "api_cut", "api_flipped"), cell(0.7, kappa=0.9)),
        },
        "unparsed": 0.0625,
        "counts": {"explanations": 16, "subjects": 4, "seeds": 3},
    },
    "oci_m-vanilla": {
        "protocol": "oci_m",
        "run": "vanilla",
        "channels": {"lexical": cell(0.0, disagreement=0.0), "lexical_cut": cell(0.0), "lexical_flipped": cell(0.0)},
        "unparsed": None,
        "counts": {"explanations": 16, "subjects": 4, "seeds": 3},
    },
    "oci_m-label_only": {
        "protocol": "oci_m",
        "run": "label_only",
        "channels": dict.fromkeys(("lexical", "lexical_cut", "lexical_flipped"), cell(0.0, 1.0) | {"undecided": figure(1.0)}),
        "unparsed": None,
        "counts": {"explanations": 16, "subjects": 4, "seeds": 3},
    },
}
RUNS = ["label_only", "vanilla", "reasoning"]


def test_each_reader_has_a_row_in_the_order_of_the_runs() -> None:
    lines = html.unescape(verdict_agreement.variants(READINGS, RUNS, ["lexical", "api"])).splitlines()
    shown = [line.split(" | ")[1:3] for line in lines[2:]]  # texts without a verdict have no row
    assert shown == [["vanilla", "lexical"], ["reasoning", "lexical"], ["reasoning", "api"]]
    assert [entry[:5] for entry in lines[3].split(" | ")[3:7]] == ["0.250", "0.500", "0.750", "0.125"]
    assert verdict_agreement.variants({}, RUNS, ["lexical"]).startswith("No results yet")


def test_kappas_are_of_whole_texts_and_what_is_not_known_is_a_dash() -> None:
    text = verdict_agreement.agreement(READINGS, RUNS, "lexical")
    assert "kappa, api and lexical" in text.splitlines()[0]
    assert "lexical_cut" not in text
    assert "0.062" in text or "0.063" in text
    assert len(text.splitlines()) == 2 + 2
    assert text.splitlines()[2].count("–") == 2  # vanilla: no api reading, no form


def test_learning_rates_say_what_was_chosen_what_dev_cannot_tell_and_who_takes_whose() -> None:
    rates = {"0.002": {"dev_auc": 0.91, "hter_dev": 0.3, "auc": 0.7}, "0.001": {"dev_auc": 0.92, "hter_dev": 0.4, "auc": 0.6}}
    tuning = {
        "reasoning": {"chosen": 0.001, "protocol": "mi_c", "rates": rates, "saturated": True},
        "label_only": {"chosen": 0.001, "protocol": "mi_c", "rates": {}, "saturated": None},
    }
    text = tuned.table(tuning, [*RUNS, "prose"], {"prose": "reasoning", "gone": "other"}, 0.01)
    assert "For reasoning all rates lie within 0.01" in text
    assert "prose take the rate of reasoning." in text
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|")][2:]
    assert [(row[1].strip(), row[2].strip(), row[3].strip()) for row in rows] == [
        ("label&#95;only", "0.001", "chosen"),
        ("reasoning", "0.001", "chosen"),
        ("reasoning", "0.002", ""),
    ]
    assert tuned.table({}, RUNS, {}, 0.01).startswith("No results yet")

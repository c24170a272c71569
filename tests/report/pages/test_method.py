"""The page on the method: the loss, runs and recipe as params have them, and how learning rates were selected."""

from __future__ import annotations

from types import SimpleNamespace

from fasrepro import config
from fasrepro.evaluation.results.metrics import TunedRate, TuningReport
from fasrepro.report import tables
from fasrepro.report.pages import method
from tests.layout import ROOT
from tests.report.conftest import cells
from tests.report.samples import RUNS, cell_metrics, metrics

PARAMS = config.load("training", "runs", path=ROOT / "params.yaml")
SETTINGS = SimpleNamespace(like={"prose": "reasoning", "gone": "other", "blind": "reasoning"}, saturation=0.01)


def test_the_formula_has_the_weights_of_the_recipe() -> None:
    assert "L = 0.7\\, L_\\mathrm{cls} + 0.3\\, L_\\mathrm{cap}" in method.formula(PARAMS.training.phases)
    two = [SimpleNamespace(name=name, losses={"caption": 1.0}) for name in ("first", "second")]
    assert "L_\\text{second} = 1\\, L_\\mathrm{cap}" in method.formula(two)


def test_each_run_has_its_captions_and_its_changes() -> None:
    rows = {row[0]: row[1:] for row in cells(method.run_table(PARAMS.training, PARAMS.runs))[1:]}
    assert rows["vanilla"] == ["100% vanilla", "nothing"]
    assert rows["reasoning_rank_4"] == ["50% vanilla, 50% reasoning", "as reasoning, lora rank: 4, lora alpha: 8"]
    assert rows["reasoning_frozen_vision"][1] == "as reasoning, joint does not train lora_vision"
    assert rows["label_only"] == ["none: labels alone", "joint losses: 0.7 head"]
    assert "joint row_tasks" not in rows["cepl"][1]
    assert "describe row_tasks: in_turn" in rows["single_stage_long"][1]
    assert rows["single_stage"] == ["100% gold", "as cepl, joint reset: none, without describe"]
    assert rows["cepl_exchanged"] == ["100% exchanged", "as cepl"]
    assert rows["cepl_all_weights"][1] == "as cepl, describe does not train lora_vision, describe also trains vision"
    assert rows["cepl_lora_vision"][1] == "as cepl, joint also trains lora_vision"


def test_the_papers_main_runs_stand_side_by_side() -> None:
    title, *rows = cells(method.papers_table(PARAMS.training, PARAMS.runs))
    assert title == ["", "paper 1: reasoning", "paper 2: cepl"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["captions"] == ["50% vanilla, 50% reasoning", "100% gold"]
    assert by_name["stage 1"][0].startswith("joint: trains lora_language, lora_vision")
    assert by_name["stage 2"][0] == tables.NONE
    assert by_name["stage 2"][1].startswith("joint: projector and language begin anew; trains lora_language")
    assert by_name["score"] == [method.SCORES["head"], method.SCORES["answer"]]
    assert by_name["adapters' rank"] == [str(PARAMS.training.lora.rank)] * 2
    only_1 = {name: run for name, run in PARAMS.runs.items() if run.get("like") != "cepl" and name != "cepl"}
    assert cells(method.papers_table(PARAMS.training, only_1))[0] == ["", "paper 1: reasoning"]


def test_a_prompt_is_shown_once_for_all_runs_that_have_it() -> None:
    text = method.run_table(PARAMS.training, PARAMS.runs)
    question = PARAMS.runs["cepl"]["answer_prompt"]
    assert text.count(question) == 1
    assert f"- the label question of cepl: *{question}*" in text
    assert "Prompts" not in method.run_table(PARAMS.training, {"vanilla": {}})


def test_the_recipe_has_every_value_but_captions_and_prompt() -> None:
    rows = dict(cells(method.recipe_table(PARAMS.training))[1:])
    assert rows["joint: losses"] == "0.7 head and 0.3 caption"
    assert rows["lora: rank"] == str(PARAMS.training.lora.rank)
    assert rows["learning_rates"] == ", ".join(map(str, PARAMS.training.learning_rates))
    assert not {"captions", "prompt", "answer_prompt", "answer_yes", "joint: row_tasks"} & rows.keys()


def test_only_the_embedded_backbone_is_called_tiny() -> None:
    shape = SimpleNamespace(vision_layers=3, text_layers=2, hidden_size=128, faces=40, stills=50)
    text = method.backbone(method.EMBEDDED_BACKBONE, shape)
    assert "3 vision and 2 language layers of width 128" in text
    assert "40 bona fide faces and 50 stills without a face" in text
    assert "tiny" not in method.backbone("some/checkpoint", shape)


def test_learning_rates_name_the_selected_the_indistinguishable_and_the_borrowed() -> None:
    rates = {"0.002": TunedRate(0.91, 0.3, 0.7), "0.001": TunedRate(0.92, 0.4, 0.6)}
    tuning = {
        "reasoning": TuningReport(0.001, "mi_c", "casia", rates, True),
        "label_only": TuningReport(0.001, "mi_c", "casia", {}, None),
    }
    trained = [cell_metrics("oci_m", run) for run in ("reasoning", "label_only", "prose")]
    text = method.learning_rates(metrics(cells=trained, tuning=tuning), RUNS, SETTINGS)
    assert "For reasoning the dev AUCs of all rates differ by at most 0.01" in text
    assert "\n\nprose" not in text and "prose take the rate of reasoning." in text  # blind was not trained
    assert [row[:3] for row in cells(text)[1:]] == [
        ["label_only", "0.001", "selected"],
        ["reasoning", "0.001", "selected"],
        ["reasoning", "0.002", ""],
    ]
    assert method.learning_rates(metrics(), RUNS, SETTINGS) == tables.NO_RESULTS

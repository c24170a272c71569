from __future__ import annotations

from fasrepro.evaluation import tuning_report


def test_a_run_with_one_rate_chose_nothing() -> None:
    choice = {"run": "vanilla", "protocol": "mi_c", "seed": 0, "chosen": 0.001, "dev_auc": {}}
    found = tuning_report.report(choice, [], [], [], 0.01)
    assert found == {"chosen": 0.001, "protocol": "mi_c", "rates": {}, "saturated": None}


def test_dev_auc_weighs_each_data_set_alike() -> None:
    assert tuning_report.mean_dev_auc({"dev_auc": {"0.001": {"msu": 1.0, "replay": 0.5}}}) == {"0.001": 0.75}

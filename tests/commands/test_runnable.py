"""What can run with the data sets at hand, on the project's own params.yaml and on smaller ones."""

from __future__ import annotations

import types
from typing import Any

import pytest

from fasrepro import config
from fasrepro.commands import jobs, reproduce, runnable
from fasrepro.config import Experiment
from fasrepro.data.protocols import Protocol
from tests.layout import ROOT

HAS_DEV = {"msu": False, "casia": False, "replay": True, "oulu": True, "siw_mv2": False}
OCI_MW = Protocol("oci_mw", ("oulu", "casia", "replay"), ("msu", "siw_mv2"))
NO_GOLD = "caption set gold is skipped: its data sets are absent (CelebA-Spoof, WFAS)"
MINE = {"mine": {"train": ["msu"], "test": ["casia"]}}


def params(**changes: Any) -> types.SimpleNamespace:
    """Return the sections of the project's params.yaml, with a profile's changes."""
    content = reproduce.merge(config.read_yaml(ROOT / "params.yaml"), changes)
    return types.SimpleNamespace(**{key: config.build(config.SECTIONS[key], content[key], key) for key in jobs.KEYS})


def report(present: list[str], **changes: Any) -> list[str]:
    return list(runnable.report(params(**changes), {name: HAS_DEV[name] for name in present}))


def test_with_all_data_sets_nothing_is_skipped_and_roles_are_named() -> None:
    assert report([*HAS_DEV]) == [
        "experiment caption_style can run",
        NO_GOLD,
        "MSU-MFSD has no dev split: its test people choose thresholds in icm_o, ocm_i, omi_c",
        "CASIA-FASD has no dev split: its test people choose thresholds in icm_o, oci_m, ocm_i",
    ]


def test_an_experiment_names_what_each_of_its_protocols_lacks() -> None:
    lines = report(["oulu", "casia", "replay", "siw_mv2"])
    assert lines[0] == (
        "experiment caption_style can run on oci_m alone: omi_c lacks MSU-MFSD; ocm_i lacks MSU-MFSD; icm_o lacks MSU-MFSD"
    )
    assert "protocol oci_m is not tested on MSU-MFSD, which is absent" in lines
    assert lines[-1] == "CASIA-FASD has no dev split: its test people choose thresholds in oci_m"


def test_an_experiment_that_cannot_run_says_so() -> None:
    experiments = {"one": {"protocols": ["mi_c"], "runs": ["vanilla"], "seeds": [0]}}
    assert report(["msu", "casia"], experiments=experiments)[:3] == [
        "experiment one cannot run: mi_c lacks Replay-Attack",
        NO_GOLD,
        "protocol mi_c is skipped: Replay-Attack is absent",
    ]


@pytest.mark.parametrize(
    ("test", "absent", "lacks"),
    [
        ([], [], []),
        ([], ["msu"], []),  # the other target is left
        ([], ["msu", "siw_mv2"], ["msu", "siw_mv2"]),
        (["msu"], ["msu"], ["msu"]),
        (["msu"], ["siw_mv2"], []),
        (["siw_mv2"], ["casia", "msu"], ["casia"]),
    ],
)
def test_an_experiment_lacks_sources_and_all_its_targets(test: list[str], absent: list[str], lacks: list[str]) -> None:
    present = [name for name in HAS_DEV if name not in absent]
    assert runnable.lacking(Experiment(["oci_mw"], ["vanilla"], [0], test=test), OCI_MW, present) == lacks


def test_what_jobs_would_refuse_is_said() -> None:
    experiments = {"one": {"protocols": ["mine"], "runs": ["reasoning_only"], "seeds": [0]}}
    lines = report(["msu", "casia"], protocols=MINE, experiments=experiments, runs={"reasoning": {"learning_rates": None}})
    assert lines[0] == "experiment one can run"
    assert lines[1].startswith("`fasrepro jobs` refuses this: params.yaml: tuning.protocol: protocol oi_c is skipped")
    [line] = report(["msu"], experiments={"one": {"protocols": ["nosuch"], "runs": ["vanilla"], "seeds": [0]}})
    assert line.startswith("`fasrepro jobs` refuses this: protocol 'nosuch' is not declared")


def test_faces_that_are_captioned_for_a_choice_that_nobody_makes_are_named() -> None:
    experiments = {"one": {"protocols": ["mine"], "runs": ["vanilla"], "seeds": [0]}}
    wanted = {"protocols": MINE, "experiments": experiments, "snapshots": {"protocol": "mine", "run": "vanilla"}}
    message = "OULU-NPU, Replay-Attack would be captioned for tuning.protocol oi_c alone, which has no learning rate to choose"
    lines = report([*HAS_DEV], counterfactual={"protocols": []}, **wanted)
    assert lines[-1] == f"{message}: name a protocol of the experiments there"
    assert not any(message in line for line in report(["msu", "casia"], counterfactual={"protocols": []}, **wanted))

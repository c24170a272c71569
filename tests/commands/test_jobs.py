"""jobs.yaml from params.yaml: which jobs, training sets and learning rates an experiment asks for, and what is refused."""

from __future__ import annotations

import dataclasses
import types
from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import cli, config, paths
from fasrepro.captions import sets as caption_sets
from fasrepro.captions.sets import CaptionSet, CaptionSetError, FacesOfPart, Silver
from fasrepro.captions.tagged_chains import TaggedChains
from fasrepro.commands import jobs, reproduce
from fasrepro.config import ConfigError, Experiment, Jobs
from fasrepro.data.protocols import ProtocolError, Sides
from fasrepro.datasets import TITLES
from fasrepro.evaluation.results import FairnessSettings, Pair
from fasrepro.training.recipe import RecipeError

ROOT = Path(__file__).parent.parent.parent
RUNS: dict[str, dict[str, Any]] = {
    "label_only": {"phases": [{"name": "joint", "losses": {"head": 0.7}}]},
    "vanilla": {"captions": {"vanilla": 1.0}},
    "wide": {"like": "vanilla", "lora": {"rank": 64}},
    "reasoning": {"captions": {"vanilla": 0.5, "reasoning": 0.5}},
}
SETS = {name: CaptionSet(style=name, author="annotator") for name in ("vanilla", "reasoning")}
DATASETS = {name: {} for name in ("msu", "casia", "replay", "oulu", "siw_mv2")}


def params(experiments: dict[str, Experiment], **changed: Any) -> types.SimpleNamespace:
    """Return the sections of params.yaml that jobs are made of, some of them changed."""
    sections = {
        "archives": config.Archives("synthetic", DATASETS),
        "annotator": config.load("annotator", path=ROOT / "params.yaml").annotator,
        "captions": SETS,
        "parts": {},
        "training": config.load("training", path=ROOT / "params.yaml").training,
        "runs": RUNS,
        "protocols": {"oci_m": Sides(["oulu", "casia", "replay"], ["msu", "siw_mv2"])},
        "tuning": config.Tuning("mi_c", 7, 0.01, {"wide": "vanilla"}),
        "experiments": experiments,
        "snapshots": config.Snapshots("absent_m", "vanilla", 0, 1),
        "counterfactual": config.Counterfactual([], [], 6),
        "unseen": Pair("reasoning", "vanilla"),
        "fairness": FairnessSettings([]),
        "captioners": {},
    }
    sections |= changed
    if "snapshots" not in changed and experiments:
        first = next(iter(experiments.values()))
        wanted = first.protocols[0], first.runs[0], first.seeds[0] if first.seeds else 0
        sections["snapshots"] = config.Snapshots(*wanted, 1)
    return types.SimpleNamespace(**sections)


def planned(experiments: dict[str, Experiment], **changed: Any) -> Jobs:
    return jobs.planned(params(experiments, **changed))


def test_a_job_is_a_run_on_a_protocol_with_one_seed() -> None:
    first = Experiment(["oci_m"], ["vanilla"], [0, 1])
    second = Experiment(["ocm_i"], ["vanilla", "label_only"], [1])
    plan = planned({"first": first, "second": second})
    assert list(plan.jobs) == ["oci_m-vanilla-0", "oci_m-vanilla-1", "ocm_i-label_only-1", "ocm_i-vanilla-1"]
    job = plan.jobs["oci_m-vanilla-1"]
    assert (job.protocol, job.run, job.seed, job.test) == ("oci_m", "vanilla", 1, ["msu", "siw_mv2"])
    assert plan.jobs["ocm_i-vanilla-1"].test == ["replay"]
    assert set(plan.splits) == {"oci_m", "ocm_i", "mi_c"}


def test_a_published_protocol_is_named_like_any_other_and_kept_whole() -> None:
    plan = planned({"one": Experiment(["oulu_1", "one_to_eleven"], ["vanilla"], [0])})
    assert plan.jobs["oulu_1-vanilla-0"].test == ["oulu"]
    assert plan.splits["oulu_1"].only["test"] == [{"session": [3]}]
    assert plan.skipped == ["protocol one_to_eleven is skipped: CelebA-Spoof is absent"]


def test_targets_that_are_absent_change_nothing_else_of_a_protocol() -> None:
    archives = config.Archives("synthetic", {"celeba_spoof": {}, **DATASETS})
    plan = planned({"one": Experiment(["one_to_eleven"], ["vanilla"], [0])}, archives=archives)
    assert plan.splits["one_to_eleven"].test == ["casia", "msu", "oulu", "replay", "siw_mv2"]
    assert plan.splits["one_to_eleven"].test_on == "all"
    assert "CASIA-SURF 3DMask" in plan.skipped[0]


SHARES = {"A": 0.5, "C": 0.2, "D_cap": 0.1, "D": 0.2}
GOLD = {
    "gold": CaptionSet("reasoning", "annotator", rounds=2, faces=FacesOfPart("A", 9)),
    "bare": CaptionSet(derived="prose", of="gold"),
}


def test_shares_of_people_reach_the_splits_of_protocols_that_train_on_them_alone() -> None:
    experiments = {"one": Experiment(["oci_m", "ocm_i"], ["vanilla"], [0])}
    whole, cut = planned(experiments), planned(experiments, parts={"oulu": SHARES, "wfas": SHARES, "replay": SHARES})
    assert cut.splits["oci_m"].parts == {"oulu": SHARES, "replay": SHARES}
    assert cut.splits["ocm_i"].parts == {"oulu": SHARES}
    assert cut.splits["mi_c"].parts == {"replay": SHARES}
    assert not any(sides.parts for sides in whole.splits.values())
    assert whole == dataclasses.replace(cut, splits=whole.splits)


def test_a_protocol_declares_no_parts_of_its_own() -> None:
    with pytest.raises(ProtocolError, match=r"protocols\.own\.parts: .* name them in the section `parts`"):
        planned(
            {"one": Experiment(["own"], ["vanilla"], [0])}, protocols={"own": Sides(["msu"], ["casia"], parts={"msu": SHARES})}
        )


def test_joined_sets_are_named_with_both_that_they_hold() -> None:
    both = {
        "both": CaptionSet(joined=["gold", "bare_reasoning"]),
        "bare_reasoning": CaptionSet(derived="shuffled", of="reasoning"),
    }
    plan = planned({"one": Experiment(["oci_m"], ["vanilla"], [0])}, captions=SETS | GOLD | both, parts={"oulu": SHARES})
    assert plan.joined == {"both": ["gold", "bare_reasoning"]}
    assert plan.derived == {"bare_reasoning": "reasoning", "bare": "gold"}


def test_ablations_of_paper_2_change_the_chains_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(reproduce.profile_params(ROOT, "paper2_ablations")), encoding="utf-8")
    params = config.load(*jobs.KEYS, path=path)
    plan = jobs.planned(params)
    others = {run for name in ("stages", "untrained") for run in params.experiments[name].runs}  # not about chains
    assert len({job.run for job in plan.jobs.values()}) == len(plan.jobs)
    by_run = {job.run: job for job in plan.jobs.values() if job.run not in others}
    for run, job in by_run.items():
        like = "label_two_stage" if run.startswith("label_") else "cepl"
        assert (job.recipe, job.tuned) == (by_run[like].recipe, like)
        pair = by_run[run.replace("label_", "cepl_")] if run != "label_two_stage" else by_run["cepl"]
        assert plan.trainsets[job.trainset].compared == plan.trainsets[pair.trainset].compared
    silent = {"untrained"} | {run for run in by_run if run.startswith("label_")}
    answering = [name for name, job in plan.jobs.items() if job.run not in silent]
    assert {name: entry.conclusion_yes for name, entry in plan.read_out_jobs.items()} == dict.fromkeys(answering, "bona_fide")
    used = {name for trainset in plan.trainsets.values() for name in trainset.captions}
    made = {name for name in (*plan.derived, *plan.joined) if "gold" in caption_sets.lineage(plan_sets(path), name)}
    assert used == made | {"gold", "silver", "neutral_chain"}


def plan_sets(path: Path) -> caption_sets.Sets:
    return config.load("captions", path=path).captions


def test_a_set_about_absent_people_is_skipped_with_what_is_derived_from_it() -> None:
    experiments = {"one": Experiment(["oci_m"], ["vanilla"], [0])}
    absent = planned(experiments, captions=SETS | GOLD, parts={"celeba_spoof": SHARES})
    assert (absent.written, absent.derived) == (["vanilla", "reasoning"], {})
    assert absent.skipped[:2] == [
        "caption set gold is skipped: its data sets are absent (CelebA-Spoof)",
        "caption set bare is skipped: its data sets are absent (CelebA-Spoof)",
    ]
    here = planned(experiments, captions=SETS | GOLD, parts={"celeba_spoof": SHARES, "oulu": SHARES})
    assert (here.written, here.derived) == (["vanilla", "reasoning", "gold"], {"bare": "gold"})
    chain = {"chain": {"captions": {"gold": 1.0}}}
    with pytest.raises(ConfigError, match="chain on oci_m needs the caption set gold, which has no faces here"):
        planned({"one": Experiment(["oci_m"], ["chain"], [0])}, captions=SETS | GOLD, runs=RUNS | chain)


def test_data_sets_whose_people_are_cut_are_captioned_too() -> None:
    archives = config.Archives("synthetic", {"wfas": {}, **DATASETS})
    plan = planned(
        {"one": Experiment(["oci_m"], ["vanilla"], [0])}, parts={"wfas": SHARES, "celeba_spoof": SHARES}, archives=archives
    )
    assert plan.captioned[-1] == "wfas" and "celeba_spoof" not in plan.captioned


@pytest.mark.parametrize(
    ("faces", "parts", "message"),
    [
        (FacesOfPart("AA"), {}, r"captions\.gold\.faces: unknown part 'AA'\. Did you mean 'A'"),
        (FacesOfPart("A", -1), {}, r"captions\.gold\.faces: .* `count` is 0 or more"),
        (FacesOfPart("A"), {"wfas": {"A": 0.5, "D": 0.4}}, r"parts\.wfas: the shares add up to 0\.9"),
    ],
)
def test_parts_that_cannot_be_are_refused(faces: FacesOfPart, parts: dict[str, Any], message: str) -> None:
    gold = {"gold": CaptionSet("cot", "annotator", faces=faces)}
    with pytest.raises(ValueError, match=message):
        planned({}, captions=SETS | gold, parts=parts)


def test_an_experiment_may_test_fewer_targets_than_its_protocol_has() -> None:
    plan = planned({"one": Experiment(["oci_m"], ["vanilla"], [0], test=["msu"])})
    assert plan.jobs["oci_m-vanilla-0"].test == ["msu"]
    both = {"one": Experiment(["oci_m"], ["vanilla"], [0], test=["msu"]), "two": Experiment(["oci_m"], ["vanilla"], [0])}
    assert planned(both).jobs["oci_m-vanilla-0"].test == ["msu", "siw_mv2"]
    with pytest.raises(ConfigError, match=r"one: test: unknown data set 'msv'\. Did you mean 'msu'"):
        planned({"one": Experiment(["oci_m"], ["vanilla"], [0], test=["msv"])})
    with pytest.raises(ConfigError, match="one: test: oci_m is tested on msu, siw_mv2: name one of them"):
        planned({"one": Experiment(["oci_m"], ["vanilla"], [0], test=["casia"])})


def test_a_training_set_belongs_to_an_experiment_and_needs_captions_of_the_sets_it_compares() -> None:
    one, two = Experiment(["oci_m"], ["vanilla", "wide"], [0]), Experiment(["ocm_i"], ["reasoning", "label_only"], [0])
    plan = planned({"one": one, "two": two})
    assert {name: job.trainset for name, job in plan.jobs.items()} == {
        "oci_m-vanilla-0": "oci_m-one-vanilla",
        "oci_m-wide-0": "oci_m-one-vanilla",  # runs with equal captions share it
        "ocm_i-reasoning-0": "ocm_i-two-reasoning50-vanilla50",
        "ocm_i-label_only-0": "ocm_i-two-labels",
    }
    assert plan.trainsets["oci_m-one-vanilla"] == config.Trainset("oci_m", {"vanilla": 1.0}, ["vanilla"])
    assert plan.trainsets["ocm_i-two-labels"] == config.Trainset("ocm_i", {}, ["reasoning", "vanilla"])


def test_a_run_can_be_trained_on_published_captions() -> None:
    theirs = {"theirs": CaptionSet("reasoning", "published", table="t.parquet")}
    runs = {"on_theirs": {"captions": {"theirs": 1.0}}}
    plan = planned({"first": Experiment(["oci_m"], ["vanilla", "on_theirs"], [0])}, captions=SETS | theirs, runs=RUNS | runs)
    assert plan.written == ["vanilla", "reasoning", "theirs"]
    trainset = plan.trainsets[plan.jobs["oci_m-on_theirs-0"].trainset]
    assert (trainset.captions, trainset.compared) == ({"theirs": 1.0}, ["theirs", "vanilla"])


def test_one_job_cannot_be_trained_on_two_sets_of_faces() -> None:
    one, two = Experiment(["oci_m"], ["vanilla"], [0]), Experiment(["oci_m"], ["vanilla", "reasoning"], [0])
    with pytest.raises(ConfigError, match=r"experiments\.two: vanilla on oci_m is also trained .* the same `compared`"):
        planned({"one": one, "two": two})
    same = Experiment(["oci_m"], ["vanilla"], [0], compared=["vanilla", "reasoning"])
    assert planned({"one": same, "two": two}).jobs["oci_m-vanilla-0"].trainset == "oci_m-one-vanilla"


def test_a_job_carries_its_resolved_recipe_and_nothing_that_tuning_or_its_faces_decide() -> None:
    plan = planned({"one": Experiment(["oci_m"], ["wide", "label_only"], [0])})
    wide = plan.jobs["oci_m-wide-0"].recipe
    assert plan.read_out_jobs == {}  # a head gives their score
    assert wide["lora"] == {"rank": 64, "alpha": 32}
    assert "learning_rates" not in wide and "captions" not in wide
    assert plan.jobs["oci_m-label_only-0"].recipe["phases"][0]["losses"] == {"head": 0.7}
    assert plan.jobs["oci_m-wide-0"].recipe_at(0.5).learning_rates == [0.5]


def test_caption_models_have_a_stage_each_by_how_they_learn() -> None:
    seeded = seeded_captioners([0, 1], "sft", "grpo", "rl_random", "sft_pool")
    gold = {"gold": CaptionSet(style="cot", author="annotator", conclusion_yes="attack")}
    one = {"x": Experiment(["oci_m"], ["vanilla"], [0])}
    plan = planned(one, captioners=seeded, captions={**SETS, **gold})
    assert list(plan.sft_jobs) == ["sft-0", "sft-1", "sft_pool-0", "sft_pool-1"]
    assert list(plan.grpo_jobs) == ["grpo-0", "grpo-1", "rl_random-0", "rl_random-1"]
    assert sorted(plan.captioner_names) == sorted([*plan.sft_jobs, *plan.grpo_jobs])
    assert {job.conclusion_yes for job in plan.sft_jobs.values()} == {"attack"}
    assert plan.grpo_jobs["rl_random-1"].start == str(paths.captioner("sft-1"))
    assert planned(one).captioner_names == []
    assert plan.caption_detectors == {}  # no protocol trains on the data sets that are cut into parts


def test_caption_models_are_detectors_where_a_protocol_has_their_sources() -> None:
    gold = {"gold": CaptionSet(style="cot", author="annotator", conclusion_yes="attack")}
    one = {"x": Experiment(["oci_m", "mi_c"], ["vanilla"], [0])}
    more = {"captions": {**SETS, **gold}, "parts": {"msu": SHARES, "replay": SHARES}}
    plan = planned(one, captioners=seeded_captioners([0], "sft", "grpo"), **more)
    assert plan.caption_detectors == dict.fromkeys(("sft-0", "grpo-0"), TaggedChains("mi_c", "attack"))


def test_a_run_chooses_its_learning_rate_or_takes_that_of_another() -> None:
    plan = planned({"one": Experiment(["oci_m"], ["label_only", "wide"], [0])})
    assert {job.run: job.tuned for job in plan.jobs.values()} == {"label_only": "label_only", "wide": "vanilla"}
    vanilla = plan.tunings["vanilla"]
    assert (vanilla.protocol, vanilla.seed, vanilla.trainset, vanilla.test) == ("mi_c", 7, "mi_c-tuning-vanilla", ["casia"])
    assert vanilla.recipe["learning_rates"]
    assert set(plan.tunings) == {"label_only", "vanilla"}


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ({"wide": "vanilla", "vanilla": "label_only"}, "wide takes the rate of vanilla, which chooses none itself"),
        ({"wiede": "vanilla"}, r"tuning\.like: unknown run 'wiede'\. Did you mean 'wide'"),
        ({"wide": "vanila"}, r"unknown run 'vanila'\. Did you mean 'vanilla'"),
    ],
)
def test_a_rate_that_cannot_be_taken_is_refused(like: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        planned({"one": Experiment(["oci_m"], ["wide"], [0])}, tuning=config.Tuning("mi_c", 7, 0.01, like))


def test_a_protocol_whose_data_set_is_absent_is_skipped_with_a_notice() -> None:
    present = {name: {} for name in DATASETS if name not in ("oulu", "siw_mv2")}
    experiments = {"one": Experiment(["oci_m", "mi_c"], ["vanilla"], [0])}
    archives = config.Archives("licensed", present)
    plan = planned(experiments, archives=archives, snapshots=config.Snapshots("mi_c", "vanilla", 0, 1))
    assert list(plan.jobs) == ["mi_c-vanilla-0"]
    assert plan.skipped == ["protocol oci_m is skipped: OULU-NPU is absent"]
    without_siw = config.Archives("licensed", {name: {} for name in DATASETS if name != "siw_mv2"})
    plan = planned(experiments, archives=without_siw)
    assert plan.jobs["oci_m-vanilla-0"].test == ["msu"]
    assert plan.skipped == ["protocol oci_m is not tested on SiW-Mv2, which is absent"]


def test_an_experiment_whose_targets_are_all_absent_is_skipped_with_a_notice() -> None:
    archives = config.Archives("licensed", {name: {} for name in DATASETS if name != "msu"})
    experiments = {
        "all": Experiment(["oci_m"], ["vanilla"], [0]),
        "one": Experiment(["oci_m"], ["label_only"], [0], test=["msu"]),
    }
    plan = planned(experiments, archives=archives, tuning=config.Tuning("oci_m", 7, 0.01, {}))
    assert list(plan.jobs) == ["oci_m-vanilla-0"]
    assert plan.skipped[1:] == ["experiment one is skipped on oci_m: its targets are absent"]
    with pytest.raises(ConfigError, match="one: test: oci_m is tested on msu, siw_mv2: name one of them"):
        planned({"one": Experiment(["oci_m"], ["vanilla"], [0], test=["casia"])}, archives=archives)


def test_snapshots_are_of_the_job_most_like_the_one_whose_data_sets_are_absent() -> None:
    archives = config.Archives("licensed", {name: {} for name in DATASETS if name != "oulu"})
    experiments = {"one": Experiment(["oci_m", "mi_c"], ["label_only", "vanilla"], [0, 1])}
    plan = planned(experiments, archives=archives, snapshots=config.Snapshots("oci_m", "vanilla", 1, 1))
    assert list(plan.snapshot_jobs) == ["mi_c-vanilla-1"]
    assert plan.snapshot_jobs["mi_c-vanilla-1"] == plan.jobs["mi_c-vanilla-1"]
    absence = "protocol oci_m is skipped: OULU-NPU is absent"
    assert plan.skipped == [absence, f"snapshots are of mi_c-vanilla-1: {absence}"]


def test_snapshots_and_cues_go_with_an_experiment_that_is_skipped_on_its_protocol() -> None:
    """The protocol itself can be run, because it has another target."""
    archives = config.Archives("licensed", {name: {} for name in DATASETS if name != "msu"})
    experiments = {
        "one": Experiment(["oci_m"], ["label_only"], [0], test=["msu"]),
        "two": Experiment(["oi_c"], ["vanilla"], [0]),
    }
    wanted = {
        "tuning": config.Tuning("oi_c", 7, 0.01, {}),
        "snapshots": config.Snapshots("oci_m", "label_only", 0, 1),
        "counterfactual": config.Counterfactual(["oci_m"], ["label_only"], 6),
    }
    plan = planned(experiments, archives=archives, **wanted)
    assert list(plan.snapshot_jobs) == ["oi_c-vanilla-0"]
    assert plan.skipped[-1] == "no cue is taken out on oci_m: experiment one is skipped on oci_m: its targets are absent"


def test_a_run_with_one_learning_rate_needs_no_protocol_to_choose_it_on() -> None:
    archives = config.Archives("licensed", {name: {} for name in DATASETS if name != "msu"})
    experiments = {"one": Experiment(["oci_w"], ["wide", "label_only"], [0])}
    one_rate = {name: {**run, "learning_rates": [0.002]} for name, run in RUNS.items()}
    plan = planned(experiments, archives=archives, runs=one_rate)
    vanilla = plan.tunings["vanilla"]  # whose rate `wide` takes
    assert (vanilla.name, vanilla.seed, vanilla.trainset) == ("oci_w-vanilla-7", 7, "oci_w-one-vanilla")
    assert vanilla.recipe["learning_rates"] == [0.002] and vanilla.recipe["lora"]["rank"] == 16
    assert set(plan.splits) == {"oci_w"} == {trainset.protocol for trainset in plan.trainsets.values()}
    assert "protocol mi_c is skipped: MSU-MFSD is absent" in plan.skipped


def without(absent: list[str], **changes: Any) -> types.SimpleNamespace:
    """Return the sections of the project's params.yaml without some data sets."""
    content = config.read_yaml(ROOT / "params.yaml")
    params = reproduce.merge(content, {"archives": {"datasets": dict.fromkeys(absent)}, **changes})
    return types.SimpleNamespace(**{key: config.build(config.SECTIONS[key], params[key], key) for key in jobs.KEYS})


@pytest.mark.parametrize(
    ("absent", "kept"),
    [
        ("msu", {"oci_m": ["siw_mv2"]}),
        ("casia", {"omi_c": ["siw_mv2"]}),
        ("replay", {"ocm_i": ["siw_mv2"]}),
        ("oulu", {"icm_o": ["siw_mv2"]}),
        ("siw_mv2", {"oci_m": ["msu"], "omi_c": ["casia"], "ocm_i": ["replay"], "icm_o": ["oulu"]}),
    ],
)
def test_any_data_set_of_the_default_profile_can_be_absent(absent: str, kept: dict[str, list[str]]) -> None:
    params = without([absent])
    plan = jobs.planned(params)
    assert {job.protocol: job.test for job in plan.jobs.values()} == kept
    assert set(plan.tunings) == {"label_only", "vanilla", "reasoning"}
    assert len(plan.snapshot_jobs) == 1 and plan.snapshot_jobs.items() <= plan.jobs.items()
    used = [*plan.jobs.values(), *plan.tunings.values(), *plan.snapshot_jobs.values(), *plan.trainsets.values()]
    assert {one.protocol for one in used} == set(plan.splits)
    assert absent not in {dataset for sides in plan.splits.values() for dataset in (*sides.train, *sides.test)}
    partial = {protocol for protocol, targets in kept.items() if targets != params.protocols[protocol].test}
    for protocol in params.protocols:
        words = "is not tested on" if protocol in partial else "is skipped:"
        assert any(notice.startswith(f"protocol {protocol} {words} {TITLES[absent]}") for notice in plan.skipped)


def test_two_data_sets_and_a_protocol_of_one_s_own_are_enough() -> None:
    sides = {"train": ["msu"], "test": ["casia"]}
    experiment = {"protocols": ["icm_o", "mine"], "runs": ["label_only", "vanilla", "reasoning"], "seeds": [0]}
    params = without(["replay", "oulu", "siw_mv2"], protocols={"mine": sides}, experiments={"caption_style": experiment})
    plan = jobs.planned(params)
    assert list(plan.jobs) == ["mine-label_only-0", "mine-reasoning-0", "mine-vanilla-0"]
    assert list(plan.splits) == ["mine"] and list(plan.snapshot_jobs) == ["mine-label_only-0"]
    assert {job.trainset for job in plan.tunings.values()} == set(plan.trainsets)
    assert plan.skipped == [
        "caption set gold is skipped: its data sets are absent (CelebA-Spoof, WFAS)",
        "protocol icm_o is skipped: Replay-Attack is absent",
        "protocol oi_c is skipped: OULU-NPU, Replay-Attack is absent",
        "snapshots are of mine-label_only-0: protocol icm_o is skipped: Replay-Attack is absent",
        "no cue is taken out on icm_o: protocol icm_o is skipped: Replay-Attack is absent",
    ]


def test_several_learning_rates_need_a_protocol_that_can_be_run() -> None:
    archives = config.Archives("licensed", {name: {} for name in DATASETS if name != "msu"})
    experiments = {"one": Experiment(["oci_w"], ["vanilla"], [0])}
    message = (
        r"tuning\.protocol: protocol mi_c is skipped: MSU-MFSD is absent; name another, such as oci_w, or one rate in"
        r" runs\.vanilla\.learning_rates"
    )
    with pytest.raises(ConfigError, match=message):
        planned(experiments, archives=archives)


@pytest.mark.parametrize(
    ("experiment", "changed", "error", "message"),
    [
        (Experiment(["oci_m"], ["vanila"], [0]), {}, ConfigError, r"unknown run 'vanila'\. Did you mean 'vanilla'"),
        (Experiment(["oci_x"], ["vanilla"], [0]), {}, ProtocolError, "oci_x"),
        (Experiment(["oci_m"], ["vanilla"], []), {}, ConfigError, "no seeds"),
        (Experiment(["oci_m"], ["odd"], [0]), {"captions": {"reasonning": 1.0}}, ConfigError, "Did you mean 'reasoning'"),
        (Experiment(["oci_m"], ["odd"], [0]), {"captions": {"vanilla": 0.5}}, RecipeError, "add up to 1"),
        (Experiment(["oci_m"], ["odd"], [0]), {"learning_rates": [0.0]}, RecipeError, "at least one, all above 0"),
        (Experiment(["oci_m"], ["odd"], [0]), {"like": "odd"}, ConfigError, "odd is like odd"),
    ],
)
def test_an_experiment_that_cannot_be_run_is_refused(
    experiment: Experiment, changed: dict[str, Any], error: type[ValueError], message: str
) -> None:
    with pytest.raises(error, match=message):
        planned({"one": experiment}, runs={**RUNS, "odd": changed})


def test_a_run_without_a_head_must_be_scored_by_its_answer() -> None:
    runs = {"asked": {"answer_prompt": "?", "phases": [{"name": "joint", "train": ["vision"], "losses": {"answer": 1.0}}]}}
    experiments = {"one": Experiment(["oci_m"], ["asked"], [0])}
    with pytest.raises(ConfigError, match=r"runs\.asked: no phase trains the head that score_by reads"):
        planned(experiments, runs=RUNS | runs)
    runs["asked"]["score_by"] = "answer"
    (job,) = planned(experiments, runs=RUNS | runs).jobs.values()
    assert job.recipe["score_by"] == "answer"


def test_names_that_dvc_takes_for_paths_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"runs\.a\.b: a name takes letters, digits and underscores only"):
        planned({}, runs={**RUNS, "a.b": {}})


def test_a_run_on_captions_whose_yes_means_two_things_is_refused() -> None:
    captions = {
        name: CaptionSet("cot", "annotator", conclusion_yes=yes) for name, yes in (("one", "attack"), ("two", "bona_fide"))
    }
    runs = {**RUNS, "both": {"captions": {"one": 0.5, "two": 0.5}}}
    with pytest.raises(
        CaptionSetError, match=r"params\.yaml: runs\.both: captions: Yes means attack in one and bona_fide in two"
    ):
        planned({"a": Experiment(["oci_m"], ["both"], [0])}, runs=runs, captions=SETS | captions)


def seeded_captioners(seeds: list[int], *entries: str) -> dict[str, Any]:
    """Return the section `captioners` of params.yaml with these seeds in some entries."""
    section = vars(config.load("captioners", path=ROOT / "params.yaml"))["captioners"]
    return section | {name: {**section[name], "seeds": seeds} for name in entries}


def test_a_set_that_a_caption_model_writes_is_not_the_annotator_s() -> None:
    written = {
        "gold": CaptionSet("cot", "annotator"),
        "silver": CaptionSet("cot", "captioner", captioner="grpo-0", faces=FacesOfPart("C")),
    }
    changed = {"captions": SETS | written, "parts": {"oulu": SHARES}}
    one = {"one": Experiment(["oci_m"], ["vanilla"], [0])}
    plan = planned(one, captioners=seeded_captioners([0], "sft", "grpo"), **changed)
    assert plan.written == ["vanilla", "reasoning", "gold"] and plan.silver == {"silver": Silver("grpo-0", "gold")}
    with pytest.raises(ConfigError, match=r"captions\.silver\.captioner: unknown caption model with seeds 'grpo-0'"):
        planned(one, **changed)


def test_a_caption_model_whose_captions_are_skipped_is_refused() -> None:
    gold = {"gold": CaptionSet("cot", "annotator", faces=FacesOfPart("A"))}
    with pytest.raises(ConfigError, match=r"captioners: sft-0 learns the caption set gold, whose data sets are absent"):
        planned({}, captions=SETS | gold, parts={"wfas": SHARES}, captioners=seeded_captioners([0], "sft"))


def test_caption_sets_are_checked() -> None:
    with pytest.raises(CaptionSetError, match="unknown style 'vanila'"):
        planned({}, captions={"vanilla": CaptionSet(style="vanila", author="annotator")})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("oci_m", "label_only", 3, 10), r"snapshots: unknown job 'oci_m-label_only-3'"),
        (("oci_m", "wide", 1, 10), r"unknown job 'oci_m-wide-1'\. Did you mean 'oci_m-wide-3'"),
        (("oci_m", "wide", 3, 999), r"snapshots\.count: 999 snapshots of 900 training steps; give 1 to 900"),
        (("oci_m", "wide", 3, 0), r"snapshots\.count: 0 snapshots"),
    ],
)
def test_snapshots_are_of_a_job_that_is_trained(changed: tuple[str, str, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        planned({"one": Experiment(["oci_m"], ["wide"], [3])}, snapshots=config.Snapshots(*changed))


def test_a_cue_is_taken_out_for_models_of_jobs_alone() -> None:
    experiments = {"one": Experiment(["oci_m"], ["vanilla"], [0])}
    planned(experiments, counterfactual=config.Counterfactual(["oci_m"], ["vanilla"], 6))
    with pytest.raises(ConfigError, match=r"counterfactual: unknown protocol and run 'oci_m-vanila'\. Did you mean"):
        planned(experiments, counterfactual=config.Counterfactual(["oci_m"], ["vanila"], 6))
    with pytest.raises(ConfigError, match=r"counterfactual\.faces must be at least 1"):
        planned(experiments, counterfactual=config.Counterfactual(["oci_m"], ["vanilla"], 0))


def test_unseen_attacks_are_reported_for_runs_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"params\.yaml: unseen: unknown run 'reasonin'\. Did you mean 'reasoning'"):
        planned({}, unseen=Pair("reasonin", "vanilla"))


def test_gaps_between_groups_are_compared_for_runs_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"params\.yaml: fairness\.pairs: unknown run 'reasonin'\. Did you mean 'reasoning'"):
        planned({}, fairness=FairnessSettings([Pair("reasoning", "vanilla"), Pair("reasonin", "vanilla")]))


def test_the_command_writes_jobs_and_checks_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content = config.read_yaml(ROOT / "params.yaml")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert cli.main(["jobs", "--check"]) == 1
    assert cli.main(["jobs"]) == 0
    assert cli.main(["jobs", "--check"]) == 0
    content["experiments"]["more"] = {"protocols": ["mi_c"], "runs": ["vanilla"], "seeds": [0]}
    del content["archives"]["datasets"]["siw_mv2"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert cli.main(["jobs", "--check"]) == 1
    assert cli.main(["jobs"]) == 0
    assert "protocol oci_m is not tested on SiW-Mv2, which is absent" in capsys.readouterr().out
    job = config.load_job("mi_c-vanilla-0")
    assert job.name == "mi_c-vanilla-0"
    assert config.load_trainset(job.trainset).captions == {"vanilla": 1.0}
    assert config.load_protocols()["oci_m"].test == ("msu",)
    assert [job.seed for job in config.by_run(config.load_jobs())["oci_m", "vanilla"]] == [0]
    (tmp_path / "params.yaml").write_text("runs: [", encoding="utf-8")
    assert cli.main(["jobs"]) == 1
    assert "params.yaml: not YAML" in capsys.readouterr().err


def test_a_real_annotator_is_asked_about_the_sources_of_protocols_and_the_simulated_one_about_all() -> None:
    own = params({"first": Experiment(["oci_m"], ["vanilla"], [0])})
    assert jobs.planned(own).captioned == own.annotator.datasets
    own.annotator = dataclasses.replace(own.annotator, base_url="https://example.invalid/v1", datasets=["siw_mv2", "oulu"])
    assert jobs.planned(own).captioned == ["oulu"]

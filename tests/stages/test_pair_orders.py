"""The stages `pair_orders` and `pair_gains` on a small model: which pairs are asked about, and what follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from fasrepro import config, files, paths, schema
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import pair_orders as orders
from fasrepro.evaluation.results.pair_gains import PairGains
from fasrepro.stages import jobs, pair_gains, pair_orders
from tests.small_models import PROMPT, save_trained
from tests.stages import projects
from tests.training.small_runs import recipe

SIDES = {"i_m": (["replay"], ["msu"])}
JOB = "i_m-label_only-0"
PEOPLE = 12


def write_pairs() -> None:
    """Write pairs of two cues: black lines can be seen in any encoder, and the other cue changes nothing."""
    random = np.random.default_rng(0)
    faces = random.integers(100, 160, (2 * PEOPLE, 40, 40, 3), dtype=np.uint8)
    present = faces.copy()
    present[:PEOPLE, :, ::4] = 0
    arrays = {
        "cue": np.array(["halftone"] * PEOPLE + ["glare"] * PEOPLE),
        "subject": np.array([f"msu/{person}" for person in range(PEOPLE)] * 2),
        "is_fitted": np.tile(np.arange(PEOPLE) < 8, 2),
        "without": faces,
        "present": present,
    }
    with files.replaced(paths.PROBE_PAIRS) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project's root with a trained job that counts as one of two stages, and pairs."""
    monkeypatch.chdir(tmp_path)
    projects.write_params()
    projects.write_jobs(SIDES, [("i_m", "label_only")], [0])
    contents = yaml.safe_load(paths.JOBS.read_text(encoding="utf-8"))
    plain = schema.plain(recipe(checkpoint, prompt=PROMPT))
    contents["jobs"][JOB]["recipe"] = {name: value for name, value in plain.items() if name not in ("captions", "learning_rates")}
    contents["two_stage_jobs"] = [JOB]
    paths.JOBS.write_text(yaml.safe_dump(contents), encoding="utf-8")
    save_trained(checkpoint, paths.checkpoint(JOB))
    write_pairs()


@pytest.mark.usefixtures("project")
def test_both_encoders_are_asked_about_people_of_no_fit() -> None:
    pair_orders.main([JOB])
    content = orders.read(paths.pair_orders(JOB))
    assert content.ordered.shape == (2, 8)
    assert set(content.subjects) == {f"msu/{person}" for person in range(8, PEOPLE)}
    assert content.ordered[:, content.cues == "glare"].tolist() == [[0.5] * 4] * 2
    assert content.ordered[0, content.cues == "halftone"].tolist() == [1.0] * 4
    written = paths.pair_orders(JOB).read_bytes()
    pair_orders.main([JOB])
    assert paths.pair_orders(JOB).read_bytes() == written

    pair_gains.main([])
    gains = results.read(paths.PAIR_GAINS, PairGains)
    (entry,) = gains.cells.values()
    assert (entry.run, entry.seeds, entry.pairs, entry.subjects) == ("label_only", [0], 8, 4)
    assert entry.mean.baseline == 0.75
    assert gains.differences == []


@pytest.mark.usefixtures("project")
def test_without_such_a_job_there_are_no_figures() -> None:
    projects.write_jobs(SIDES, [("i_m", "label_only")], [0])
    pair_gains.main([])
    assert results.read(paths.PAIR_GAINS, PairGains) == PairGains({}, [])
    with pytest.raises(config.ConfigError, match="two_stage_jobs: unknown job 'i_m-label_only-0'"):
        pair_orders.main([JOB])


@pytest.mark.usefixtures("project")
def test_the_trained_encoder_is_the_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the vision weights of the checkpoint set to nothing, no pair is in order any more, and the foundation's still are."""
    load = jobs.load_model

    def blind(job: config.Job, crop: str) -> tuple:
        model, processor, own = load(job, crop)
        for name, weight in model.body.named_parameters():
            if "vision" in name:
                weight.data.zero_()
        return model, processor, own

    monkeypatch.setattr(jobs, "load_model", blind)
    pair_orders.main([JOB])
    content = orders.read(paths.pair_orders(JOB))
    assert content.ordered[1].tolist() == [0.5] * 8
    assert content.ordered[0, content.cues == "halftone"].tolist() == [1.0] * 4

"""The stages `read_outs` and `read_out_figures` on a small model: whose chains stand behind which images, and what is read."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from fasrepro import config, crops, paths, schema
from fasrepro.captions.layouts import CONCLUSION
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses.read_outs import GREEDY, ChainScore
from fasrepro.evaluation.results import ReadOutFigures
from fasrepro.models.backbones import BackboneError
from fasrepro.models.inputs import append_tokens, encode_prompts
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.stages import read_out_figures, read_outs
from tests.faces import face
from tests.small_models import PROMPT, model_of, save_trained
from tests.stages import projects
from tests.training.small_runs import recipe

SIDES = {"i_m": (["replay"], ["msu"])}
JOB = "i_m-label_only-0"
SAMPLES = 2
OPENED = f"<Reasoning>soft light</Reasoning>\n<{CONCLUSION}>"


def chain(one: Face) -> str:
    """Return what the model wrote about a face; about one attack, no Conclusion."""
    ending = "" if one.presentation == "msu/test0_print" else f"<{CONCLUSION}>No</{CONCLUSION}>"
    return f"<Reasoning>{'a moire pattern' if one.label else 'soft light'}</Reasoning>\n{ending}"


@pytest.fixture
def project(
    tmp_path: Path, checkpoint: Path, picture: Callable[[int], Image.Image], monkeypatch: pytest.MonkeyPatch
) -> list[Face]:
    """A project's root with a trained job and its predictions; the faces of its index, two frames a video of the target."""
    monkeypatch.chdir(tmp_path)
    projects.write_params(
        evaluation={"replicates": 20},
        prediction={"batch_size": 3, "max_new_tokens": 3},
        read_outs={"samples": SAMPLES, "dev_faces": 4},
    )
    (job,) = projects.write_jobs(SIDES, [("i_m", "label_only")], [0])
    contents = yaml.safe_load(paths.JOBS.read_text(encoding="utf-8"))
    plain = schema.plain(recipe(checkpoint, prompt=PROMPT))
    contents["jobs"][JOB]["recipe"] = {name: value for name, value in plain.items() if name not in ("captions", "learning_rates")}
    contents["read_out_jobs"] = {JOB: {"protocol": "i_m", "conclusion_yes": "bona_fide"}}
    paths.JOBS.write_text(yaml.safe_dump(contents), encoding="utf-8")
    save_trained(checkpoint, paths.checkpoint(JOB))
    faces = []
    people = [(dataset, split, person) for dataset, split in (("replay", "dev"), ("msu", "test")) for person in range(3)]
    with crops.packed(paths.CROPS) as pack:
        for (dataset, split, person), species, frame in itertools.product(people, ("bona_fide", "print"), (4, 9)):
            subject = f"{dataset}/{split}{person}"
            one = face(f"{subject}_{species}", species, frame, subject=subject, split=split)
            data, sha256 = crops.encode(np.asarray(picture(len(faces))))
            pack(f"{one.face_id}.png", data)
            faces.append(dataclasses.replace(one, crop=f"{one.face_id}.png", crop_sha256=sha256))
    projects.write_faces(faces)
    projects.write_scores(job, lambda one: 0.75 if one.label else 0.25)
    projects.write_explanations(job, chain)
    return faces


def test_own_sampled_and_foreign_chains_are_read_behind_one_face_a_video(project: list[Face]) -> None:
    read_outs.main([JOB])
    first = paths.read_outs(JOB).read_bytes()
    rows = table.read(paths.read_outs(JOB), ChainScore)
    faces = {one.face_id: one for one in project}
    assert {faces[row.face_id].frame for row in rows} == {4}
    target = [row for row in rows if faces[row.face_id].dataset == "msu"]
    own = [row for row in target if row.donor == row.face_id and row.number == GREEDY]
    assert [row.face_id for row in own if not row.finished] == ["msu/test0_print#0004"]
    assert len(own) == 6
    assert sum(row.number > GREEDY for row in target) == 6 * SAMPLES
    forced = [row for row in target if row.donor != row.face_id]
    assert len(forced) == 5 * 2  # the image without a finished chain of its own has no pair, and lends none
    assert all(faces[row.face_id].subject != faces[row.donor].subject for row in forced)
    dev = [row for row in rows if faces[row.face_id].dataset == "replay"]
    assert len(dev) == 4 * (1 + SAMPLES)
    read_outs.main([JOB])
    assert paths.read_outs(JOB).read_bytes() == first

    read_out_figures.main([])
    figures = results.read(paths.READ_OUT_FIGURES, ReadOutFigures)
    (cell,) = figures.cells.values()
    assert (cell.chains.chains, cell.chains.unfinished, cell.pairs) == (6, 1, 10)
    assert figures.runs["i_m-label_only"].targets == ["msu"]


def test_a_chain_ends_where_its_conclusion_opens() -> None:
    assert read_outs.up_to_conclusion("<Reasoning>Dots.</Reasoning>\n<Conclusion>No</Conclusion>") == (
        "<Reasoning>Dots.</Reasoning>\n<Conclusion>"
    )
    assert read_outs.up_to_conclusion("<Reasoning>Dots.</Reasoning>\n<Conclu") is None


def test_without_such_a_job_there_are_no_figures(project: list[Face]) -> None:
    projects.write_jobs(SIDES, [("i_m", "label_only")], [0])
    read_out_figures.main([])
    figures = results.read(paths.READ_OUT_FIGURES, ReadOutFigures)
    assert (figures.cells, figures.runs) == ({}, {})
    with pytest.raises(config.ConfigError, match="read_out_jobs: unknown job 'i_m-label_only-0'"):
        read_outs.main([JOB])


@pytest.mark.parametrize("changed", [{"samples": 0}, {"temperature": 0.0}])
def test_no_samples_and_no_temperature_are_refused(project: list[Face], changed: dict[str, float]) -> None:
    projects.write_params(read_outs=changed)
    with pytest.raises(config.ConfigError, match="read_outs: samples must be at least 1, and temperature above 0"):
        read_outs.main([JOB])


def test_p_attack_is_that_of_the_next_word_in_any_batch(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    """Against a run over the prefix alone, whose last state is asked for the next token."""
    model, processor = model_of(checkpoint)
    chains = [OPENED, f"<Caption>a moire pattern over the face</Caption>{OPENED}"]
    images = [picture(0), picture(1)]
    together = read_outs.p_attack(model, processor, images, PROMPT, chains, Verdict.BONA_FIDE)
    ids = [
        processor.tokenizer(f"{chains[0]}{word}</{CONCLUSION}>", add_special_tokens=False)["input_ids"] for word in ("Yes", "No")
    ]
    place = next(place for place, (yes, no) in enumerate(zip(*ids, strict=False)) if yes != no)
    inputs = append_tokens(encode_prompts(processor, images[:1], PROMPT), ids[0][:place])
    with torch.inference_mode():
        last = model.body(**inputs, use_cache=False).logits[0, -1].float()
    yes, no = (last[token[place]] for token in ids)
    assert together[0] == pytest.approx(float(torch.softmax(torch.stack([yes, no]), 0)[1]), abs=1e-5)
    alone = read_outs.p_attack(model, processor, images[:1], PROMPT, chains[:1], Verdict.BONA_FIDE)
    assert alone[0] == pytest.approx(together[0], abs=1e-5)


def test_p_attack_turns_round_with_what_yes_means(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = model_of(checkpoint)
    values = [
        read_outs.p_attack(model, processor, [picture(0)], PROMPT, [OPENED], meaning)[0]
        for meaning in (Verdict.BONA_FIDE, Verdict.ATTACK)
    ]
    assert sum(values) == pytest.approx(1.0, abs=1e-6)
    assert values[0] != values[1]


def test_a_tokenizer_that_does_not_know_the_words_is_refused(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, _ = model_of(checkpoint)

    class Forgetful:
        """The processor, whose tokenizer writes every text alike."""

        def tokenizer(self, texts: list[str], **_: object) -> dict[str, list[list[int]]]:
            return {"input_ids": [[5, 6] for _ in texts]}

    with pytest.raises(BackboneError, match="does not tell Yes from No behind <Conclusion>: take another backbone"):
        read_outs.p_attack(model, Forgetful(), [picture(0)], PROMPT, [OPENED], Verdict.ATTACK)  # type: ignore[arg-type]

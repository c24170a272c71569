"""Stage `caption_models`: what each caption model can read, and whether it passes the gate -> results/caption_models.json."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from fasrepro import config, files, paths, stages
from fasrepro.captions.layouts import yes_or_no
from fasrepro.evaluation import caption_models, results
from fasrepro.evaluation.caption_models import FaceTexts
from fasrepro.evaluation.metrics import UNDECIDED
from fasrepro.evaluation.results import CaptionModels, EvaluationSettings
from fasrepro.evaluation.results.caption_models import CaptionModel, CaptionModelSettings, PartFigures, ShownText
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face
from fasrepro.stages import predictions
from fasrepro.training import captioners
from fasrepro.training.captioners import Captioner
from fasrepro.training.rewards import OPPOSITE, conclusion_in, lenient
from fasrepro.training.texts import FORMS, GREEDY, WrittenText

LABEL_OF = {Verdict.BONA_FIDE: 0, Verdict.ATTACK: 1}


def main(argv: list[str] | None = None) -> None:
    """Write results/caption_models.json; without caption models it holds none."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("caption_models", "evaluation")
    jobs = config.read_jobs()
    trained = {**jobs.sft_jobs, **jobs.grpo_jobs}
    gold = {caption_set: gold_sentences(caption_set) for caption_set in {job.gold for job in trained.values()}}
    faces = predictions.faces_by_id() if trained else {}
    present = predictions.visible_cues(faces.values())
    models: dict[str, CaptionModel] = {}
    for name, job in trained.items():
        rows = texts_of(name, job, faces, present)
        models[name] = described(name, job, rows, gold[job.gold], params.caption_models, params.evaluation)
        entry = captioners.entry_of(name)
        if entry in params.caption_models.shifted:
            shifted_name = captioners.name(f"{entry}_shifted", job.seed)
            models[shifted_name] = shifted_model(name, job, rows, gold[job.gold], params.caption_models, params.evaluation)
    results.write(paths.CAPTION_MODELS, CaptionModels(models, params.caption_models), params.evaluation.digits)
    for name, model in models.items():
        if model.missed is not None:
            weak = f"instrument too weak: {'; '.join(model.missed)}" if model.missed else "passes the gate"
            print(f"caption_models: {name}: {weak}")


def described(
    name: str,
    job: Captioner,
    rows: Mapping[str, list[FaceTexts]],
    gold: Collection[str],
    settings: CaptionModelSettings,
    evaluation: EvaluationSettings,
) -> CaptionModel:
    """Return what a model wrote in figures, with the log of its training; `gold`: sentences of the captions that it learnt."""
    parts = figures_of(rows, gold, evaluation)
    log = files.read_json(paths.captioner_log(name))
    reinforced = job.reinforcement is not None
    return CaptionModel(
        entry=captioners.entry_of(name),
        seed=job.seed,
        start="" if Path(job.start) == paths.FOUNDATION else Path(job.start).name,
        parts=parts,
        missed=None if reinforced else caption_models.missed(parts[settings.parts[0]], settings.gate),
        steps=log["steps"] if reinforced else [],
        texts=[ShownText(**text) for text in log["texts"]] if reinforced else [],
        faces_asked_about=log["faces"] if reinforced else 0,
    )


def shifted_model(
    name: str,
    job: Captioner,
    rows: Mapping[str, list[FaceTexts]],
    gold: Collection[str],
    settings: CaptionModelSettings,
    evaluation: EvaluationSettings,
) -> CaptionModel:
    """Return the figures of a model whose log-odds are shifted by what suits its dev people: bias alone, no better sight.

    The dev people have no figures: the shift is chosen on them.
    """
    dev, *others = settings.parts
    shift = caption_models.best_shift(rows[dev])
    moved = {part: caption_models.shifted(rows[part], shift) for part in others}
    return CaptionModel(
        entry=f"{captioners.entry_of(name)}_shifted",
        seed=job.seed,
        start=name,
        parts=figures_of(moved, gold, evaluation),
        missed=None,
        steps=[],
        texts=[],
        faces_asked_about=0,
    )


def gold_sentences(caption_set: str) -> frozenset[str]:
    """Return the sentences of a caption set."""
    captions = table.read(paths.captions(caption_set), Caption)
    return frozenset(sentence for caption in captions for sentence in caption_models.sentences(caption.text))


def figures_of(
    rows: Mapping[str, Sequence[FaceTexts]], gold: Collection[str], evaluation: EvaluationSettings
) -> dict[str, PartFigures]:
    """Return the figures of each part; intervals draw the same people for every model."""
    return {part: caption_models.summarise(of_part, gold, evaluation, f"caption models/{part}") for part, of_part in rows.items()}


def texts_of(
    name: str, job: Captioner, faces: Mapping[str, Face], present: Mapping[str, Sequence[str]] | None
) -> dict[str, list[FaceTexts]]:
    """Return what a model wrote about each face, by part; `faces` and the cues `present` in them by face_id."""
    written: dict[tuple[str, str], dict[int, WrittenText]] = {}
    for row in table.read(paths.caption_samples(name), WrittenText):
        written.setdefault((row.part, row.face_id), {})[row.number] = row
    verdicts = {word: LABEL_OF[verdict] for verdict, word in yes_or_no(Verdict(job.conclusion_yes)).items()}
    sign = 1.0 if Verdict(job.conclusion_yes) is Verdict.ATTACK else -1.0
    rows: dict[str, list[FaceTexts]] = {}
    for (part, face_id), texts in sorted(written.items()):
        greedy, face = texts[GREEDY], faces[face_id]
        samples = [texts[number] for number in sorted(texts) if number != GREEDY]
        row = FaceTexts(
            face=face,
            text=greedy.text,
            verdict=verdict_of(greedy.text, FORMS[job.form], verdicts),
            samples=tuple(verdict_of(sample.text, FORMS[job.form], verdicts) for sample in samples),
            attack_log_odds=sign * greedy.yes_log_odds,
            present=None if present is None or face_id not in present else frozenset(present[face_id]),
            exploits=all(lenient(greedy.text, word) > 0 for word in OPPOSITE),
        )
        rows.setdefault(part, []).append(row)
    return rows


def verdict_of(text: str, tags: Sequence[str], verdicts: Mapping[str, int]) -> int:
    """Return the label that a text concludes with; -1 for one that is not these tags."""
    word = conclusion_in(tags, text)
    return UNDECIDED if word is None else verdicts[word]


if __name__ == "__main__":
    stages.run(main)

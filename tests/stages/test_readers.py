"""The stage on four texts of two runs, by every reader and in every variant."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fasrepro import config, paths
from fasrepro.captions.styles import OF_LABEL, STYLES
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label
from fasrepro.rows.scores import Judgement
from fasrepro.rows.table import RowError
from fasrepro.rows.training import TrainRow
from fasrepro.stages import readers
from tests.faces import face
from tests.stages import projects

SPECIES = ("bona_fide", "print")
TEXTS = ["Fine skin. This is a bona fide face.", "Dots. This is a presentation attack.", "A person with brown hair", ""]
TARGET = [face(f"msu/x{number}", SPECIES[number % 2], split="test") for number in range(len(TEXTS))]
SOURCE = [face(f"replay/{split}_{species}", species, split=split) for split in ("train", "dev") for species in SPECIES]
RUNS = ("vanilla", "label_only")
LIVE, ATTACK, UNDECIDED = Verdict.BONA_FIDE, Verdict.ATTACK, Verdict.UNDECIDED
EXPECTED = {
    "lexical": [LIVE, ATTACK, UNDECIDED, UNDECIDED],
    "lexical_cut": [UNDECIDED] * 4,  # neither "fine skin" nor "dots" is a sign in the lexical rule
    "lexical_flipped": [ATTACK, LIVE, UNDECIDED, UNDECIDED],
    "tfidf": [LIVE, ATTACK, UNDECIDED, UNDECIDED],
    "tfidf_cut": [LIVE, ATTACK, UNDECIDED, UNDECIDED],
    "tfidf_flipped": [LIVE, ATTACK, UNDECIDED, UNDECIDED],
    "api": [LIVE, ATTACK, UNDECIDED, UNDECIDED],
    "api_cut": [UNDECIDED] * 4,
    "api_flipped": [ATTACK, LIVE, UNDECIDED, UNDECIDED],
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASREPRO_STORE", raising=False)
    projects.write_params(simulated={"reader_error": 0.0})
    jobs = projects.write_jobs({"i_m": (["replay"], ["msu"])}, [("i_m", run) for run in RUNS], [0])
    projects.write_faces([*SOURCE, *TARGET])
    text_of = {one.face_id: text for one, text in zip(TARGET, TEXTS, strict=True)}
    for job in jobs:
        projects.write_explanations(job, lambda one: text_of[one.face_id])
    rows = [
        TrainRow(f"replay/t{n}#0004", "replay", SPECIES[label], Label(label), "", "", "vanilla", caption)
        for n, (caption, label) in enumerate([("fine skin", 0), ("dots", 1)] * 3)
    ]
    table.write(paths.trainset("t"), rows, TrainRow)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_every_reader_judges_every_variant_of_every_text() -> None:
    readers.main([])
    rows = table.read(paths.JUDGEMENTS, Judgement)
    assert len(rows) == len(RUNS) * len(EXPECTED) * len(TEXTS)
    for run in RUNS:
        for reader, verdicts in EXPECTED.items():
            assert [row.verdict for row in rows if (row.reader, row.run) == (reader, run)] == verdicts, reader


@pytest.mark.parametrize("style", ["cot", "cot_yes_attack"])
@pytest.mark.usefixtures("project")
def test_a_conclusion_of_yes_or_no_is_read_as_the_run_s_captions_mean_it(style: str) -> None:
    form = STYLES[style].form

    def tagged(signs: str, verdict: Verdict) -> str:
        return form.write(
            ["A person.", "The face is old.", "The skin is fair.", f"{signs} can be seen.", "There is none."], verdict
        )

    texts = [tagged("Pores", LIVE), tagged("Dots", ATTACK), "A person with brown hair", ""]
    text_of = {one.face_id: text for one, text in zip(TARGET, texts, strict=True)}
    for job in config.load_jobs().values():
        projects.write_explanations(job, lambda one: text_of[one.face_id])
    rows = [
        TrainRow(
            f"replay/t{n}#0004", "replay", SPECIES[label], Label(label), "", "", style, tagged(signs, OF_LABEL[Label(label)])
        )
        for n, (signs, label) in enumerate([("Pores", 0), ("Dots", 1)] * 3)
    ]
    table.write(paths.trainset("t"), rows, TrainRow)
    readers.main([])
    verdicts: dict[str, list[Verdict]] = {}
    for row in table.read(paths.JUDGEMENTS, Judgement):
        if row.run == RUNS[0]:
            verdicts.setdefault(row.reader, []).append(row.verdict)
    for reader in ("lexical", "tfidf", "api"):
        assert verdicts[reader][:2] == [LIVE, ATTACK], reader
    for reader in ("lexical", "api"):
        assert verdicts[f"{reader}_cut"][:2] == [UNDECIDED] * 2, reader  # so nothing of the conclusion was left
        assert verdicts[f"{reader}_flipped"][:2] == [ATTACK, LIVE], reader
    assert verdicts["tfidf_cut"][:2] == verdicts["tfidf_flipped"][:2] == [LIVE, ATTACK]  # it learnt pores and dots, no verdict


@pytest.mark.usefixtures("project")
def test_the_same_bytes_come_out_again_from_an_empty_store() -> None:
    readers.main([])
    first = paths.JUDGEMENTS.read_bytes()
    shutil.rmtree(paths.store())
    readers.main([])
    assert paths.JUDGEMENTS.read_bytes() == first


@pytest.mark.usefixtures("project")
def test_readers_over_the_network_read_few_videos() -> None:
    projects.write_params(simulated={"reader_error": 0.0}, judging={"network_videos": 2})
    readers.main([])
    read: dict[str, set[str]] = {}
    for row in table.read(paths.JUDGEMENTS, Judgement):
        read.setdefault(row.reader, set()).add(row.face_id)
    faces = {one.face_id: one for one in TARGET}
    assert sorted(faces[face_id].label for face_id in read["api"]) == [0, 1]
    assert read["lexical"] == set(faces)


@pytest.mark.usefixtures("project")
def test_a_job_without_explanations_is_named() -> None:
    paths.explanations("i_m-vanilla-0").unlink()
    with pytest.raises(RowError, match=r"i_m-vanilla-0/explanations\.parquet: no such table"):
        readers.main([])


@pytest.mark.usefixtures("project")
def test_without_a_reader_the_remedy_is_named() -> None:
    projects.write_params(judging={"readers": []})
    with pytest.raises(config.ConfigError, match=r"judging\.readers: name at least one of lexical, tfidf, api"):
        readers.main([])

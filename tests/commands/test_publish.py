"""`fasrepro publish`: what it writes can be read as a repository of the hub, and holds no face, no path and no secret."""

from __future__ import annotations

import dataclasses
import io
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from fasrepro import cli, files, paths
from fasrepro.captions.layouts import TAGS
from fasrepro.captions.styles import STYLES
from fasrepro.commands import publish
from fasrepro.crops import read_crop
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Label
from tests.layout import ROOT

SECRET = "sk-very-secret-0123456789abcdef"
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"WEBP", b"II*\x00", b"IDAT", b"JFIF")
COMMAND = ["publish", "--set", "vanilla", "--set", "prose", "--licence", "cc-by-4.0"]


def caption(face: Any, style: str, number: int, **changes: Any) -> Caption:
    verdict = Verdict.ATTACK if face.label is Label.ATTACK else Verdict.BONA_FIDE
    version = STYLES["vanilla"].prompt_version(True, face.species)
    row = Caption(face.face_id, style, f"Some words on face {number}.", verdict, version, "simulated-annotator", True, 1, "key")
    return dataclasses.replace(row, **changes)


@pytest.fixture
def project(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    shutil.copytree(world.root / "results", root / "results")
    monkeypatch.chdir(root)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(tmp_path / "archives"))
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["captions"]["theirs"] = {"style": "vanilla", "author": "published", "table": "t.parquet"}
    params["captions"]["their_prose"] = {"derived": "prose", "of": "their_reasoning"}
    params["captions"]["their_reasoning"] = {"style": "reasoning", "author": "published", "table": "t.parquet"}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    rows = [caption(face, "vanilla", number) for number, face in enumerate(world.faces)]
    rows[0] = dataclasses.replace(rows[0], model="people", prompt_version="vanilla-1-people")
    table.write(paths.captions("vanilla"), rows, Caption)
    table.write(paths.captions("prose"), [dataclasses.replace(row, style="prose") for row in rows], Caption)
    return root


def contents(folder: Path) -> list[bytes]:
    """Return everything that was written: every file, and every value of every table, which the files hold compressed."""
    parts = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for path in folder.rglob("*.parquet"):
        read = pq.read_table(path)
        parts += [str(value).encode() for column in read.columns for value in column.to_pylist()]
        parts.append(str(read.schema.metadata).encode())
    return parts


def traces_of(faces: Any, folder: Path, tmp_path: Path) -> list[bytes]:
    """Return what of pictures, paths and secrets is in a folder that was written."""
    written = contents(folder)
    forbidden = [*PICTURES, SECRET.encode(), str(tmp_path).encode(), str(Path.home()).encode() + b"/", str(ROOT).encode()]
    for face in faces:
        pixels = np.asarray(read_crop(paths.CROPS, face.crop, face.crop_sha256))
        forbidden += [pixels[row].tobytes()[:16] for row in (0, len(pixels) // 2)]
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, format="PNG")
        forbidden.append(encoded.getvalue()[40:72])
        forbidden.append(face.crop.encode() + b"'")
    return [trace for trace in forbidden if any(trace in part for part in written)]


def check_columns(folder: Path) -> None:
    """Check that no column could hold a picture."""
    for path in folder.rglob("*.parquet"):
        for field in pq.read_schema(path):
            number = pa.types.is_int64(field.type) or field.type == pa.list_(pa.int64())
            assert pa.types.is_string(field.type) or pa.types.is_boolean(field.type) or number, field  # no bytes, no image
            assert pa.types.is_string(field.type) or field.name in ("frame", "box", "label_aware"), field


def test_a_dry_run_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(project.rglob("*"))
    assert cli.main(COMMAND[:-2]) == 0
    output = capsys.readouterr().out
    assert "vanilla/train.parquet: 45 captions" in output and "# Captions for face anti-spoofing" in output
    assert "Nothing was written: --to FOLDER --licence NAME writes it." in output
    assert sorted(project.rglob("*")) == before


def test_nothing_that_is_written_holds_a_face_a_path_or_a_secret(project: Path, world: Any, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert cli.main([*COMMAND, "--to", str(folder)]) == 0
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "README.md",
        "prose/train.parquet",
        "vanilla/train.parquet",
    ]
    assert not list(tmp_path.glob(".publish-*"))
    assert traces_of(world.faces, folder, tmp_path) == []
    check_columns(folder)


def test_the_search_would_find_a_crop(project: Path, world: Any, tmp_path: Path) -> None:
    face = world.faces[0]
    pixels = np.asarray(read_crop(paths.CROPS, face.crop, face.crop_sha256))
    pq.write_table(pa.table({"image": [pixels.tobytes()]}), tmp_path / "t.parquet", compression="none")
    assert any(pixels[0].tobytes()[:16] in part for part in contents(tmp_path) if part)


def test_the_folder_is_a_repository_that_datasets_reads(project: Path, world: Any, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert cli.main([*COMMAND, "--to", str(folder)]) == 0
    assert sorted(datasets.get_dataset_config_names(str(folder))) == ["prose", "vanilla"]
    rows = list(datasets.load_dataset(str(folder), "vanilla", split="train", streaming=True))
    assert list(rows[0]) == list(publish.COLUMNS) and len(rows) == len(world.faces) == 45
    by_face = {row["face_id"]: row for row in rows}
    first, second = world.faces[0], world.faces[1]
    assert (by_face[first.face_id]["author"], by_face[first.face_id]["prompt"]) == ("people", "")
    print_row = by_face[second.face_id]
    assert (print_row["label"], print_row["text"], print_row["box"]) == ("attack", "Some words on face 1.", list(second.box))
    assert print_row["prompt"] == STYLES["vanilla"].aware_prompt(second.label, second.species)
    prose = list(datasets.load_dataset(str(folder), "prose", split="train", streaming=True))
    assert {row["prompt"] for row in prose} == {""}


def test_the_card_says_what_the_hub_and_a_reader_ask(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert cli.main([*COMMAND, "--to", str(folder), "--name", "Ours"]) == 0
    _, header, text = (folder / "README.md").read_text().split("---\n", 2)
    fields = yaml.safe_load(header)
    assert (fields["license"], fields["pretty_name"], fields["size_categories"]) == ("cc-by-4.0", "Ours", ["n<1K"])
    assert [one["config_name"] for one in fields["configs"]] == ["vanilla", "prose"]
    assert "| `vanilla` | 45 | 15 | 30 | 1 |" in text
    assert "| MSU-MFSD, drawn in its layout | 45 |" in text
    assert "- `vanilla`: style `vanilla`, written by a program that knows the cues" in text
    assert "- `prose`: made from `reasoning` by a fixed rule. What it lacks: " in text
    for column in publish.COLUMNS:
        assert f"- `{column}`: " in text
    assert all(f"## {title}\n" in text for title in ("What is not in it", "Known limits", "Sources"))


@pytest.fixture
def tagged(project: Path, world: Any) -> dict[str, str]:
    """Sets `gold` and `silver` in six tags in that project; returns the texts of silver by face."""
    params = yaml.safe_load((project / "params.yaml").read_text())
    params["captions"]["gold"] = {"style": "cot", "author": "annotator"}
    params["captions"]["silver"] = {"style": "cot", "author": "captioner", "captioner": "grpo-0", "faces": {"part": "C"}}
    (project / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    form = STYLES["cot"].form
    rows = []
    for number, face in enumerate(world.faces):
        verdict = Verdict.ATTACK if face.label is Label.ATTACK else Verdict.BONA_FIDE
        row = caption(face, "cot", number, text=form.write([f"Part {part} of {number}." for part in range(5)], verdict))
        rows.append(dataclasses.replace(row, prompt_version=STYLES["cot"].prompt_version(True, face.species)))
    table.write(paths.captions("gold"), rows, Caption)
    own = [dataclasses.replace(row, model="grpo-0", prompt_version="own", label_aware=False) for row in rows[:6]]
    table.write(paths.captions("silver"), own, Caption)
    funnel = {"written": 9, "parsed": 8, "right": 6, "accepted": 6}
    files.write_json(paths.captions_report("silver"), {"prompt": "Is it real?", "prompt_version": "own", "funnel": funnel})
    return {row.face_id: row.text for row in own}


def test_captions_in_tags_are_a_question_and_six_answers(tagged: dict[str, str], world: Any, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert cli.main(["publish", "--set", "gold", "--set", "silver", "--licence", "cc-by-4.0", "--to", str(folder)]) == 0
    rows = list(datasets.load_dataset(str(folder), "silver", split="train", streaming=True))
    assert list(rows[0]) == [*publish.COLUMNS, *publish.ASKED]
    for row in rows:
        answers = [row[name] for name in publish.ANSWERS]
        text = "\n".join(f"<{tag}>{answer}</{tag}>" for tag, answer in zip(TAGS, answers, strict=True))
        assert text == row["text"] == tagged[row["face_id"]]
        assert row["conclusion"] == ("No" if row["label"] == "attack" else "Yes")
        assert (row["model"], row["prompt"], row["label_aware"]) == ("grpo-0", "Is it real?", False)
    gold = list(datasets.load_dataset(str(folder), "gold", split="train", streaming=True))
    assert {row["question"] for row in (*rows, *gold)} == {STYLES["cot"].blind_prompt()}  # it tells no label
    assert traces_of(world.faces, folder, tmp_path) == []
    check_columns(folder)
    _, header, text = (folder / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(header)["task_categories"] == ["image-to-text", "visual-question-answering"]
    assert "- `silver`: style `cot`, written by the caption model `grpo-0`" in text
    assert (
        "has the form of its style and states the face's label: 6 of 9. Of the 8 that have the form, 6 state the label." in text
    )
    assert all(f"- `{column}`: " in text for column in publish.ASKED)


def test_a_caption_without_its_tags_is_not_published_as_answers(
    tagged: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table.read(paths.captions("silver"), Caption)
    table.write(paths.captions("silver"), [dataclasses.replace(rows[0], text="Dots."), *rows[1:]], Caption)
    assert cli.main(["publish", "--set", "silver", "--licence", "cc-by-4.0", "--to", str(tmp_path / "out")]) == 1
    assert f"{rows[0].face_id} has no six tags (" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize("trace", ["{here}/results/crops", SECRET, "{archives}"])
def test_a_path_or_a_secret_in_a_text_is_named_and_nothing_written(
    trace: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table.read(paths.captions("vanilla"), Caption)
    text = f"As in {trace.format(here=project, archives=tmp_path / 'archives')} one sees."
    table.write(paths.captions("vanilla"), [dataclasses.replace(rows[0], text=text), *rows[1:]], Caption)
    assert cli.main([*COMMAND, "--to", str(tmp_path / "published")]) == 1
    message = capsys.readouterr().err
    assert (
        f"vanilla: {rows[0].face_id}: text holds a path of this machine or a secret; mend it in reviews/vanilla.jsonl" in message
    )
    assert not (tmp_path / "published").exists()


def test_a_model_in_a_folder_is_called_by_its_own_name(project: Path) -> None:
    (project / "served").mkdir()
    assert publish.model_name(str(project / "served")) == "served"
    assert publish.model_name("owner/model-2b") == "owner/model-2b"


def test_captions_of_others_are_not_published(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["publish", "--set", "theirs"]) == 1
    assert "caption set 'theirs' holds captions that others published: they are not ours" in capsys.readouterr().err
    params = publish.config.load("captions")
    ours = publish.publishable(params.captions, [], params.captions)
    assert not {"theirs", "their_prose", "their_reasoning"} & set(ours) and {"vanilla", "prose"} <= set(ours)


def test_what_cannot_be_written_is_an_error_with_its_remedy(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").mkdir()
    for arguments, message in (
        (["publish", "--to", "x"], "name the licence under which you publish"),
        ([*COMMAND, "--to", str(tmp_path / "taken")], "taken: exists already"),
        (["publish", "--set", "vanila"], "unknown caption set 'vanila'. Did you mean 'vanilla'"),
        (["publish", "--set", "blind"], "results/captions/blind.parquet: no such table; `dvc repro` makes it"),
    ):
        assert cli.main(arguments) == 1
        assert message in capsys.readouterr().err

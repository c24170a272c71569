"""`fasrepro publish`: captions and what is known of their faces, without any face, as a folder for the Hugging Face hub.

Captions in six tags are published as answers to a question as well: a data set for visual question answering.

Without --to it prints what it would write. It uploads nothing: `hf upload OWNER/NAME FOLDER --repo-type dataset` does. Captions
that others published are theirs, and are left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from fasrepro import __version__, config, files, paths
from fasrepro.captions import cot, review, sets
from fasrepro.captions.layouts import FormError
from fasrepro.captions.sets import CaptionSet, CaptionSetError
from fasrepro.captions.styles import with_own_prompt
from fasrepro.datasets import DATASETS
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face, Label
from fasrepro.simulation.annotator import SIMULATED

KEYS = ("archives", "synthetic", "annotator", "parts", "captions")
CARD = "README.md"
SIZES = {"n<1K": 10**3, "1K<n<10K": 10**4, "10K<n<100K": 10**5, "100K<n<1M": 10**6, "1M<n<10M": 10**7}  # the hub's words
# Column -> its type, and what it holds. None holds an image: a test looks.
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "face_id": (pa.string(), "the frame: presentation and number"),
    "dataset": (pa.string(), "the data set that the face is of"),
    "split": (pa.string(), "its part of that data set"),
    "subject": (pa.string(), "the person, as the data set numbers them"),
    "presentation": (pa.string(), "the video or image, by its official name without suffix"),
    "frame": (pa.int64(), "number of the frame in the video, from 0"),
    "box": (pa.list_(pa.int64()), "of the face: x, y, width, height in pixels of the frame"),
    "crop_sha256": (pa.string(), "of the crop's pixels, by which a crop made again can be checked"),
    "label": (pa.string(), "bona_fide or attack"),
    "species": (pa.string(), "bona_fide, or the kind of attack"),
    "instrument": (pa.string(), "the data set's own word for the attack"),
    "text": (pa.string(), "the caption"),
    "verdict": (pa.string(), "that the caption states: bona_fide, attack or undecided"),
    "author": (pa.string(), "model, or people where a person wrote or mended it"),
    "model": (pa.string(), "which model"),
    "prompt": (pa.string(), "as the model was asked; empty for people, and for a caption made from another"),
    "prompt_version": (pa.string(), "changes with every word of the prompt"),
    "label_aware": (pa.bool_(), "whether the author was told label and species"),
}
# Beside those, of captions in six tags: a question about the image, and an answer a tag, which together are the caption.
QUESTION = "question"
ANSWERS: dict[str, tuple[pa.DataType, str]] = {
    tag.lower().replace(" ", "_"): (pa.string(), f"of the tag <{tag}>: {asked}") for tag, asked in cot.ASKED.items()
}
ASKED: dict[str, tuple[pa.DataType, str]] = {
    QUESTION: (pa.string(), "that the six answers answer; it says nothing of the label"),
    **ANSWERS,
}
NOT_IN_IT = """No face: no image, no crop, no video, and no vector computed from one. A row names its frame, so that whoever has
the data set under its licence can find the face again; `crop_sha256` tells whether it is the same crop. The box is the only
measure of a face."""
SECRET = re.compile(r"\b(?:sk-|hf_)[A-Za-z0-9_-]{16,}")


@dataclasses.dataclass(frozen=True)
class Part:
    """One caption set as it is published: its name, its entry in params.yaml, and its rows."""

    name: str
    entry: CaptionSet
    rows: list[dict[str, Any]]

    @property
    def path(self) -> str:
        """Its file in the folder."""
        return f"{self.name}/train.parquet"

    @property
    def columns(self) -> dict[str, tuple[pa.DataType, str]]:
        """Its columns: type and meaning by name."""
        return COLUMNS | ASKED if has_answers(self.entry) else COLUMNS


def has_answers(entry: CaptionSet) -> bool:
    """Return whether a set's captions are answers in six tags."""
    return not entry.is_derived and bool(entry.written_style.form.conclusion)


def publishable(captions: Mapping[str, CaptionSet], wanted: Sequence[str], at_hand: Collection[str]) -> list[str]:
    """Return the names of the sets to publish: those wanted, by default all `at_hand` that are ours.

    Raises:
        CaptionSetError: a wanted set is unknown, or others published it or the set that it is derived from.
    """
    sets.check(captions)
    theirs = [
        name for name in captions if any(captions[origin].author == sets.PUBLISHED for origin in sets.origins(captions, name))
    ]
    for name in wanted:
        sets.lookup(captions, name)
        if name in theirs:
            raise CaptionSetError(f"caption set {name!r} holds captions that others published: they are not ours to publish")
    return list(dict.fromkeys(wanted)) or [name for name in at_hand if name not in theirs]


def read_part(
    name: str, entry: CaptionSet, faces: Mapping[str, Face], prompts: Callable[[Label, str], Mapping[str, str]]
) -> Part:
    """Return a caption set with what is known of its faces; `faces` by face_id, `prompts` as `prompts_of` returns them.

    Raises:
        ValueError: the set has no table, a caption whose face is gone, or one without the six tags that its style asks for.
    """
    rows: list[dict[str, Any]] = []
    for caption in table.read(paths.captions(name), Caption):
        if caption.face_id not in faces:
            raise ValueError(f"{paths.captions(name)}: {caption.face_id} is in no table of {paths.FACES}; run `dvc repro`")
        face, by_people = faces[caption.face_id], caption.model == review.MODEL
        rows.append(
            {
                "face_id": face.face_id,
                "dataset": face.dataset,
                "split": face.split,
                "subject": face.subject,
                "presentation": face.presentation,
                "frame": face.frame,
                "box": list(face.box),
                "crop_sha256": face.crop_sha256,
                "label": face.label.name.lower(),
                "species": face.species,
                "instrument": face.instrument,
                "text": caption.text,
                "verdict": caption.verdict.value,
                "author": "people" if by_people else "model",
                "model": "" if by_people else model_name(caption.model),
                "prompt": prompts(face.label, face.species).get(caption.prompt_version, ""),
                "prompt_version": caption.prompt_version,
                "label_aware": caption.label_aware,
            }
        )
        if has_answers(entry):
            rows[-1] |= answers(name, entry, caption)
    return Part(name, entry, rows)


def answers(name: str, entry: CaptionSet, caption: Caption) -> dict[str, str]:
    """Return the question about a face and the answer in each tag. Raises `ValueError` for a caption without the six tags."""
    try:
        parts = entry.written_style.form.split(caption.text)
    except FormError as error:
        raise ValueError(
            f"{paths.captions(name)}: {caption.face_id} has no six tags ({error}): publish a set with `accept: {{form: true}}`"
        ) from None
    return {QUESTION: entry.written_style.blind_prompt(), **dict(zip(ANSWERS, parts, strict=True))}


def model_name(model: str) -> str:
    """Return a model's name; of one in a folder of this machine, the folder's own name."""
    return Path(model).name if Path(model).expanduser().exists() else model


def prompts_of(name: str, entry: CaptionSet, annotator: config.Annotator) -> Callable[[Label, str], dict[str, str]]:
    """Return what gives the prompts of a set by version, for a label and a species; of a derived set there are none."""
    if entry.is_derived:
        return lambda label, species: {}
    if entry.author == sets.CAPTIONER:
        report = files.read_json(paths.captions_report(name))
        return lambda label, species: {report["prompt_version"]: report["prompt"]}
    style = with_own_prompt(entry.written_style, annotator.prompt)
    return functools.cache(lambda label, species: dict(style.prompts(annotator.label_aware, label, species)))


def check_no_traces(parts: Sequence[Part], card: str) -> None:
    """Raise `ValueError` for a text that holds a path of this machine or a secret."""
    traces = _traces()
    for part in parts:
        for row in part.rows:
            for column, value in row.items():
                if isinstance(value, str) and _has_trace(value, traces):
                    remedy = f"mend it in {paths.review(part.name)}, or set another model, and run `dvc repro`"
                    raise ValueError(
                        f"{part.name}: {row['face_id']}: {column} holds a path of this machine or a secret; {remedy}"
                    )
    if _has_trace(card, traces):
        raise ValueError(f"{CARD} would hold a path of this machine or a secret: look at --licence and --name")


def _traces() -> set[str]:
    """Return what must stand in no published text: folders of this machine, and the values of secrets."""
    places = {str(Path.home()), str(Path.cwd()), tempfile.gettempdir()}
    places |= {os.environ.get(name, "") for name in ("FASREPRO_ARCHIVES", "FASREPRO_STORE", "OPENAI_API_KEY", "HF_TOKEN")}
    return {place for place in places if len(place) > len("/x")}  # a home of "/" or "." stands in any text


def _has_trace(text: str, traces: Collection[str]) -> bool:
    return bool(SECRET.search(text)) or any(re.search(rf"(?<!\w){re.escape(trace)}(?!\w)", text) for trace in traces)


def card(parts: Sequence[Part], params: SimpleNamespace, licence: str, name: str) -> str:
    """Return the data card: the header in YAML that the hub reads, and the text that people read."""
    total = sum(len(part.rows) for part in parts)
    tasks = ["image-to-text"]
    if any(has_answers(part.entry) for part in parts):
        tasks.append("visual-question-answering")
    header = {
        "license": licence,
        "language": ["en"],
        "pretty_name": name,
        "task_categories": tasks,
        "tags": ["face-anti-spoofing", "presentation-attack-detection"],
        "size_categories": [next(size for size, most in SIZES.items() if total < most)],
        "configs": [{"config_name": part.name, "data_files": [{"split": "train", "path": part.path}]} for part in parts],
    }
    sections = {
        "What is in it": _contents(parts, params),
        "What is not in it": NOT_IN_IT,
        "Columns": _columns(parts),
        "Sources": _sources(parts, params),
        "How the captions were made": "\n".join(f"- `{part.name}`: {_made(part, params)}" for part in parts),
        "Known limits": _limits(params),
    }
    text = "\n\n".join(f"## {title}\n\n{body}" for title, body in sections.items())
    written_by = f"Written by fasrepro {__version__}, the companion of two papers on face anti-spoofing with language models."
    return f"---\n{yaml.safe_dump(header, sort_keys=False)}---\n\n# {name}\n\n{written_by}\n\n{text}\n"


def _columns(parts: Sequence[Part]) -> str:
    """Return the meaning of each column, and of those that captions in tags have beside them."""
    lines = [f"- `{column}`: {meaning}" for column, (_, meaning) in COLUMNS.items()]
    tagged = [f"`{part.name}`" for part in parts if has_answers(part.entry)]
    if tagged:
        lines += ["", f"Of {', '.join(tagged)} also:", ""]
        lines += [f"- `{column}`: {meaning}" for column, (_, meaning) in ASKED.items()]
    return "\n".join(lines)


def _contents(parts: Sequence[Part], params: SimpleNamespace) -> str:
    """Return the counts of each set, by data set and label."""
    lines = ["| captions | faces | bona fide | attacks | by people |", "| --- | --- | --- | --- | --- |"]
    for part in parts:
        labels = Counter(row["label"] for row in part.rows)
        people = sum(row["author"] == "people" for row in part.rows)
        lines.append(f"| `{part.name}` | {len(part.rows)} | {labels['bona_fide']} | {labels['attack']} | {people} |")
    drawn = "\n\nThe faces were drawn by a program: these captions are about nobody." if _is_drawn(params) else ""
    return "\n".join(lines) + drawn


def _is_drawn(params: SimpleNamespace) -> bool:
    return bool(params.archives.source == "synthetic")


def _sources(parts: Sequence[Part], params: SimpleNamespace) -> str:
    """Return the data sets, their terms, and how many faces have a caption."""
    faces: dict[str, set[str]] = {}
    for part in parts:
        for row in part.rows:
            faces.setdefault(row["dataset"], set()).add(row["face_id"])
    lines = ["| data set | faces | terms of its faces |", "| --- | --- | --- |"]
    for name in (name for name in DATASETS if name in faces):
        title = f"{DATASETS[name].title}, drawn in its layout" if _is_drawn(params) else DATASETS[name].title
        terms = "none: its faces are drawn" if _is_drawn(params) else DATASETS[name].licence
        lines.append(f"| {title} | {len(faces[name])} | {terms} |")
    return "\n".join(lines)


def _made(part: Part, params: SimpleNamespace) -> str:
    """Return how the captions of a set were made."""
    if part.entry.is_derived:
        sources = " and ".join(f"`{name}`" for name in part.entry.parents)
        return f"made from {sources} by a fixed rule. What it lacks: {part.entry.lacks}."
    if part.entry.author == sets.CAPTIONER:
        return _made_by_captioner(part)
    label_aware = any(row["label_aware"] for row in part.rows)
    models = ", ".join(sorted({row["model"] for row in part.rows if row["model"]}))
    who = f"a program that knows the cues in a drawn image and looks at none ({models})" if _simulated(params) else models
    knew = "was told label and species, so that a caption justifies a label" if label_aware else "was not told the label"
    return f"style `{part.entry.style}`, written by {who or 'people'}, who {knew}. The prompt stands in each row."


def _made_by_captioner(part: Part) -> str:
    """Return which texts of a caption model are kept, and how many."""
    funnel = files.read_json(paths.captions_report(part.name))["funnel"]
    conditions = {"has the form of its style": part.entry.accept.form, "states the face's label": part.entry.accept.label}
    kept = " and ".join(condition for condition, asked in conditions.items() if asked) or "is not empty"
    return (
        f"style `{part.entry.style}`, written by the caption model `{part.entry.captioner}`, which was trained on captions and"
        f" asked without the label. Kept is each text that {kept}: {funnel['accepted']} of {funnel['written']}. Of the"
        f" {funnel['parsed']} that have the form, {funnel['right']} state the label."
    )


def _simulated(params: SimpleNamespace) -> bool:
    return bool(params.annotator.base_url == SIMULATED)


def _limits(params: SimpleNamespace) -> str:
    """Return what a reader must know before using the captions."""
    limits = [
        "A caption was checked for its form, its length and its verdict, not for the truth of what it says of the image.",
        "Captions that a model refused to write are missing, so that some kinds of face may be rarer than in their data set.",
        "Only the official train faces of the data sets were captioned; some data sets weigh more than others.",
        "A name of a subject is the data set's number. Nobody may try to find out who it is.",
    ]
    if _simulated(params):
        limits.insert(0, "Templates and known cues made these texts: they say nothing about how a model describes faces.")
    return "\n".join(f"- {limit}" for limit in limits)


def write(folder: Path, parts: Sequence[Part], text: str) -> None:
    """Write the card and a Parquet file a set, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".publish-", dir=folder.parent) as work,
        files.replaced_folder(folder, Path(work)) as unfinished,
    ):
        for part in parts:
            (unfinished / part.path).parent.mkdir()
            schema = pa.schema([(column, kind) for column, (kind, _) in part.columns.items()])
            pq.write_table(pa.Table.from_pylist(part.rows, schema=schema), unfinished / part.path)
        files.write_text(unfinished / CARD, text)


def summary(parts: Sequence[Part], text: str) -> Iterator[str]:
    """Yield what would be written."""
    for part in parts:
        yield f"{part.path}: {len(part.rows)} captions, {len(part.columns)} columns"
    yield f"{CARD}:\n\n{text}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--set", action="append", default=[], help="a caption set; may be repeated; by default all of yours")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write the folder; without it, print what would be written")
    parser.add_argument(
        "--licence", default="", help="of the captions, by its name on the hub, such as cc-by-4.0; needed with --to"
    )
    parser.add_argument("--name", default="Captions for face anti-spoofing", help="the title of the data card")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the folder."""
    params = config.load(*KEYS)
    if arguments.to is not None and not arguments.licence:
        raise ValueError("name the licence under which you publish the captions, as in --licence cc-by-4.0")
    if arguments.to is not None and arguments.to.exists():
        raise ValueError(f"{arguments.to}: exists already; name another folder, or delete it")
    faces = {face.face_id: face for face in table.read_all(paths.FACES, Face)}
    parts = []
    at_hand, _ = sets.without_absent(params.captions, params.parts, params.archives.datasets)
    for name in publishable(params.captions, arguments.set, at_hand):
        entry = params.captions[name]
        parts.append(read_part(name, entry, faces, prompts_of(name, entry, params.annotator)))
    text = card(parts, params, arguments.licence or "unknown", arguments.name)
    check_no_traces(parts, text)
    if arguments.to is None:
        print("\n".join(summary(parts, text)))
        print("Nothing was written: --to FOLDER --licence NAME writes it.")
        return 0
    write(arguments.to, parts, text)
    print(f"{arguments.to}: {len(parts)} caption sets, {sum(len(part.rows) for part in parts)} captions, and {CARD}")
    print(f"Look through it, then upload it yourself: hf upload OWNER/NAME {arguments.to} --repo-type dataset")
    return 0

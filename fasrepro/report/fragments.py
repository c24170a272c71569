"""Pieces of MyST that pages include, and the values that they substitute: all numbers of the book's prose come from here."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import files
from fasrepro.datasets import DATASETS
from fasrepro.report import gallery
from fasrepro.rows.faces import BONA_FIDE_SPECIES, SPLITS, Face

NAMED = 3  # of the videos that were left out, or taken otherwise than usual, for one reason
NOTES = {
    "synthetic": """:::{admonition} Synthetic archives
:class: warning
The faces in this book were drawn by a program, with spoof cues that it placed and knows. They say **nothing** about faces in the
world, nor about the licensed data sets whose layout they follow. They can say whether the mechanism that a paper claims is there
when all else is known.
:::
""",
    "portraits": """:::{admonition} Synthetic presentations of real portraits
:class: warning
The presentations in this book were rendered from portrait photographs, with spoof cues that a program placed and knows. They say
**nothing** about attacks in the world, nor about the licensed data sets whose layout they follow. The portraits are used under
their own terms and are not printed here.
:::
""",
    "licensed": """:::{admonition} Licensed archives
:class: note
The figures in this book come from the licensed data sets. Their pictures may not be printed here.
:::
""",
}


def note(source: str, people: str) -> str:
    """Return the admonition for pages that show results: `source` is archives.source, `people` synthetic.people."""
    return NOTES["licensed" if source != "synthetic" else "portraits" if people == "portraits" else "synthetic"]


def may_print_faces(source: str, people: str) -> bool:
    """Only faces that were drawn from nothing may be printed in the book."""
    return source == "synthetic" and people == "procedural"


def flatten(name: str, value: Any) -> dict[str, str]:
    """Return `value` as names and texts for substitution: keys are joined by underscores, a list is one text.

    >>> flatten("archives", {"msu": {"train": 6}, "source": "synthetic"})
    {'archives_msu_train': '6', 'archives_source': 'synthetic'}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {key: text for part, item in value.items() for key, text in flatten(f"{name}_{part}", item).items()}
    if isinstance(value, (list, tuple)):
        return {name: ", ".join(str(item) for item in value)}
    return {name: gallery.escaped(str(value).lower() if isinstance(value, bool) else str(value))}


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a pipe table; what a cell holds is shown letter by letter, numbers on the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    numeric = [bool(rows) and all(_numeric(row[place]) for row in rows) for place in range(len(columns))]
    lines = [
        columns,
        ["---:" if right else "---" for right in numeric],
        *([_cell(cell) for cell in row] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """Escape a cell; an interval stays on one line."""
    return re.sub(r"(?<=[\d.]), (?=[-+\d])", ",&nbsp;", gallery.escaped(text))


def _numeric(text: str) -> bool:
    return text.replace(".", "").replace("-", "").replace("%", "").isdigit()


def figure(name: str, caption: str, alt: str, width: str = "100%") -> str:
    """Return a figure of the generated folder with its caption; `alt` says what it shows to whoever cannot see it."""
    return f"```{{figure}} /_generated/figures/{name}.png\n:alt: {_one_line(alt)}\n:width: {width}\n\n{_one_line(caption)}\n```\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def write(texts: Mapping[str, str], folder: Path) -> None:
    """Write each fragment to `folder` under its name."""
    for name, text in texts.items():
        files.write_text(folder / f"{name}.md", text)


def formula(classification: float, caption: float) -> str:
    """Return the loss as a formula with its weights."""
    return f"$$\nL = {classification:g}\\, L_\\mathrm{{cls}} + {caption:g}\\, L_\\mathrm{{cap}}\n$$\n"


def counts(faces: Iterable[Face]) -> str:
    """Return the table of what the index holds: subjects, presentations and faces per data set and split."""
    groups: dict[tuple[str, str], list[Face]] = {}
    for face in faces:
        groups.setdefault((face.dataset, face.split), []).append(face)
    rows = []
    for dataset, split in ((d, s) for d in DATASETS for s in SPLITS if (d, s) in groups):
        group = groups[dataset, split]
        live = {face.presentation for face in group if face.species == BONA_FIDE_SPECIES}
        attacks = {face.presentation for face in group} - live
        rows.append((DATASETS[dataset].title, split, len({f.subject for f in group}), len(live), len(attacks), len(group)))
    return table(("data set", "split", "subjects", "bona fide videos", "attack videos", "faces"), rows)


def box_sources(faces: Iterable[Face]) -> str:
    """Return the table of where the face boxes came from, per data set."""
    found = Counter((face.dataset, face.box_source) for face in faces)
    return table(
        ("data set", "face box from", "faces"), [(DATASETS[d].title, source, n) for (d, source), n in sorted(found.items())]
    )


def exclusions(index: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what the index left out, and which videos it took otherwise than usual, counted by data set and reason.

    `index` is what results/index.json holds. Of each reason the first `NAMED` are named.
    """
    left_out: dict[tuple[str, str], list[str]] = {}
    unusual: dict[tuple[str, str], list[str]] = {}
    for name, found in index.items():
        for path, why in found["excluded"].items():
            left_out.setdefault((DATASETS[name].title, common(why)), []).append(path)
        for what, paths in (
            ("the middle of the picture is the face box", found["centre"]),
            ("one face", found["single_face"]),
            ("a neighbouring frame stands in for one without a face", found["stand_ins"]),
            ("turned upright", found["turned"]),
        ):
            if paths:
                unusual[DATASETS[name].title, what] = list(paths)
    videos = sum(found["videos"] for found in index.values())
    text = _named("left out because", "files", left_out) if left_out else f"Of {videos} videos none was left out.\n"
    return text + ("\n" + _named("taken otherwise", "videos", unusual) if unusual else "")


def common(reason: str) -> str:
    """Return what a reason shares with others of its kind: it up to a colon, and names that end in a number left open.

    >>> common("truncated: 31 of 52 frames"), common("Live_12 is in no list of Protocol I")
    ('truncated', '... is in no list of Protocol I')
    """
    return re.sub(r"\w*\d\b(?!/)", "...", reason.partition(": ")[0])


def _named(why: str, what: str, groups: Mapping[tuple[str, str], list[str]]) -> str:
    rows = []
    for (dataset, reason), paths in groups.items():
        more = f" and {len(paths) - NAMED} more in results/index.json" if len(paths) > NAMED else ""
        rows.append((dataset, reason, len(paths), ", ".join(paths[:NAMED]) + more))
    return table(("data set", why, what, "which"), rows)


def caption_reports(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what annotation took, a row a style; `reports` maps the style to its report."""
    rows = []
    for style, found in reports.items():
        rejected = ", ".join(f"{reason} {count}" for reason, count in sorted(found["rejected"].items())) or "none"
        agreement = "–" if found["verdict_agreement"] is None else f"{found['verdict_agreement']:.3f}"
        rows.append((style, found["faces"], found["captions"], len(found["failed"]), rejected, found["mean_words"], agreement))
    columns = (
        "style",
        "faces",
        "captions",
        "without one",
        "replies asked again, by reason",
        "mean words",
        "verdict is the label",
    )
    return table(columns, rows)


def controls(made: Mapping[str, tuple[str, str]]) -> str:
    """Return the table of controls; `made` maps a control to the style it is made of, and what it lacks."""
    rows = [(name, source, lacks) for name, (source, lacks) in made.items()]
    return table(("control", "made of", "what of reasoning is not in it"), rows) if rows else "There is no control.\n"


def recipes(training: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of runs: the captions that each trains on, and what else it changes in the default recipe."""
    rows = []
    for run, override in runs.items():
        shares = override.get("captions", training["captions"])
        mix = ", ".join(f"{share:.0%} {style}" for style, share in shares.items()) or "none: labels alone"
        rest = ", ".join(f"{key}: {value}" for key, value in override.items() if key != "captions") or "nothing"
        rows.append((run, mix, rest))
    return table(("run", "captions", "else changed"), rows)


def recipe(training: Mapping[str, Any]) -> str:
    """Return the table of the default recipe's values."""
    return table(("parameter", "value"), [(key, value) for key, value in training.items() if key not in ("captions", "prompt")])


def prompts(texts: Mapping[str, tuple[str, str]]) -> str:
    """Return each style's prompt: `texts` maps the style to its version and the prompt's words."""
    blocks = []
    for style, (version, text) in texts.items():
        lines = text.strip().splitlines()
        blocks.append(
            "\n".join(
                [f"**{style}** (version `{version}`)", "", "```text", *(line.replace("`", "'") for line in lines), "```", ""]
            )
        )
    return "\n".join(blocks)


def ablations(notebooks: Mapping[str, str]) -> str:
    """Return the list of the ablations' pages; `notebooks` maps an ablation to its notebook's name."""
    if not notebooks:
        return "There is no ablation yet.\n"
    return "".join(f"- [](executed/{name}.ipynb): `notebooks/{notebook}.ipynb`\n" for name, notebook in notebooks.items())


def of_settings(
    source: str, people: str, training: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]], notebooks: Mapping[str, str]
) -> dict[str, str]:
    """Return every fragment that params.yaml alone decides, by its name."""
    return {
        "note": note(source, people),
        "formula": formula(training["classification_weight"], training["caption_weight"]),
        "recipes": recipes(training, runs),
        "recipe": recipe(training),
        "ablations": ablations(notebooks),
    }

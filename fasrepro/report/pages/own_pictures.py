"""The page on one's own pictures: what `fasrepro predict` says of some files of the synthetic world."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from fasrepro import files, paths
from fasrepro.evaluation.results.own_pictures import ShownFile
from fasrepro.report import markdown
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import words

NEEDS = Needs(inputs=("own_pictures",))
NOTHING_SHOWN = (
    "Nothing is shown here: the archives are licensed, or no job learns to explain. Faces of licensed archives are people's.\n"
)
FOLDER = "pictures"


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments: a card a file."""
    answers = material.own_pictures
    if not answers.shown:
        return {"answer": markdown.answer(NOTHING_SHOWN), "warning": markdown.NOTHING, "files": markdown.NOTHING}
    return {
        "answer": markdown.answer(answer(answers.job, answers.shown)),
        "warning": f"{markdown.with_code(answers.warning)}\n",
        "files": markdown.card_grid([card(material, one) for one in answers.shown]),
    }


def answer(job: str, shown: Sequence[ShownFile]) -> str:
    """Return how many files have a score, how many of these verdicts are right, and which states the others have."""
    scored = [one for one in shown if one.verdict]
    right = sum(one.verdict == one.label for one in scored)
    verb = "is" if right == 1 else "are"
    states = ", ".join(f"*{words(one.state)}*" for one in shown if not one.verdict)
    return (
        f"Of {len(shown)} files {len(scored)} have a score by the model of {escape(job)}; {right} of these verdicts {verb} right."
        f" The others have a state that says why there is none: {states}.\n"
    )


def card(material: Material, one: ShownFile) -> str:
    """Return the card of a file: its picture, the line that the command prints, and the explanation."""
    body = f"<p><code>{escape(one.line)}</code></p>"
    if one.explanation:
        named = ", ".join(map(words, one.cues)) or "no cue"
        body += f'<p><span class="model-style">what the model writes</span> (it names {named})<br>{escape(one.explanation)}</p>'
    return markdown.card(f"{one.name}: {one.about}", body, picture(material, one))


def picture(material: Material, one: ShownFile) -> str | None:
    """Copy a file's picture into the page's folder, and return its path from the book's root; None where it has none."""
    if not one.picture:
        return None
    target = material.folder / FOLDER / one.picture
    with files.replaced(target) as temporary:
        shutil.copyfile(material.root / paths.OWN_PICTURES / one.picture, temporary)
    return f"{paths.GENERATED.name}/{material.page}/{FOLDER}/{one.picture}"

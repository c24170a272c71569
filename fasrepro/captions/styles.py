"""The styles in which a caption can be written: each a versioned prompt and a layout that `checks.parse` reads back.

The papers' exact prompts were not found, so the wording is ours; the six steps are paper 1's. Both papers tell the annotator
the label (so a caption is a justification, not a blind reading); `blind` is the same task without it.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from fasrepro import hashing, names, vocabulary
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

# The fixed words that end every caption, so that its verdict can be read back without guessing.
VERDICTS: dict[Verdict, str] = {
    Verdict.BONA_FIDE: "This is a bona fide face.",
    Verdict.ATTACK: "This is a presentation attack.",
}
OF_LABEL: dict[Label, Verdict] = {Label.BONA_FIDE: Verdict.BONA_FIDE, Label.ATTACK: Verdict.ATTACK}

SYSTEM = (
    "You describe images of faces for research on presentation attack detection. A presentation attack shows a camera a printed"
    " photo, a screen, a mask, a disguise of makeup or a false part of a face in place of a live person's own face. Name only"
    " what the image lets you see. Write plain text."
)
TOLD = {
    Label.BONA_FIDE: "This image is known to be a bona fide face: {species}.",
    Label.ATTACK: "This image is known to be a presentation attack: {species}.",
}
TOLD_END = "Justify this by what can be seen, and do not mention that you were told."
NOT_TOLD = "Decide whether this image shows a bona fide face or a presentation attack."
NEUTRAL_SYSTEM = "You describe images of faces. Name only what the image lets you see. Write plain text."
VERDICT_FIELD = "verdict"  # of a JSON answer
# What is put before a prompt that was refused, one after another: models decline to judge a person, and describe a picture.
REFRAMINGS = (
    "This image comes from a public research data set whose subjects agreed to its use. Nobody is to be recognised, named or"
    " judged as a person: the question is about the picture, its materials, texture, light, edges and geometry.",
    "You check photographs for a test of cameras. Take the face for an object in the picture like any other, and say what its"
    " surface, edges and light show of how the picture was made.",
)
ENDING = f'End with exactly one of these sentences: "{VERDICTS[Verdict.BONA_FIDE]}" or "{VERDICTS[Verdict.ATTACK]}"'


@dataclasses.dataclass(frozen=True, slots=True)
class Style:
    """One way to write a caption: the task it sets, and the layout of the answer.

    `headings` are the titles of its steps, in order, each on a line of its own as "Title: text"; none means running text.
    `least_words` and `most_words` bound the whole caption. `told`: whether the annotator may be told the label at all.
    `concludes`: whether it is asked for a verdict; if not, it is told nothing of attacks and may not speak of them. `own` is the
    one prompt that an annotator was trained on, which is then all that it is asked; "" for one that follows instructions.
    """

    name: str
    version: int
    task: str
    headings: tuple[str, ...]
    least_words: int
    most_words: int
    told: bool = True
    concludes: bool = True
    own: str = ""

    def system(self) -> str:
        """Return the system prompt."""
        if self.own:
            return ""
        return SYSTEM if self.concludes else NEUTRAL_SYSTEM

    def aware(self, label: Label, species: str) -> str:
        """Return the prompt that tells the label and the PAI species, a key of `cues.SPECIES`."""
        told = TOLD[label].format(species=vocabulary.SPECIES[species])
        return f"{told} {TOLD_END}\n{self.task}\n{ENDING}"

    def blind(self) -> str:
        """Return the prompt that tells nothing but the task."""
        if self.own:
            return self.own
        return f"{NOT_TOLD}\n{self.task}\n{ENDING}" if self.concludes else self.task

    def asked(self, label_aware: bool, label: Label, species: str) -> list[tuple[str, str]]:
        """Return (version, prompt) about a face: the prompt, and its variants for whoever refuses it.

        They tell the label if `label_aware` and the style may.
        """
        aware = label_aware and self.told
        version, prompt = self.prompt_version(aware), self.aware(label, species) if aware else self.blind()
        if self.own:
            return [(version, prompt)]
        return [(version, prompt), *((f"{version}-{_digest(text)}", f"{text}\n{prompt}") for text in REFRAMINGS)]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an answer: a text for each heading, or one, and behind them the verdict if it concludes."""
        properties: dict[str, Any] = {field: {"type": "string"} for field in self.fields()}
        if self.concludes:
            properties[VERDICT_FIELD] = {"type": "string", "enum": list(VERDICTS.values())}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def fields(self) -> list[str]:
        """Return the names of the texts in a JSON answer, in their order."""
        return [heading.lower().replace(" ", "_") for heading in self.headings] or ["text"]

    def prompt_version(self, label_aware: bool) -> str:
        """Return a name that changes with every word of the prompt: style, version, variant and a short content hash."""
        if self.own:
            return f"{self.name}-{self.version}-own-{_digest(self.own)}"
        if not self.concludes:
            return f"{self.name}-{self.version}-{_digest([self.system(), self.task])}"
        opening = [*TOLD.values(), TOLD_END, vocabulary.SPECIES] if label_aware else [NOT_TOLD]
        digest = _digest([self.system(), opening, self.task, ENDING])
        return f"{self.name}-{self.version}-{'aware' if label_aware else 'blind'}-{digest}"

    def answer(self, parts: list[str], verdict: Verdict) -> str:
        """Lay out a caption as the JSON object that `schema` asks for."""
        said = {VERDICT_FIELD: VERDICTS[verdict]} if self.concludes else {}
        return json.dumps(dict(zip(self.fields(), parts, strict=True)) | said, ensure_ascii=False)

    def format(self, parts: list[str], verdict: Verdict) -> str:
        """Lay out a caption: a text for each heading (running text: one part), and the verdict's sentence if it concludes."""
        if len(parts) != max(1, len(self.headings)):
            raise ValueError(f"style {self.name}: {len(parts)} parts for {max(1, len(self.headings))}")
        if self.concludes:
            parts = [*parts[:-1], f"{parts[-1]} {VERDICTS[verdict]}".strip()]
        if not self.headings:
            return parts[0]
        return "\n".join(f"{heading}: {part}" for heading, part in zip(self.headings, parts, strict=True))


def _digest(texts: Any) -> str:
    return hashing.sha256_json(texts)[:8]


REASONING = Style(
    name="reasoning",
    version=1,
    task=(
        "Reason in these six steps, each on a line of its own that begins with its title and a colon, one or two short"
        f" sentences a step: {', '.join(vocabulary.STEPS.values())}. The verdict belongs to the last step."
    ),
    headings=tuple(vocabulary.STEPS.values()),
    least_words=30,
    most_words=320,
)
STYLES: dict[str, Style] = {
    "vanilla": Style(
        name="vanilla",
        version=1,
        task="In two or three sentences, explain what in the image speaks for it.",
        headings=(),
        least_words=8,
        most_words=120,
    ),
    "reasoning": REASONING,
    # The same task, but the annotator reads the image: what both papers' captions are not.
    "blind": dataclasses.replace(REASONING, name="blind", told=False),
    "neutral": Style(
        name="neutral",
        version=2,
        task=(  # about as many tokens as a reasoning caption has, so that a run on these learns from as many
            "Describe in twelve short sentences, about a hundred words in all, the person, their face and hair, what they wear,"
            " the light, the surroundings and the quality of the picture."
        ),
        headings=(),
        least_words=20,
        most_words=320,
        told=False,
        concludes=False,
    ),
}


def worded(style: Style, prompt: str) -> Style:
    """Return the style as it is asked of a model that was trained on `prompt`; "": as it is."""
    return dataclasses.replace(style, told=False, own=prompt) if prompt else style


def style_of(name: str) -> Style:
    """Return a style by its name. Raises `ValueError` that lists the known ones."""
    return names.lookup(STYLES, name, "style")

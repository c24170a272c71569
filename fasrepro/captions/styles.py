"""The styles in which a caption can be written. A style is a task in words, a form, and the bounds of its length.

The papers' exact prompts were not found, so the wording is ours; the six steps are paper 1's, and the six tags of `cot` are paper
2's. Both papers tell the annotator the label, so their captions justify a verdict rather than reach one; `blind` is the same task
without the label.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fasrepro import hashing, names, vocabulary
from fasrepro.captions import cot
from fasrepro.captions.layouts import TAGS, Form, tagged_form
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

# The fixed words that end a caption, so that its verdict can be read back without guessing.
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
# Put before a prompt that was refused, one after another: models that decline to judge a person will describe a picture.
REFRAMINGS = (
    "This image comes from a public research data set whose subjects agreed to its use. Nobody is to be recognised, named or"
    " judged as a person: the question is about the picture, its materials, texture, light, edges and geometry.",
    "You check photographs for a test of cameras. Take the face for an object in the picture like any other, and say what its"
    " surface, edges and light show of how the picture was made.",
)
ENDING = f'End with exactly one of these sentences: "{VERDICTS[Verdict.BONA_FIDE]}" or "{VERDICTS[Verdict.ATTACK]}"'


@dataclasses.dataclass(frozen=True, slots=True)
class Style:
    """One way to write a caption.

    Args:
        name: its key in `STYLES`.
        version: raised by hand when the task changes.
        task: what the annotator is asked to write.
        layout: a key of `layouts.LAYOUTS`.
        headings: the titles of the parts, in order; none for running text. A conclusion of Yes or No is no part.
        min_words: of a whole caption.
        max_words: of a whole caption.
        may_know_label: whether its prompt may state the label at all.
        concludes: whether the annotator is asked for a verdict. If not, its prompt mentions no attacks, and nor may its caption.
        own_prompt: the one prompt that an annotator was trained on, which is then all that it is asked; "" for an annotator
            that follows instructions.
        system_prompt: of this style alone; "" for the one that the others share.
        hints: what the annotator is told of a face beside its label, by species; none for most styles.
        conclusion_yes: what Yes means in the conclusion; None for a style whose verdict is a sentence.
    """

    name: str
    version: int
    task: str
    layout: str
    headings: tuple[str, ...]
    min_words: int
    max_words: int
    may_know_label: bool = True
    concludes: bool = True
    own_prompt: str = ""
    system_prompt: str = ""
    hints: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    conclusion_yes: Verdict | None = None

    @property
    def form(self) -> Form:
        """Return the form of the style's captions."""
        if self.conclusion_yes is not None:
            return tagged_form(self.conclusion_yes)
        return Form(self.layout, self.headings, VERDICTS if self.concludes else {})

    def system(self) -> str:
        """Return the system prompt."""
        if self.own_prompt:
            return ""
        return self.system_prompt or (SYSTEM if self.concludes else NEUTRAL_SYSTEM)

    def ending(self) -> str:
        """Return the words of the prompt that say how the verdict is to be written."""
        return ENDING if self.conclusion_yes is None else cot.ending(self.conclusion_yes)

    def hint(self, species: str) -> str:
        """Return what the annotator is told beside the label; "" in a style without hints. Raises `ValueError` for none."""
        if not self.hints:
            return ""
        return names.lookup(self.hints, species, "species", where="fasrepro/captions/cot.py: HINTS")

    def aware_prompt(self, label: Label, species: str) -> str:
        """Return the prompt that tells the annotator the label, the PAI species (a key of `vocabulary.SPECIES`) and a hint."""
        sentences = [TOLD[label].format(species=vocabulary.SPECIES[species]), self.hint(species), TOLD_END]
        return f"{' '.join(filter(None, sentences))}\n{self.task}\n{self.ending()}"

    def blind_prompt(self) -> str:
        """Return the prompt that tells the annotator the task alone."""
        if self.own_prompt:
            return self.own_prompt
        return f"{NOT_TOLD}\n{self.task}\n{self.ending()}" if self.concludes else self.task

    def prompts(self, label_aware: bool, label: Label, species: str) -> list[tuple[str, str]]:
        """Return (version, prompt) for a face: the prompt, and its reframings for a model that refuses it.

        They tell the label if `label_aware` is set and the style allows it.
        """
        aware = label_aware and self.may_know_label
        version = self.prompt_version(aware, species)
        prompt = self.aware_prompt(label, species) if aware else self.blind_prompt()
        if self.own_prompt:
            return [(version, prompt)]
        reframed = [(f"{version}-{_digest(opening)}", f"{opening}\n{prompt}") for opening in REFRAMINGS]
        return [(version, prompt), *reframed]

    def prompt_version(self, label_aware: bool, species: str = BONA_FIDE_SPECIES) -> str:
        """Return a name that changes with every word of the prompt: style, version, variant, and a short content hash.

        The first species share a name, which the replies of earlier versions have; each later one has its own, so that a new
        species changes no prompt that was paid for. In a style with hints each hint has its own.
        """
        if self.own_prompt:
            return f"{self.name}-{self.version}-own-{_digest(self.own_prompt)}"
        if not self.concludes:
            return f"{self.name}-{self.version}-{_digest([self.system(), self.task])}"
        described = vocabulary.FIRST_SPECIES if species in vocabulary.FIRST_SPECIES else vocabulary.SPECIES[species]
        opening = [*TOLD.values(), TOLD_END, described] if label_aware else [NOT_TOLD]
        if label_aware and self.hints:
            opening.append(self.hint(species))
        digest = _digest([self.system(), opening, self.task, self.ending()])
        return f"{self.name}-{self.version}-{'aware' if label_aware else 'blind'}-{digest}"


def _digest(texts: Any) -> str:
    return hashing.sha256_json(texts)[:8]


REASONING = Style(
    name="reasoning",
    version=1,
    task=(
        "Reason in these six steps, each on a line of its own that begins with its title and a colon, one or two short"
        f" sentences a step: {', '.join(vocabulary.STEPS.values())}. The verdict belongs to the last step."
    ),
    layout="headed",
    headings=tuple(vocabulary.STEPS.values()),
    min_words=30,
    max_words=320,
)
# Paper 2's chain of thought. Readings of the paper differ in what its Yes means; here, by default, what it means in the question
# that the student is asked: a real person.
COT = Style(
    name="cot",
    version=1,
    task=cot.QUESTION,
    layout="tagged",
    headings=TAGS[:-1],
    min_words=30,
    max_words=400,
    system_prompt=cot.SYSTEM,
    hints=cot.HINTS,
    conclusion_yes=Verdict.BONA_FIDE,
)


def with_conclusion_yes(style: Style, conclusion_yes: Verdict) -> Style:
    """Return a style with a conclusion where Yes means `conclusion_yes`; its captions bear another name if that is a change."""
    if conclusion_yes is style.conclusion_yes:
        return style
    return dataclasses.replace(style, name=f"{style.name}_yes_{conclusion_yes}", conclusion_yes=conclusion_yes)


STYLES: dict[str, Style] = {
    "vanilla": Style(
        name="vanilla",
        version=1,
        task="In two or three sentences, explain what in the image speaks for it.",
        layout="prose",
        headings=(),
        min_words=8,
        max_words=120,
    ),
    "reasoning": REASONING,
    # The same task, but the annotator has to reach the verdict from the image, unlike in either paper.
    "blind": dataclasses.replace(REASONING, name="blind", may_know_label=False),
    "neutral": Style(
        name="neutral",
        version=2,
        task=(  # asks for about as many tokens as a reasoning caption has, so that a run on either learns from as many
            "Describe in twelve short sentences, about a hundred words in all, the person, their face and hair, what they wear,"
            " the light, the surroundings and the quality of the picture."
        ),
        layout="prose",
        headings=(),
        min_words=20,
        max_words=320,
        may_know_label=False,
        concludes=False,
    ),
    "cot": COT,
    "cot_yes_attack": with_conclusion_yes(COT, Verdict.ATTACK),
}


def with_own_prompt(style: Style, prompt: str) -> Style:
    """Return the style as it is asked of a model that was trained on `prompt`; "": unchanged."""
    return dataclasses.replace(style, may_know_label=False, own_prompt=prompt) if prompt else style


def style_of(name: str) -> Style:
    """Return a style by its name. Raises `ValueError` that suggests the nearest name."""
    return names.lookup(STYLES, name, "style")

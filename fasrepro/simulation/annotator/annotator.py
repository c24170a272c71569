"""What the simulated annotator answers.

It looks up the truth of an image by the hash of its decoded pixels. Told the label, as in both papers, it follows the label and
invents cues typical of the species at a set rate. Not told, it names only what is visible and infers the verdict. Its answers,
failures included, are a pure function of its seed, the image, the prompt's text, and the request's `seed`.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import types
from collections.abc import Callable, Mapping
from pathlib import Path

from fasrepro import hashing, regions, vocabulary
from fasrepro.captions import layouts, styles
from fasrepro.captions.styles import OF_LABEL, STYLES, Style
from fasrepro.config import Simulated
from fasrepro.llm import capabilities
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation.annotator import chains, templates
from fasrepro.simulation.annotator.templates import Dice, Reading

MODELS = ("simulated-annotator", "simulated-reader")
EXPLANATION = re.compile(r"<explanation>(.*)</explanation>", re.DOTALL)  # how the reader's prompt marks the text to read
ERRORS = (  # not 429: a throttled request is sent again unchanged, and this annotator would throttle it for ever
    (500, "server_error", "The server had an error while processing your request"),
    (502, "server_error", "Bad gateway"),
    (503, "server_error", "The engine is currently overloaded"),
)
PROBES = {capabilities.IMAGE_QUESTION: "Red", capabilities.JSON_QUESTION: json.dumps({"colour": "red"})}
WORDS_PER_TOKEN = 0.75  # the usual rule of thumb, for usage and the token limit
IMAGE_TOKENS = 85  # for usage: any number will do
# The modules that decide an answer, beside this one.
PROGRAM: tuple[types.ModuleType, ...] = (vocabulary, regions, layouts, styles, templates, chains)
# What writes the parts of a caption, by its style.
WRITERS: dict[str, Callable[[Reading, Dice], list[str]]] = {
    "vanilla": templates.vanilla,
    "reasoning": templates.reasoning,
    "blind": templates.reasoning,
    "neutral": templates.neutral,
    "cot": chains.chain,
    "cot_yes_attack": chains.chain,
}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)  # nodes that can have a docstring


class AnnotatorError(ValueError):
    """The simulated annotator cannot be set up; the message names what is missing."""


class HttpError(Exception):
    """An HTTP answer that is an error: status, OpenAI's error type, message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


def known_images(faces: list[Face], truths: list[Truth]) -> dict[str, tuple[Face, Truth]]:
    """Return each face and its truth, by the hash of its crop. Raises `AnnotatorError` for a face without truth."""
    by_id = {truth.face_id: truth for truth in truths}
    missing = [face.face_id for face in faces if face.face_id not in by_id]
    if missing:
        raise AnnotatorError(
            f"{missing[0]} and {len(missing) - 1} others have no truth: only synthetic archives can have a simulated annotator"
        )
    return {face.crop_sha256: (face, by_id[face.face_id]) for face in faces}


def annotator_of(settings: Simulated, faces: list[Face], truths: list[Truth]) -> Annotator:
    """Set up the annotator that params.yaml's `simulated` describes. Raises `AnnotatorError` if no truth is known."""
    if not truths:
        raise AnnotatorError(
            "no truth is known of any image, so the annotator cannot be simulated: only synthetic archives have a truth."
            " Set annotator.base_url to an OpenAI-compatible URL, or archives.source to 'synthetic'"
        )
    return Annotator(known_images(faces, truths), settings)


class Annotator:
    """What the server answers.

    Args:
        images: face and truth by the hash of a crop's pixels; may be empty if only explanations are to be read.
        settings: its seed, and the rates at which it fails.
    """

    def __init__(self, images: Mapping[str, tuple[Face, Truth]], settings: Simulated) -> None:
        self.images, self.settings = images, settings
        self.prompts: dict[str, tuple[Style, str | None]] = {}
        for style in STYLES.values():
            for species in vocabulary.SPECIES:
                label = Label.BONA_FIDE if species == BONA_FIDE_SPECIES else Label.ATTACK
                for aware in (False, True):
                    told = species if aware and style.may_know_label else None
                    self.prompts |= {prompt: (style, told) for _, prompt in style.prompts(aware, label, species)}

    def version(self) -> str:
        """Return a short hash of all that determines the answers: settings, what is known of the images, and the program.

        It is part of the model's name, so that a stored reply of another annotator is never taken for one of this.
        """
        images = {image: (face.box, dataclasses.asdict(truth)) for image, (face, truth) in self.images.items()}
        files = [*(Path(str(module.__file__)) for module in PROGRAM), Path(__file__)]
        program = [syntax_of(file.read_text(encoding="utf-8")) for file in files]
        return hashing.sha256_json([dataclasses.asdict(self.settings), images, program])[:8]

    def reply(self, text: str, image: str, seed: int, limit: int, as_json: bool = False) -> tuple[str, str]:
        """Answer a request.

        Args:
            text: the user's.
            image: the hash of its pixels, "" for none.
            seed: of the request.
            limit: tokens of the answer, at most.
            as_json: whether a caption is the JSON object that the schema of its style asks for.

        Returns:
            Text and finish reason.

        Raises:
            HttpError: at the set rate, and for a request that it cannot answer.
        """
        if text in PROBES:
            return PROBES[text], "stop"
        dice = Dice((self.settings.seed, image, hashing.sha256_bytes(text.encode()), seed))
        if dice.chance("http error", self.settings.http_error):
            raise HttpError(*dice.pick("which error", ERRORS))
        answer = self._caption(text, image, dice, as_json) if image else (self._read_explanation(text), "stop")
        words = answer[0].split(" ")
        allowed = max(1, int(limit * WORDS_PER_TOKEN))
        return answer if len(words) <= allowed else (" ".join(words[:allowed]), "length")

    def _caption(self, prompt: str, image: str, dice: Dice, as_json: bool) -> tuple[str, str]:
        if image not in self.images:
            raise HttpError(400, "invalid_request_error", f"no truth is known of an image with pixels {image[:12]}")
        if prompt not in self.prompts:
            raise HttpError(400, "invalid_request_error", "captions/styles.py makes no such prompt")
        style, told = self.prompts[prompt]
        if dice.chance("empty", self.settings.empty):
            return "", "stop"
        if dice.chance("refusal", self.settings.refusal):
            return dice.pick("which refusal", templates.REFUSALS), "stop"
        face, truth = self.images[image]
        reading = self._observe(face, truth, told, dice)
        parts = WRITERS[style.name](reading, dice)
        text = style.form.write_json(parts, reading.verdict) if as_json else style.form.write(parts, reading.verdict)
        if dice.chance("cut off", self.settings.cut_off):
            words = text.split(" ")
            return " ".join(words[: len(words) * 3 // 5]), "length"
        spoil = templates.spoil_json if as_json else templates.spoil
        return (spoil(style, text, dice) if dice.chance("bad format", self.settings.bad_format) else text), "stop"

    def _observe(self, face: Face, truth: Truth, told: str | None, dice: Dice) -> Reading:
        """Decide what is seen and concluded; `told` is the species that the prompt tells, None for none."""
        seen = [name for name in visible(face, truth) if not dice.chance(f"miss {name}", self.settings.missed_cue)]
        harmless = list(truth.look_alikes)
        if told == BONA_FIDE_SPECIES:
            seen = []
        elif told is not None:
            there = visible(face, truth)
            typical = [name for name in vocabulary.cues_of(told) if name not in there]
            seen += [name for name in typical if dice.chance(f"invent {name}", self.settings.invented_cue)]
        else:  # it may take a look-alike for the cue
            mistaken = [name for name in harmless if dice.chance(f"mistake {name}", self.settings.invented_cue)]
            seen, harmless = seen + mistaken, [name for name in harmless if name not in mistaken]
        named = tuple(name for name in vocabulary.CUES if name in seen)
        if told is None:
            verdict = Verdict.ATTACK if named else Verdict.BONA_FIDE
            species = templates.infer_species(named) if named else ""
        else:
            verdict = OF_LABEL[Label.BONA_FIDE if told == BONA_FIDE_SPECIES else Label.ATTACK]
            species = "" if told == BONA_FIDE_SPECIES else vocabulary.SPECIES[told]
        return Reading(named, tuple(dict.fromkeys(harmless)), templates.attributes_of(truth.attributes), verdict, species)

    def _read_explanation(self, prompt: str) -> str:
        """Read an explanation as a language model would: its last verdict, else its cues; wrong at a set rate.

        A mistake depends on the text of the explanation alone, so asking again does not help.
        """
        explanation = EXPLANATION.search(prompt)
        if not explanation:
            raise HttpError(400, "invalid_request_error", "neither an image nor an explanation in the request")
        text = " ".join(explanation.group(1).lower().split())
        attack, bona_fide = text.rfind("presentation attack"), text.rfind("bona fide face")
        if attack != bona_fide:
            answer = Verdict.ATTACK if attack > bona_fide else Verdict.BONA_FIDE
        else:
            answer = Verdict.ATTACK if vocabulary.named_cues(text) else Verdict.UNDECIDED
        dice = Dice((self.settings.seed, "reader", text))
        if dice.chance("error", self.settings.reader_error):
            answer = dice.pick("wrong answer", [verdict for verdict in Verdict if verdict != answer])
        return answer.value


def visible(face: Face, truth: Truth) -> list[str]:
    """Return the cues that are visible in the face's crop."""
    return regions.visible(face.box, truth.cues, truth.regions)


def syntax_of(source: str) -> str:
    """Return a program's syntax tree as text, without docstrings, comments and layout: what the program does.

    >>> syntax_of("x = 1") == syntax_of("'A docstring.'\\nx = 1  # a comment")
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)

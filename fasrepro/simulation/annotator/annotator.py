"""What the simulated annotator answers.

It finds the truth of an image by the hash of its decoded pixels. Told the label, as in both papers, it follows it and invents
cues typical of the species at a set rate; not told, it names only what is visible and infers the verdict. All it does, its
failures included, is a pure function of its seed, the image, the prompt's text and the request's `seed`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fasrepro import hashing, regions, vocabulary
from fasrepro.captions import styles
from fasrepro.captions.styles import OF_LABEL, STYLES, Style
from fasrepro.llm import capabilities
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation.annotator import templates
from fasrepro.simulation.annotator.templates import Dice, Reading

MODELS = ("simulated-annotator", "simulated-reader")
EXPLANATION = re.compile(r"<explanation>(.*)</explanation>", re.DOTALL)  # how the reader's prompt marks what is to be read
ERRORS = (  # not 429: a request that is throttled is sent again as it is, and this annotator would throttle it for ever
    (500, "server_error", "The server had an error while processing your request"),
    (502, "server_error", "Bad gateway"),
    (503, "server_error", "The engine is currently overloaded"),
)
PROBES = {capabilities.IMAGE_QUESTION: "Red", capabilities.JSON_QUESTION: json.dumps({"colour": "red"})}
WORDS_PER_TOKEN = 0.75  # the usual rule of thumb, for usage and the token limit
IMAGE_TOKENS = 85  # for usage: any number will do


class AnnotatorError(ValueError):
    """The simulated annotator cannot be set up; the message names what is missing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failings:
    """How often the annotator fails, each a probability: the fields of params.yaml's `simulated`, but for the seed."""

    missed_cue: float
    invented_cue: float
    refusal: float
    bad_format: float
    cut_off: float
    empty: float
    http_error: float
    reader_error: float


class HttpError(Exception):
    """An answer that is no reply: status, OpenAI's error type, message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


def known_images(faces: list[Face], truths: list[Truth]) -> dict[str, tuple[Face, Truth]]:
    """Return what the annotator knows, by crop hash. Raises `AnnotatorError` if a face has no truth."""
    by_id = {truth.face_id: truth for truth in truths}
    missing = [face.face_id for face in faces if face.face_id not in by_id]
    if missing:
        raise AnnotatorError(
            f"{missing[0]} and {len(missing) - 1} others have no truth: only synthetic archives can be simulated"
        )
    return {face.crop_sha256: (face, by_id[face.face_id]) for face in faces}


def annotator_of(settings: Mapping[str, Any], faces: list[Face], truths: list[Truth]) -> Annotator:
    """Set up the annotator that params.yaml's `simulated` describes. Raises `AnnotatorError` where no truth is known."""
    if not truths:
        raise AnnotatorError(
            "no truth is known of any image, so the annotator cannot be simulated: only synthetic archives have a truth."
            " Set annotator.base_url to an OpenAI-compatible URL, or archives.source to 'synthetic'"
        )
    rates = {name: value for name, value in settings.items() if name != "seed"}
    return Annotator(known_images(faces, truths), Failings(**rates), settings["seed"])


class Annotator:
    """What the server answers. `images` may be empty where only explanations are read."""

    def __init__(self, images: Mapping[str, tuple[Face, Truth]], failings: Failings, seed: int) -> None:
        self.images, self.failings, self.seed = images, failings, seed
        self.prompts: dict[str, tuple[Style, str | None]] = {}
        for style in STYLES.values():
            for species in vocabulary.SPECIES:
                label = Label.BONA_FIDE if species == BONA_FIDE_SPECIES else Label.ATTACK
                for aware in (False, True):
                    told = species if aware and style.told else None
                    self.prompts |= {prompt: (style, told) for _, prompt in style.asked(aware, label, species)}

    def version(self) -> str:
        """Return a short hash of all that determines the answers: rates, seed, what is known of the images, and the program.

        It belongs into the model's name, so that no stored reply of another annotator is taken for one of this.
        """
        known = {image: (face.box, dataclasses.asdict(truth)) for image, (face, truth) in self.images.items()}
        program = [Path(module.__file__).read_text(encoding="utf-8") for module in (vocabulary, regions, templates, styles)]
        program.append(Path(__file__).read_text(encoding="utf-8"))
        return hashing.sha256_json([dataclasses.asdict(self.failings), self.seed, known, program])[:8]

    def reply(self, text: str, image: str, seed: int, limit: int, as_json: bool = False) -> tuple[str, str]:
        """Answer a user's text and image (its pixel hash, or "") in at most `limit` tokens: text and finish reason.

        `as_json`: a caption as the JSON object that its style's schema asks for. Raises `HttpError`.
        """
        if text in PROBES:
            return PROBES[text], "stop"
        dice = Dice((self.seed, image, hashing.sha256_bytes(text.encode()), seed))
        if dice.chance("http error", self.failings.http_error):
            raise HttpError(*dice.pick("which error", ERRORS))
        answer = self._caption(text, image, dice, as_json) if image else (self._read(text), "stop")
        words = answer[0].split(" ")
        allowed = max(1, int(limit * WORDS_PER_TOKEN))
        return answer if len(words) <= allowed else (" ".join(words[:allowed]), "length")

    def _caption(self, prompt: str, image: str, dice: Dice, as_json: bool) -> tuple[str, str]:
        if image not in self.images:
            raise HttpError(400, "invalid_request_error", f"no truth is known of an image with pixels {image[:12]}")
        if prompt not in self.prompts:
            raise HttpError(400, "invalid_request_error", "this prompt is none that captions/styles.py makes")
        style, told = self.prompts[prompt]
        if dice.chance("empty", self.failings.empty):
            return "", "stop"
        if dice.chance("refusal", self.failings.refusal):
            return dice.pick("which refusal", templates.REFUSALS), "stop"
        face, truth = self.images[image]
        reading = self._look(face, truth, told, dice)
        parts = templates.WRITERS[style.name](reading, dice)
        text = style.answer(parts, reading.verdict) if as_json else style.format(parts, reading.verdict)
        if dice.chance("cut off", self.failings.cut_off):
            words = text.split(" ")
            return " ".join(words[: len(words) * 3 // 5]), "length"
        spoil = templates.spoil_json if as_json else templates.spoil
        return (spoil(style, text, dice) if dice.chance("bad format", self.failings.bad_format) else text), "stop"

    def _look(self, face: Face, truth: Truth, told: str | None, dice: Dice) -> Reading:
        """Decide what is seen and concluded. `told` is the species that the prompt told, if any."""
        seen = [name for name in visible(face, truth) if not dice.chance(f"miss {name}", self.failings.missed_cue)]
        harmless = list(truth.look_alikes)
        if told == BONA_FIDE_SPECIES:
            seen = []
        elif told is not None:
            there = visible(face, truth)
            typical = [name for name in vocabulary.cues_of(told) if name not in there]
            seen += [name for name in typical if dice.chance(f"invent {name}", self.failings.invented_cue)]
        else:  # not told: a look-alike may be taken for the cue
            mistaken = [name for name in harmless if dice.chance(f"mistake {name}", self.failings.invented_cue)]
            seen, harmless = seen + mistaken, [name for name in harmless if name not in mistaken]
        named = tuple(name for name in vocabulary.CUES if name in seen)
        if told is None:
            verdict = Verdict.ATTACK if named else Verdict.BONA_FIDE
            species = templates.infer_species(named) if named else ""
        else:
            verdict = OF_LABEL[Label.BONA_FIDE if told == BONA_FIDE_SPECIES else Label.ATTACK]
            species = "" if told == BONA_FIDE_SPECIES else vocabulary.SPECIES[told]
        return Reading(named, tuple(dict.fromkeys(harmless)), templates.attributes_of(truth.attributes), verdict, species)

    def _read(self, prompt: str) -> str:
        """Read an explanation as a language model would: its last stated verdict, else its cues; wrong at a set rate.

        A mistake depends on the explanation's text alone, so that asking again cures nothing.
        """
        found = EXPLANATION.search(prompt)
        if not found:
            raise HttpError(400, "invalid_request_error", "neither an image nor an explanation in the request")
        text = " ".join(found.group(1).lower().split())
        attack, bona_fide = text.rfind("presentation attack"), text.rfind("bona fide face")
        if attack != bona_fide:
            answer = Verdict.ATTACK if attack > bona_fide else Verdict.BONA_FIDE
        else:
            answer = Verdict.ATTACK if vocabulary.named_cues(text) else Verdict.UNDECIDED
        dice = Dice((self.seed, "reader", text))
        if dice.chance("error", self.failings.reader_error):
            answer = dice.pick("wrong answer", [verdict for verdict in Verdict if verdict != answer])
        return answer.value


def visible(face: Face, truth: Truth) -> list[str]:
    """Return the cues that are seen in the face's crop."""
    return regions.visible(face.box, truth.cues, truth.regions)

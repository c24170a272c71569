"""Two thousand captions against a loopback server with thirty kinds of fault: how many are lost, asked twice, or no captions.

`python -m benchmarks.hostile_server [COUNT]` prints what was met, and ends with an error if a caption was lost or is none.
"""

from __future__ import annotations

import asyncio
import collections
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from fasrepro.captions import annotate, checks
from fasrepro.captions.styles import STYLES
from fasrepro.llm.store import Store
from fasrepro.llm.types import Endpoint
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.simulation.annotator.annotator import PROBES, Annotator
from fasrepro.simulation.annotator.server import application, content_of, serve

FACES, EVERY = 2000, 4  # captions; every so many requests meet a fault
CONCURRENCY, ATTEMPTS, SEED, TIMEOUT_S = 16, 12, 1, 5.0
KEY = "sk-very-secret-0123456789"
STYLE = STYLES["vanilla"]
Attempt = tuple[str, int]  # pixels and seed
Fault = Callable[[dict[str, Any]], web.Response]


def text_of(right: Mapping[str, Any]) -> str:
    """Return the text of a completion."""
    return right["choices"][0]["message"]["content"]


def said(change: Callable[[str], str], finish_reason: str = "stop") -> Fault:
    """Return the fault of a completion whose text is another."""

    def respond(right: dict[str, Any]) -> web.Response:
        message = {"role": "assistant", "content": change(text_of(right))}
        return web.json_response(right | {"choices": [{"index": 0, "finish_reason": finish_reason, "message": message}]})

    return respond


def body(content: Any, status: int = 200, **headers: str) -> Fault:
    """Return the fault of an answer that is no completion."""
    text = content if isinstance(content, str) else json.dumps(content)
    return lambda right: web.Response(text=text, status=status, headers=headers, content_type="application/json")


def counted(prompt: Any, completion: Any) -> Fault:
    """Return the fault of a good completion with other usage."""
    return lambda right: web.json_response(right | {"usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


FLAGGED = {"error": {"message": "Your input was flagged by moderation", "code": None}}
FAULTS: dict[str, Fault] = {
    "429": body(FLAGGED, 429),
    "429 with Retry-After": body({}, 429, **{"Retry-After": "0.02"}),
    "500 in plain text": body(f"upstream lost {KEY}", 500),
    "500 in a list": body([{"error": {"message": "oh", "status": "INTERNAL"}}], 500),
    "502 in HTML": body("<html>Bad gateway</html>", 502),
    "503": body({"error": "overloaded"}, 503),
    "408": body({}, 408),
    "HTML with 200": body("<html>welcome</html>"),
    "half a JSON": body('{"choices": [{"message": '),
    "nothing": body(""),
    "JSON nested too deep": body("[" * 50_000),
    "an error with 200": body({"error": {"message": "upstream is down", "code": 502}}),
    "an error in a list with 200": body([{"error": {"message": "oh"}}]),
    "flagged with 400": body(FLAGGED, 400),
    "flagged with 403": body(FLAGGED, 403),
    "no choices": body({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": []}),
    "thinking": said(lambda text: f"<think>It was told to me.</think> {text}"),
    "template token": said(lambda text: f"{text}<|im_end|>"),
    "control character": said(lambda text: text.replace(" ", " \x00", 1)),
    "loop": said(lambda text: "the skin looks smooth and " * 6 + text),
    "preamble": said(lambda text: f"Sure, here is the description. {text}"),
    "refusal": said(lambda text: "I'm sorry, but I can't help with judging a person's face."),
    "refusal in Spanish": said(lambda text: f"Lo siento, no puedo ayudar con esta imagen de una persona. {text}"),
    "refusal in Chinese": said(lambda text: f"\u62b1\u6b49\uff0c\u6211\u65e0\u6cd5. {text}"),
    "no image": said(lambda text: f"No image was attached, so this is a guess. {text}"),
    "cut, length": said(lambda text: text[:-1], "length"),
    "cut, stop": said(lambda text: text[: len(text) // 2]),
    "cut, error": said(lambda text: text, "error"),
    "nested brackets": said(lambda text: '{"text": ' * 400),
    "underscores": said(lambda text: "_" * 20_000 + text),
    "wrong shape": said(lambda text: json.dumps({"answer": text})),
    "no usage": counted(0, 0),
    "negative usage": counted(-7, -7),
    "absurd usage": counted(10**15, 10**15),
}
THROTTLES = ("429", "429 with Retry-After")  # after which the same attempt is made again
GOOD = ("no usage", "negative usage", "absurd usage")  # the reply is a caption all the same


class HostileServer:
    """The simulated annotator, but every `every`-th request meets the next of `faults`. Records the requests and their faults."""

    def __init__(self, annotator: Annotator, faults: Mapping[str, Fault], every: int) -> None:
        self.asked: list[tuple[Attempt, str]] = []
        self.app = application(annotator)

        @web.middleware
        async def faulty(request: web.Request, handler: Any) -> web.StreamResponse:
            question = await request.json()
            text, image = content_of(question)
            response = await handler(request)
            if text in PROBES:
                return response
            number = len(self.asked)
            fault = list(faults)[number // every % len(faults)] if number % every == every - 1 else ""
            self.asked.append(((image, question["seed"]), fault))
            await asyncio.sleep(0)
            return faults[fault](json.loads(response.body)) if fault else response

        self.app.middlewares.append(faulty)

    def met(self) -> collections.Counter[str]:
        """Count the faults that were met."""
        return collections.Counter(fault for _, fault in self.asked if fault)

    def repeated(self) -> list[Attempt]:
        """Return the attempts that were made more than once, though the server had looked at them."""
        counts = collections.Counter(attempt for attempt, fault in self.asked if fault not in THROTTLES)
        return [attempt for attempt, count in counts.items() if count > 1]


def run(
    faces: list[Face], crops: Path, annotator: Annotator, folder: Path, every: int = EVERY
) -> tuple[list[Caption], HostileServer]:
    """Caption the faces at the hostile server, with an empty store in `folder`."""
    server = HostileServer(annotator, FAULTS, every)
    with serve(server.app) as url, Store(folder) as store:
        endpoint = Endpoint(url, KEY, "m", CONCURRENCY, ATTEMPTS, TIMEOUT_S, 600, 0.7, SEED, backoff_s=0.01)
        captions, _ = annotate.annotate(faces, crops, STYLE, endpoint, store, True)
    return captions, server


def no_captions(captions: Sequence[Caption], faces: Sequence[Face], annotator: Annotator, server: HostileServer) -> list[str]:
    """Return the texts that are not what the annotator wrote about their face in an attempt that met no fault."""
    by_id = {face.face_id: face for face in faces}
    whole = {attempt for attempt, fault in server.asked if not fault or fault in GOOD}
    wrong = []
    for caption in captions:
        face, seed = by_id[caption.face_id], SEED + caption.attempts - 1
        prompt = dict(STYLE.prompts(True, face.label, face.species))[caption.prompt_version]
        written, _ = checks.parse(STYLE, annotator.reply(prompt, face.crop_sha256, seed, 600)[0])
        if caption.text != written or (face.crop_sha256, seed) not in whole:
            wrong.append(caption.text)
    return wrong


def main() -> None:
    """Print what was met, and what became of it."""
    from benchmarks import fixtures  # here, because it imports torch

    count = int(sys.argv[1]) if len(sys.argv) > 1 else FACES
    with tempfile.TemporaryDirectory() as name:
        world = fixtures.world(Path(name) / "crops", count)
        began = time.perf_counter()
        captions, server = run(world.faces, world.crops, world.annotator, Path(name) / "store")
        seconds = time.perf_counter() - began
    wrong, met = no_captions(captions, world.faces, world.annotator, server), server.met()
    print(f"{len(met)} kinds of fault, {sum(met.values())} in all, in {len(server.asked)} requests, {seconds:.0f} s")
    lost, repeated = count - len(captions), server.repeated()
    print(f"{lost} captions lost, {len(repeated)} attempts made twice, {len(wrong)} kept that are none; required: 0 of each")
    if lost or repeated or wrong:
        sys.exit(f"for example: {wrong[:1] or repeated[:1]}")


if __name__ == "__main__":
    main()

"""The review page's server: what its page asks for, behind `local_page`, which refuses everybody else.

A change's body is JSON.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from fasrepro import local_page
from fasrepro.captions.checks import Rejected
from fasrepro.captions.decisions import EditError
from fasrepro.crops import CropError, read_png
from fasrepro.llm import png
from fasrepro.reviewing.session import KINDS, Session
from fasrepro.rows.faces import Face

PORT = 8765
# The page's files, by the name in its address.
FILES = {
    "": (__package__, "review.html", "text/html"),
    "review.js": (__package__, "review.js", "text/javascript"),
    "review.css": (__package__, "review.css", "text/css"),
}


def application(session: Session, token: str) -> web.Application:
    """Return the server's routes, all below /<token>/.

    GET: the page's files, `api/set`, `api/face?at=`, `api/next?at=&which=&step=`, `api/image?at=`, `api/cues?at=`.
    POST, with JSON: `api/draft` and `api/split` (at, face_id, fields), `api/revert` (at, face_id), `api/decide` (at, face_id,
    action, fields, settles), `api/undo`. `at` is a face's place in the set; `face_id` must be that face's. What cannot be done is
    a status of 4xx or 5xx and a `reason`.
    """
    faces = session.reviewed.faces

    def place_of(text: Any) -> int:
        if not str(text).isdecimal() or int(text) >= len(faces):
            raise EditError(f"no face at {str(text)[:20]!r}: there are {len(faces)}, from 0")
        return int(text)

    def shown(at: int) -> web.Response:
        return web.json_response({"face": session.face(at), "progress": session.progress(), "notice": session.notice})

    async def body_of(request: web.Request) -> tuple[Face, dict[str, Any]]:
        body = await _json(request)
        face = faces[place_of(body.get("at"))]
        if body.get("face_id") != face.face_id:
            raise EditError("the set has changed since this page was opened: load the page again")
        return face, body

    async def about_set(request: web.Request) -> web.Response:
        session.refresh()
        style = session.reviewed.style
        return web.json_response(
            {
                "name": session.reviewed.name,
                "style": style.name,
                "editor": session.editor,
                "titles": style.headings or ["Caption"],
                "verdicts": list(style.form.verdicts.values()),
                "words": [style.min_words, style.max_words],
                "kinds": list(KINDS),
                "file": str(session.reviewed.path),
                "progress": session.progress(),
                "notice": session.notice,
            }
        )

    async def about_face(request: web.Request) -> web.Response:
        session.refresh()
        return shown(place_of(request.query.get("at")))

    async def next_face(request: web.Request) -> web.Response:
        session.refresh()
        step = -1 if request.query.get("step") == "-1" else 1
        return web.json_response({"at": session.next(place_of(request.query.get("at")), request.query.get("which", "all"), step)})

    async def image(request: web.Request) -> web.Response:
        face = faces[place_of(request.query.get("at"))]
        data = png.without_metadata(read_png(session.reviewed.crops, face.crop, face.crop_sha256)[0])
        return web.Response(body=data, content_type="image/png")

    async def cues(request: web.Request) -> web.Response:
        return web.json_response({"cues": session.cues(faces[place_of(request.query.get("at"))])})

    async def draft(request: web.Request) -> web.Response:
        face, body = await body_of(request)
        fields = _fields(body)
        session.save_draft(face, fields)
        return web.json_response({"check": session.check(face, fields)})

    async def split(request: web.Request) -> web.Response:
        _, body = await body_of(request)
        text = session.text_of(_fields(body))
        return web.json_response({"text": text, "parts": session.fields_of(text).get("parts")})

    async def revert(request: web.Request) -> web.Response:
        face, body = await body_of(request)
        session.discard_draft(face)
        return shown(place_of(body["at"]))

    async def decide(request: web.Request) -> web.Response:
        face, body = await body_of(request)
        settles = body.get("settles", [])
        if not isinstance(settles, list) or not all(isinstance(name, str) for name in settles):
            raise EditError("settles is no list of ids")
        session.decide(face, str(body.get("action")), _fields(body), settles)
        return shown(place_of(body["at"]))

    async def undo(request: web.Request) -> web.Response:
        await _json(request)
        at = session.undo()
        if at is None:
            raise EditError("there is no decision of yours to take back")
        return shown(at)

    page = local_page.Page(
        command="fasrepro review",
        files=FILES,
        gets={"set": about_set, "face": about_face, "next": next_face, "image": image, "cues": cues},
        posts={"draft": draft, "split": split, "revert": revert, "decide": decide, "undo": undo},
        faults={EditError: 422, Rejected: 422, CropError: 500, OSError: 500},
        largest=1 << 20,
    )
    return local_page.application(page, token)


async def _json(request: web.Request) -> dict[str, Any]:
    """Return a request's JSON object. Raises `EditError`."""
    if request.content_type != "application/json":
        raise EditError("changes are sent as application/json")
    try:
        body = await request.json()
        json.dumps(body, ensure_ascii=False).encode()  # half a character, which JSON can hold and a file cannot
    except (ValueError, RecursionError):
        raise EditError("not JSON, or half a character in a text") from None
    if not isinstance(body, dict):
        raise EditError("not a JSON object")
    return body


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    fields = body.get("fields", {})
    if not isinstance(fields, dict):
        raise EditError("fields is no object")
    return fields

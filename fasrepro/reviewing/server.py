"""The review page's server: on 127.0.0.1 alone, for whoever knows the token in its address.

Every address begins with the token. A change must come from the page itself: its `Origin` is this server's, and its body JSON,
which no other site's page can send without being asked first. The page may load nothing from elsewhere.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

from aiohttp import web

from fasrepro.captions.checks import Rejected
from fasrepro.captions.decisions import EditError
from fasrepro.crops import CropError, read_png
from fasrepro.llm import png
from fasrepro.reviewing.session import KINDS, Session
from fasrepro.rows.faces import Face

HOST = "127.0.0.1"
PORT = 8765
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",  # faces stay in no cache
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# The page's files, by the name in its address.
FILES: dict[str, tuple[str, str]] = {
    "": ("review.html", "text/html"),
    "review.js": ("review.js", "text/javascript"),
    "review.css": ("review.css", "text/css"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ServerError(ValueError):
    """The server cannot start; the message names the remedy."""


def opened(port: int) -> socket.socket:
    """Return a socket that listens on a port of this machine, 0 for any free one. Raises `ServerError`."""
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        raise ServerError(f"port {port} cannot be used ({error}): name another with --port, or 0 for any free one") from None


def address(listening: socket.socket, token: str) -> str:
    """Return the page's address."""
    return f"http://{HOST}:{listening.getsockname()[1]}/{token}/"


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(24)


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

    async def file(request: web.Request) -> web.Response:
        name, content_type = FILES[request.path.rpartition("/")[2]]
        text = resources.files("fasrepro.reviewing").joinpath("static", name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=content_type)

    app = web.Application(client_max_size=1 << 20, middlewares=[_protected(token), _explained])
    app.add_routes([web.get(f"/{token}/{name}", file) for name in FILES])
    gets = {"set": about_set, "face": about_face, "next": next_face, "image": image, "cues": cues}
    posts = {"draft": draft, "split": split, "revert": revert, "decide": decide, "undo": undo}
    app.add_routes([web.get(f"/{token}/api/{name}", handler) for name, handler in gets.items()])
    app.add_routes([web.post(f"/{token}/api/{name}", handler) for name, handler in posts.items()])
    return app


def _protected(token: str) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Return the middleware that refuses what does not come from this server's page, and puts `HEADERS` on every answer."""

    @web.middleware
    async def protected(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request) if not (reason := _refused(request, token)) else _error(403, reason)
        response.headers.update(HEADERS)
        return response

    return protected


def _refused(request: web.Request, token: str) -> str:
    """Return why a request is refused, "" if it is not."""
    # A name that an attacker's DNS points to this machine would make another site's page look like ours.
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    if request.host not in (f"{HOST}:{port}", f"localhost:{port}"):
        return f"the page is at {HOST} alone"
    if not hmac.compare_digest(request.path.split("/")[1].encode(errors="replace"), token.encode()):
        return "wrong or old token: open the address that `fasrepro review` printed last"
    if request.method not in ("GET", "HEAD") and request.headers.get("Origin") != f"http://{request.host}":
        return "changes are taken from the page itself alone"
    return ""


@web.middleware
async def _explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a person can mend into an answer that says it."""
    try:
        return await handler(request)
    except (EditError, Rejected) as problem:
        return _error(422, str(problem))
    except (CropError, OSError) as problem:
        return _error(500, str(problem))
    except web.HTTPException as problem:
        return _error(problem.status, problem.reason)


def _error(status: int, reason: str) -> web.Response:
    return web.json_response({"reason": reason}, status=status)


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

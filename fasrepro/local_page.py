"""A page for one person, served on 127.0.0.1 alone, for whoever knows the token in its address.

Every address begins with the token. What is sent must come from the page itself: its `Origin` is this server's, and its type one
that no other site's page can send without being asked first. The page may load nothing from elsewhere.
"""

from __future__ import annotations

import dataclasses
import hmac
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources

from aiohttp import web

HOST = "127.0.0.1"
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

# Files of every page, by the name in its address.
SHARED = {"page.css": ("fasrepro", "page.css", "text/css"), "icon.svg": ("fasrepro", "icon.svg", "image/svg+xml")}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ServerError(ValueError):
    """The server cannot start; the message names the remedy."""


@dataclasses.dataclass(frozen=True)
class Page:
    """What a page is served from.

    Args:
        command: that prints its address, for messages.
        files: name in the address -> package, name in its folder `static`, content type; `SHARED` has more.
        gets: name below `api/` -> its handler.
        posts: likewise.
        faults: exceptions of handlers that a person can mend -> status of the answer that says them.
        largest: bytes of what may be sent.
    """

    command: str
    files: Mapping[str, tuple[str, str, str]]
    gets: Mapping[str, Handler]
    posts: Mapping[str, Handler]
    faults: Mapping[type[Exception], int]
    largest: int


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


def application(page: Page, token: str) -> web.Application:
    """Return a page's routes, all below /<token>/; what cannot be done is a status of 4xx or 5xx and a `reason`."""

    served = {**page.files, **SHARED}

    async def file(request: web.Request) -> web.Response:
        package, name, content_type = served[request.path.rpartition("/")[2]]
        text = resources.files(package).joinpath("static", name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=content_type)

    middlewares = [_protected(token, page.command), _explained(page.faults)]
    app = web.Application(client_max_size=page.largest, middlewares=middlewares)
    app.add_routes([web.get(f"/{token}/{name}", file) for name in served])
    app.add_routes([web.get(f"/{token}/api/{name}", handler) for name, handler in page.gets.items()])
    app.add_routes([web.post(f"/{token}/api/{name}", handler) for name, handler in page.posts.items()])
    return app


def serve(app: web.Application, listening: socket.socket) -> None:
    """Serve a page until Ctrl-C or SIGTERM; no request is logged."""
    web.run_app(app, sock=listening, print=None, access_log=None, shutdown_timeout=1)


def _protected(token: str, command: str) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Return the middleware that refuses what does not come from this server's page, and puts `HEADERS` on every answer."""

    @web.middleware
    async def protected(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request) if not (reason := _refused(request, token, command)) else _error(403, reason)
        response.headers.update(HEADERS)
        return response

    return protected


def _refused(request: web.Request, token: str, command: str) -> str:
    """Return why a request is refused, "" if it is not."""
    # A name that an attacker's DNS points to this machine would make another site's page look like ours.
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    if request.host not in (f"{HOST}:{port}", f"localhost:{port}"):
        return f"the page is at {HOST} alone"
    if not hmac.compare_digest(request.path.split("/")[1].encode(errors="replace"), token.encode()):
        return f"wrong or old token: open the address that `{command}` printed last"
    if request.method not in ("GET", "HEAD") and request.headers.get("Origin") != f"http://{request.host}":
        return "changes are taken from the page itself alone"
    return ""


def _explained(faults: Mapping[type[Exception], int]) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Return the middleware that turns what a person can mend into an answer that says it."""

    @web.middleware
    async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except tuple(faults) as problem:
            return _error(next(status for kind, status in faults.items() if isinstance(problem, kind)), str(problem))
        except web.HTTPException as problem:
            return _error(problem.status, problem.reason)

    return explained


def _error(status: int, reason: str) -> web.Response:
    return web.json_response({"reason": reason}, status=status)

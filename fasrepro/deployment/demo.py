"""The demo page's server: a picture comes in, what the model says of it goes out, and nothing of it is kept.

The picture is the whole body of a request, which is held in memory alone; a form with files would be written to disk.
"""

from __future__ import annotations

import asyncio
import dataclasses

from aiohttp import web

from fasrepro import local_page
from fasrepro.deployment import results
from fasrepro.deployment.exported import Loaded
from fasrepro.deployment.results import Question, Threshold

LARGEST = 64 << 20  # bytes of a picture's file
PICTURE = "application/octet-stream"  # a type that no other site's page can send without being asked first
# The page's files, by the name in its address.
FILES = {
    "": (__package__, "demo.html", "text/html"),
    "demo.js": (__package__, "demo.js", "text/javascript"),
    "demo.css": (__package__, "demo.css", "text/css"),
}


class DemoError(ValueError):
    """A request that the page does not send."""


def application(loaded: Loaded, threshold: Threshold, warning: str, token: str) -> web.Application:
    """Return the server's routes, all below /<token>/: the page, `api/model`, and `api/picture`, to which a picture is posted.

    The answer to a picture is `results`, one for each face, as `fasrepro predict --json --all-faces` prints them. Pictures are
    judged one after another.
    """
    question = Question(threshold, all_faces=True, explain=loaded.about.explains)
    one_at_a_time = asyncio.Lock()

    async def model(_: web.Request) -> web.Response:
        return web.json_response({"job": loaded.about.job, "explains": loaded.about.explains, "warning": warning})

    async def picture(request: web.Request) -> web.Response:
        if request.content_type != PICTURE:
            raise DemoError(f"a picture is sent as {PICTURE}")
        data = await request.read()
        async with one_at_a_time:
            judged = await asyncio.to_thread(results.of_bytes, loaded, data, "picture", question)
        return web.json_response({"results": [dataclasses.asdict(result) for result in judged]})

    page = local_page.Page(
        command="fasrepro demo",
        files=FILES,
        gets={"model": model},
        posts={"picture": picture},
        faults={DemoError: 422},
        largest=LARGEST,
    )
    return local_page.application(page, token)

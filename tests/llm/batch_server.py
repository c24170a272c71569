"""A loopback server that speaks as much of OpenAI's files and batches as is needed, and fails as it does."""

from __future__ import annotations

import contextlib
import json
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from fasrepro.simulation.annotator.server import serve

Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


def completed(text: str, identity: str = "chatcmpl-1") -> dict[str, Any]:
    """Return what a line of a batch's output holds of a request that went well."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    body = {"id": identity, "object": "chat.completion", "created": 0, "model": "served", "choices": [choice]}
    return {"response": {"status_code": 200, "request_id": "r", "body": body | {"usage": USAGE}}, "error": None}


USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
EXPIRED = {"response": None, "error": {"code": "batch_expired", "message": "This request could not be executed in time."}}


def not_found() -> web.Response:
    return web.json_response({"error": {"message": "No such object"}}, status=404)


def refused(status: int, message: str) -> dict[str, Any]:
    return {"response": {"status_code": status, "request_id": "r", "body": {"error": {"message": message}}}, "error": None}


class BatchServer:
    """Answers each line of a batch with `answer(its body)`; None: the line is lost. Lines come back in reverse.

    `polls` retrievals pass before a batch has ended, in the status that `statuses` gives the n-th batch, else "completed".
    """

    def __init__(self, answer: Answer, polls: int = 1, statuses: dict[int, str] | None = None) -> None:
        self.answer, self.polls, self.statuses = answer, polls, statuses or {}
        self.files: dict[str, bytes] = {}
        self.batches: list[dict[str, Any]] = []
        self.seen: list[list[dict[str, Any]]] = []  # the lines of each batch
        self.polled: dict[str, int] = {}
        self.keys: set[str] = set()
        self.refuses = 0  # the status by which batches are refused
        self.gone: set[str] = set()  # batches and files that the server no longer knows
        self.keeps = False  # whether files cannot be deleted
        self.port = 0  # none yet; a server keeps its port when it is started again

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve while the block runs, always at the same address; yield the base URL. What was sent is kept in between."""
        with serve(self.app(), self.port) as url:
            self.port = urllib.parse.urlsplit(url).port or 0
            yield url

    def app(self) -> web.Application:
        """Return another application for each time the server is started."""
        app = web.Application(client_max_size=1 << 30)
        app.add_routes(
            [
                web.post("/v1/files", self.upload),
                web.get("/v1/files/{id}/content", self.content),
                web.delete("/v1/files/{id}", self.delete),
                web.get("/v1/files/{id}", self.file),
                web.post("/v1/batches", self.create),
                web.get("/v1/batches", self.listed),
                web.get("/v1/batches/{id}", self.retrieve),
            ]
        )
        return app

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        identity = f"file-{len(self.files)}"
        self.files[identity] = form["file"].file.read()
        self.keys.add(request.headers["Authorization"])
        return web.json_response(
            {"id": identity, "object": "file", "bytes": 1, "created_at": 0, "filename": "f", "purpose": "batch"}
        )

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.refuses:
            return web.json_response({"error": {"message": "no batch"}}, status=self.refuses)
        number = len(self.batches)
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        self.seen.append(lines)
        batch = {
            "id": f"batch_{number}",
            "object": "batch",
            "endpoint": body["endpoint"],
            "completion_window": body["completion_window"],
            "created_at": 0,
            "input_file_id": body["input_file_id"],
            "metadata": body["metadata"],
            "status": "validating",
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        self.batches.append(batch)
        return web.json_response(batch)

    async def listed(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": self.batches[::-1], "has_more": False})

    async def retrieve(self, request: web.Request) -> web.Response:
        identity = request.match_info["id"]
        if identity in self.gone:
            return not_found()
        number = int(identity.removeprefix("batch_"))
        batch = self.batches[number]
        self.polled[identity] = self.polled.get(identity, 0) + 1
        if self.polled[identity] > self.polls and batch["status"] == "validating":
            batch["status"] = self.statuses.get(number, "completed")
            if batch["status"] == "failed":
                batch["errors"] = {"object": "list", "data": [{"code": "bad", "message": "line 1 is odd", "line": 1}]}
                return web.json_response(batch)
            good, bad = [], []
            for line in self.seen[number][::-1]:
                answer = self.answer(line["body"]) if batch["status"] == "completed" else EXPIRED
                if answer is None:
                    continue
                into = good if (answer["response"] or {}).get("status_code") == 200 else bad
                into.append(json.dumps({"id": "batch_req_1", "custom_id": line["custom_id"], **answer}, ensure_ascii=False))
            for name, output in (("output_file_id", good), ("error_file_id", bad)):
                if output:
                    batch[name] = f"out-{number}-{name}"
                    self.files[batch[name]] = "\n".join(output).encode()
        return web.json_response(batch)

    async def content(self, request: web.Request) -> web.Response:
        identity = request.match_info["id"]
        return not_found() if identity in self.gone else web.Response(body=self.files[identity])

    async def file(self, request: web.Request) -> web.Response:
        identity = request.match_info["id"]
        return web.json_response({"id": identity, "object": "file"}) if identity in self.files else not_found()

    async def delete(self, request: web.Request) -> web.Response:
        identity = request.match_info["id"]
        if self.keeps:
            return web.json_response({"error": {"message": "not now"}}, status=403)
        del self.files[identity]
        return web.json_response({"id": identity, "object": "file", "deleted": True})

"""A server on this machine that plays the Hugging Face hub, for one repository: it keeps what it is sent.

It answers what huggingface_hub asks to make a repository and to send files: text within the commit, weights by Git LFS.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_loopback"
CREATE, MODES, UPLOAD, COMMIT = "/api/repos/create", "/preupload/main", "/upload/", "/commit/main"


@dataclasses.dataclass
class Hub:
    """What the server knows.

    Args:
        url: of the server.
        faults: statuses that requests get before the hub answers, by a part of their path; each is used once.
        asked: method and path of every request, in order.
        private: of the repository; None while there is none.
        weights: bytes sent by Git LFS, by SHA-256.
        commits: path -> bytes of each commit.
    """

    url: str = ""
    faults: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)
    private: bool | None = None
    weights: dict[str, bytes] = dataclasses.field(default_factory=dict)
    commits: list[dict[str, bytes]] = dataclasses.field(default_factory=list)

    def answer(self, method: str, path: str, token: str, body: bytes) -> tuple[int, Any]:
        """Return the status and the content of the answer to a request."""
        self.asked.append(f"{method} {path}")
        fault = next((statuses for part, statuses in self.faults.items() if part in path and statuses), None)
        if fault:
            return fault.pop(0), {"error": "as the test has it"}
        if path.startswith(UPLOAD):  # its address is a permit of its own, as on the hub
            return self._keep(path.removeprefix(UPLOAD), body)
        if token != f"Bearer {TOKEN}":
            return 401, {"error": "Invalid username or password."}
        if path == CREATE:
            self.private = json.loads(body).get("visibility") == "private"
            return 200, {"url": f"{self.url}/me/model"}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if self.private is None:
            return 404, {"error": "Repository not found"}
        if path.endswith(MODES):
            return 200, {"files": [_mode(file["path"]) for file in json.loads(body)["files"]]}
        if path.endswith("/info/lfs/objects/batch"):
            return 200, {"transfer": "basic", "objects": [self._upload(file) for file in json.loads(body)["objects"]]}
        if path.endswith(COMMIT):
            return self._commit([json.loads(line) for line in body.splitlines()])
        return 404, {"error": f"{path} is not played"}

    def _keep(self, name: str, body: bytes) -> tuple[int, Any]:
        if hashlib.sha256(body).hexdigest() != name:
            return 400, {"error": "other bytes than announced"}
        self.weights[name] = body
        return 200, {}

    def _upload(self, file: dict[str, Any]) -> dict[str, Any]:
        return {**file, "actions": {"upload": {"href": f"{self.url}{UPLOAD}{file['oid']}"}}}

    def _commit(self, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        files: dict[str, bytes] = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.weights[value["oid"]]
        self.commits.append(files)
        return 200, {"commitUrl": f"{self.url}/me/model/commit/1", "commitOid": "1"}


def _mode(path: str) -> dict[str, Any]:
    return {"path": path, "uploadMode": "lfs" if path.endswith(".safetensors") else "regular", "shouldIgnore": False}


@contextlib.contextmanager
def running() -> Iterator[Hub]:
    """Serve a hub on a free port of the loopback interface until the block ends."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self._body()
            token = self.headers.get("Authorization", "")
            status, content = hub.answer(self.command, self.path.partition("?")[0], token, body)
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

        do_GET = do_POST = do_PUT = _answer  # noqa: N815, as http.server calls them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

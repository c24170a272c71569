"""An OpenAI-compatible server by its URL, with the key from the environment, and a line of progress while it is asked."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fasrepro import hashing, names
from fasrepro.llm.types import Capabilities, Endpoint, EndpointError, Progress, is_local, shown_url

KEY_VARIABLE = "OPENAI_API_KEY"
NO_KEY = "none"  # sent to a server on this machine if no key is set


def endpoint_at(base_url: str, model: str, **settings: Any) -> Endpoint:
    """Return the endpoint at `base_url`, without its key: enough to know what was asked of it.

    A model that is a folder, as `transformers serve` takes, is identified by its weights.

    Args:
        base_url: of an OpenAI-compatible server.
        model: a name that the server knows, or a folder.
        settings: the other fields of `Endpoint`.

    Raises:
        EndpointError: `base_url` is no URL, or holds a password or a key; or `accepts` names what no server can accept.
    """
    if not base_url.startswith(("http://", "https://")):
        raise EndpointError(
            f"annotator.base_url: {shown_url(base_url)!r} is neither 'simulated' nor a URL such as http://host/v1"
        )
    parts = urllib.parse.urlsplit(base_url)
    if parts.username or parts.password or parts.query:
        raise EndpointError(
            f"annotator.base_url: {shown_url(base_url)} stands there with a password or a query, which would be kept in git: give"
            f" the key as {KEY_VARIABLE} alone"
        )
    known = {field.name: type(field.default) for field in dataclasses.fields(Capabilities)}
    for name, value in settings.get("accepts", {}).items():
        kind = names.lookup(known, name, "ability", EndpointError, "annotator.accepts")
        if type(value) is not kind:
            raise EndpointError(f"annotator.accepts: {name}: {value!r} is no {kind.__name__}")
    return Endpoint(base_url, "", model, **settings, probe=True, weights=_weights(model) if is_local(base_url) else "")


def _weights(model: str) -> str:
    """Return a hash of the files in a checkpoint's folder; "" if `model` is no folder."""
    files = sorted(path for path in Path(model).glob("*") if path.suffix in (".json", ".safetensors", ".jinja"))
    return hashing.sha256_json([(path.name, hashing.sha256_file(path)) for path in files]) if files else ""


def with_key(endpoint: Endpoint) -> Endpoint:
    """Return `endpoint` with the key in $OPENAI_API_KEY, which a server on this machine may not need.

    Raises:
        EndpointError: a key is needed and not set.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip() or (NO_KEY if is_local(endpoint.base_url) else "")
    if not key:
        raise EndpointError(
            f"{KEY_VARIABLE} is not set: {shown_url(endpoint.base_url)} needs a key (any word, if the server does not check it)"
        )
    return dataclasses.replace(endpoint, api_key=key)


def progress_to_stderr(title: str, every_s: float = 5.0) -> Callable[[Progress], None]:
    """Return a callback for `live.complete` that prints progress, rate, cost and time left, at most every `every_s` seconds."""
    began = last = time.monotonic()
    stored = 0  # requests that had an outcome before anything was sent

    def show(now: Progress) -> None:
        nonlocal last, stored
        if not now.sent:
            stored = now.done
        if time.monotonic() - last < every_s:
            return
        last = time.monotonic()
        elapsed = last - began
        rate = max(now.done - stored, 0) / elapsed
        left = f", {(now.total - now.done) / rate / 60:.1f} min left" if rate else ""
        text = f"{title}: {now.done} of {now.total}, {now.sent / elapsed:.1f} requests/s, ${now.spent_usd:.2f} so far{left}"
        print(text, file=sys.stderr, flush=True)

    return show

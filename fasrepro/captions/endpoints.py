"""Which endpoint is asked: the loopback server of the simulated annotator, or any OpenAI-compatible URL with the user's key."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fasrepro import provenance
from fasrepro.captions import simulated
from fasrepro.captions.chat import Endpoint, EndpointError, Progress, is_local

SIMULATED = "simulated"
NOWHERE = "http://127.0.0.1"  # where the simulated annotator is before its server has a port
KEY_VARIABLE = "OPENAI_API_KEY"
NO_KEY = "none"  # what a server on this machine is told where no key is set


def described(base_url: str, model: str, annotator: simulated.Annotator | None = None, **settings: Any) -> Endpoint:
    """Return the endpoint that `base_url` names, without its key: enough to know what was asked of it. Raises `EndpointError`.

    `settings` are the other fields of an endpoint that params.yaml's `annotator` gives. The simulated model's name carries the
    annotator's version, since replies are stored under it. A model that is a folder, such as `transformers serve` takes, is known
    by its weights.
    """
    if base_url == SIMULATED:
        if annotator is None:
            raise EndpointError("annotator.base_url is 'simulated', but no simulated annotator was set up")
        return Endpoint(NOWHERE, "", f"{model}-{annotator.version()}", **settings, backoff_s=0.02, probe=True)
    if not base_url.startswith(("http://", "https://")):
        raise EndpointError(f"annotator.base_url: {base_url!r} is neither 'simulated' nor a URL such as http://host/v1")
    if model in simulated.MODELS:
        raise EndpointError(f"model {model!r} is simulated; name one of {base_url} (annotator.model, judging.model)")
    return Endpoint(base_url, "", model, **settings, probe=True, weights=_weights(model) if is_local(base_url) else "")


def _weights(model: str) -> str:
    """Return a hash of the files of a checkpoint's folder; empty where `model` is none."""
    files = sorted(path for path in Path(model).glob("*") if path.suffix in (".json", ".safetensors", ".jinja"))
    return provenance.sha256_json([(path.name, provenance.sha256_file(path)) for path in files]) if files else ""


@contextlib.contextmanager
def opened(base_url: str, model: str, annotator: simulated.Annotator | None = None, **settings: Any) -> Iterator[Endpoint]:
    """Yield the endpoint that `described` returns with its key, and run the simulated annotator's server meanwhile if that is it.

    For a URL the key is read from $OPENAI_API_KEY; raises `EndpointError` naming the remedy where it is not set. A server on this
    machine may need none.
    """
    endpoint = described(base_url, model, annotator, **settings)
    if annotator is not None and base_url == SIMULATED:
        with simulated.serve(simulated.application(annotator)) as url:
            yield dataclasses.replace(endpoint, base_url=url, api_key=simulated.KEY)
        return
    key = os.environ.get(KEY_VARIABLE, "").strip() or (NO_KEY if is_local(base_url) else "")
    if not key:
        raise EndpointError(f"{KEY_VARIABLE} is not set: {base_url} needs a key (for a server that asks for none, any word)")
    yield dataclasses.replace(endpoint, api_key=key)


def progress_to_stderr(what: str, every_s: float = 5.0) -> Callable[[Progress], None]:
    """Return a callback for `client.complete` that prints, at most every `every_s` seconds, how far it is: requests a second,
    what all has cost so far, and the time left at this rate.
    """
    began = last = time.monotonic()
    stored = 0  # done with before anything was asked

    def show(now: Progress) -> None:
        nonlocal last, stored
        if not now.asked:
            stored = now.done
        if time.monotonic() - last < every_s:
            return
        last = time.monotonic()
        rate = max(now.done - stored, 0) / (last - began)
        left = f", {(now.total - now.done) / rate / 60:.1f} min left" if rate else ""
        text = (
            f"{what}: {now.done} of {now.total}, {now.asked / (last - began):.1f} requests/s, ${now.spent_usd:.2f} so far{left}"
        )
        print(text, file=sys.stderr, flush=True)

    return show

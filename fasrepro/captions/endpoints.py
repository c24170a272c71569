"""Which endpoint is asked: the loopback server of the simulated annotator, or any OpenAI-compatible URL with the user's key."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

from fasrepro.captions import simulated
from fasrepro.captions.chat import Endpoint, EndpointError

SIMULATED = "simulated"
KEY_VARIABLE = "OPENAI_API_KEY"


@contextlib.contextmanager
def opened(
    base_url: str,
    model: str,
    concurrency: int,
    attempts: int,
    timeout_s: float,
    max_tokens: int,
    temperature: float,
    seed: int,
    annotator: simulated.Annotator | None = None,
) -> Iterator[Endpoint]:
    """Yield the endpoint that `base_url` names, and run the simulated annotator's server meanwhile if that is "simulated".

    The simulated model's name carries the annotator's version, since replies are stored under it. For a URL the key is
    read from $OPENAI_API_KEY; raises `EndpointError` naming the remedy where it is not set.
    """
    settings = (concurrency, attempts, timeout_s, max_tokens, temperature, seed)
    if base_url == SIMULATED:
        if annotator is None:
            raise EndpointError("annotator.base_url is 'simulated', but no simulated annotator was set up")
        with simulated.serve(simulated.application(annotator)) as url:
            yield Endpoint(url, simulated.KEY, f"{model}-{annotator.version()}", *settings, backoff_s=0.02)
        return
    if not base_url.startswith(("http://", "https://")):
        raise EndpointError(f"annotator.base_url: {base_url!r} is neither 'simulated' nor a URL such as http://host/v1")
    if model in simulated.MODELS:
        raise EndpointError(f"model {model!r} is simulated; name one of {base_url} (annotator.model, judging.model)")
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise EndpointError(f"{KEY_VARIABLE} is not set: {base_url} needs a key (for a server that asks for none, any word)")
    yield Endpoint(base_url, key, model, *settings)


def progress_to_stderr(what: str, every_s: float = 5.0) -> Callable[[int, int], None]:
    """Return a callback for `client.complete` that prints how far it is, at most every `every_s` seconds."""
    last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= every_s:
            last = time.monotonic()
            print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

    return show

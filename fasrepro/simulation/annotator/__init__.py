"""A simulated annotator behind a loopback HTTP server that speaks the OpenAI chat API: the same client, no key, no network."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from fasrepro.llm.types import Endpoint, EndpointError
from fasrepro.simulation.annotator.annotator import MODELS, Annotator, AnnotatorError, annotator_of
from fasrepro.simulation.annotator.server import KEY, application, serve

__all__ = ["MODELS", "SIMULATED", "Annotator", "AnnotatorError", "annotator_of", "endpoint_of", "serving"]

SIMULATED = "simulated"  # what params.yaml gives as base_url
NO_PORT = "http://127.0.0.1"  # the base URL before the server has a port


def endpoint_of(annotator: Annotator | None, model: str, **settings: Any) -> Endpoint:
    """Return the endpoint of the annotator's server before it runs.

    The model's name carries the annotator's version, because replies are stored under that name.

    Args:
        annotator: what answers.
        model: its name in params.yaml.
        settings: the other fields of `Endpoint`.

    Raises:
        EndpointError: there is no annotator.
    """
    if annotator is None:
        raise EndpointError("annotator.base_url is 'simulated', but no simulated annotator was set up")
    return Endpoint(NO_PORT, "", f"{model}-{annotator.version()}", **settings, backoff_s=0.02, probe=True)


@contextlib.contextmanager
def serving(annotator: Annotator, endpoint: Endpoint) -> Iterator[Endpoint]:
    """Run the annotator's server; yield `endpoint` with its address and key."""
    with serve(application(annotator)) as url:
        yield dataclasses.replace(endpoint, base_url=url, api_key=KEY)

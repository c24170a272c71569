"""Verdicts of every reader on all generated explanations: `python -m fasrepro.stages.readers`."""

from __future__ import annotations

import argparse
import contextlib
import types
from collections.abc import Iterator

from fasrepro import config, paths, stages
from fasrepro.captions import styles
from fasrepro.evaluation.readers import registry, verdict_ablation
from fasrepro.llm.store import Store
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Judgement
from fasrepro.rows.training import TrainRow
from fasrepro.simulation.annotator.annotator import Annotator
from fasrepro.stages import annotation


@contextlib.contextmanager
def opened_api(params: types.SimpleNamespace) -> Iterator[registry.Api]:
    """Open the endpoint of the reader that asks a language model: the annotator's, with the reader's model and length."""
    settings = annotation.endpoint_settings(params.annotator) | {
        "model": params.judging.model,
        "max_tokens": params.judging.max_tokens,
        "temperature": 0.0,
    }
    annotator = Annotator({}, params.simulated)  # it reads texts, so it need not know an image
    with annotation.open_endpoint(settings, annotator) as endpoint, Store(paths.store()) as store:
        yield registry.Api(endpoint, store)


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("judging", "annotator", "simulated")
    if not params.judging.readers:
        raise config.ConfigError(f"params.yaml: judging.readers: name at least one of {', '.join(registry.READERS)}")
    faces = {face.face_id: face for face in table.read(paths.FACES, Face)}
    told, rows = verdict_ablation.made(styles.VERDICTS), []
    network = bool(registry.NETWORK.intersection(params.judging.readers))
    with opened_api(params) if network else contextlib.nullcontext() as api:
        for name, job in sorted(config.load_jobs().items()):
            written = table.read(paths.explanations(name), Explanation)
            means = registry.Means(table.read(paths.trainset(job.trainset), TrainRow), api)
            asked = registry.few([faces[row.face_id] for row in written], params.judging.network_videos)
            for reader in params.judging.readers:
                read = [row for row in written if row.face_id in asked or reader not in registry.NETWORK]
                texts = {f"{kind} {n}": change(row.text) for kind, change in told.items() for n, row in enumerate(read)}
                for key, verdict in registry.read_all(reader, texts, means).items():
                    kind, number = key.split()
                    row, channel = read[int(number)], verdict_ablation.channel(reader, kind)
                    rows.append(Judgement(job.protocol, job.run, row.seed, row.face_id, channel, verdict))
    table.write(paths.JUDGEMENTS, rows, Judgement)
    print(f"{len(rows)} judgements by {', '.join(params.judging.readers)}")


if __name__ == "__main__":
    stages.run(main)

"""Verdicts of every reader on all generated explanations: `python -m fasrepro.stages.judge`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import types
from collections.abc import Iterator

from fasrepro import config, paths, records, stages
from fasrepro.captions import endpoints, simulated
from fasrepro.captions.store import Store
from fasrepro.evaluation import readers


@contextlib.contextmanager
def opened_api(params: types.SimpleNamespace) -> Iterator[readers.Api]:
    """Open the endpoint of the reader that asks a language model: the annotator's, with the reader's model and length."""
    settings = dataclasses.asdict(params.annotator)
    del settings["label_aware"], settings["datasets"]
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
    explanations = [
        row for job in sorted(config.load_jobs()) for row in records.read(paths.explanations(job), records.Explanation)
    ]
    texts = {str(number): row.text for number, row in enumerate(explanations)}
    network = bool(readers.NETWORK.intersection(params.judging.readers))
    with opened_api(params) if network else contextlib.nullcontext() as api:
        verdicts = {reader: readers.read_all(reader, texts, api) for reader in params.judging.readers}
    rows = [
        records.Judgement(row.protocol, row.run, row.seed, row.face_id, reader, verdicts[reader][str(number)])
        for reader in params.judging.readers
        for number, row in enumerate(explanations)
    ]
    records.write(paths.JUDGEMENTS, rows, records.Judgement)
    print(f"{len(rows)} judgements of {len(explanations)} explanations by {', '.join(params.judging.readers)}")


if __name__ == "__main__":
    stages.run(main)

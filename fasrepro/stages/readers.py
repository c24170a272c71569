"""Stage `readers`: verdicts of every reader on all explanations, whole, cut and flipped -> results/judgements.parquet."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import types
from collections.abc import Callable, Iterator, Mapping, Sequence

from fasrepro import config, paths, stages
from fasrepro.captions import styles
from fasrepro.captions.layouts import without_tags
from fasrepro.evaluation.readers import registry, verdict_ablation
from fasrepro.evaluation.readers.registry import ReaderInputs
from fasrepro.llm.store import Store
from fasrepro.rows import table
from fasrepro.rows.scores import Judgement
from fasrepro.rows.training import TrainRow
from fasrepro.simulation.annotator import Annotator
from fasrepro.stages import annotation, predictions
from fasrepro.stages.predictions import CellJobs


@contextlib.contextmanager
def opened_api(params: types.SimpleNamespace) -> Iterator[registry.Api]:
    """Open the endpoint of the reader that asks a language model: the annotator's, with the reader's model and length."""
    settings = annotation.endpoint_settings(params.annotator) | {
        "model": params.judging.model,
        "max_tokens": params.judging.max_tokens,
        "temperature": 0.0,
    }
    annotator = Annotator({}, params.simulated)  # it reads texts, so it needs no images
    with annotation.open_endpoint(settings, annotator) as endpoint, Store(paths.store()) as store:
        yield registry.Api(endpoint, store)


def conclusions(trained_on: set[str]) -> dict[str, str]:
    """Return the sentence that a Yes and a No stand for in the texts of a run; none where it never learnt to conclude so.

    Args:
        trained_on: the styles of its captions.
    """
    sentences = {}
    for name in sorted(trained_on & styles.STYLES.keys()):
        form = styles.STYLES[name].form
        if form.conclusion:
            sentences |= {word: styles.VERDICTS[verdict] for verdict, word in form.verdicts.items()}
    return sentences


def judgements(
    entry: CellJobs,
    readers: Sequence[str],
    variants: Mapping[str, Callable[[str], str]],
    api: registry.Api | None,
    network_videos: int,
) -> list[Judgement]:
    """Return every reader's verdicts on the explanations of one cell.

    Args:
        entry: the cell.
        readers: names in `registry.READERS`.
        variants: of each text, by name.
        api: for readers over the network.
        network_videos: how many videos these read, 0 for all.
    """
    explanations = [(seed, face_id, text) for seed, texts in entry.explanations().items() for face_id, text in texts.items()]
    explained = {face_id for _, face_id, _ in explanations}
    sampled = registry.sample_faces([face for face in entry.test if face.face_id in explained], network_videos)
    captions = table.read(paths.trainset(entry.jobs[0].trainset), TrainRow)
    sentences = conclusions({row.style for row in captions})
    if sentences:
        explanations = [(seed, face_id, without_tags(text, sentences)) for seed, face_id, text in explanations]
        captions = [dataclasses.replace(row, caption=without_tags(row.caption, sentences)) for row in captions]
    inputs = ReaderInputs(captions, api)
    rows = []
    for reader in readers:
        read = [one for one in explanations if reader not in registry.NETWORK or one[1] in sampled]
        texts = {f"{name} {n}": variant(text) for name, variant in variants.items() for n, (_, _, text) in enumerate(read)}
        for key, verdict in registry.read_texts(reader, texts, inputs).items():
            name, number = key.split()
            seed, face_id, _ = read[int(number)]
            channel = verdict_ablation.channel(reader, name)
            rows.append(Judgement(entry.cell.protocol, entry.cell.run, seed, face_id, channel, verdict))
    return rows


def main(argv: list[str] | None = None) -> None:
    """Write results/judgements.parquet."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("judging", "annotator", "simulated")
    readers = params.judging.readers
    if not readers:
        raise config.ConfigError(f"params.yaml: judging.readers: name at least one of {', '.join(registry.READERS)}")
    variants = verdict_ablation.variants(styles.VERDICTS)
    network = bool(registry.NETWORK.intersection(readers))
    rows = []
    with opened_api(params) if network else contextlib.nullcontext() as api:
        for entry in predictions.load_cells():
            rows += judgements(entry, readers, variants, api, params.judging.network_videos)
    table.write(paths.JUDGEMENTS, rows, Judgement)
    print(f"{len(rows)} judgements by {', '.join(readers)}")


if __name__ == "__main__":
    stages.run(main)

"""Stage `annotators`: cues that captions name against cues in the image -> results/annotators.json."""

from __future__ import annotations

import argparse
from collections import Counter

from fasrepro import config, paths, stages
from fasrepro.captions import sets
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import annotators
from fasrepro.evaluation.analyses.annotators import CaptionTexts
from fasrepro.evaluation.results.explanations import ErrorRates
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.simulation.annotator import SIMULATED
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/annotators.json: an entry a caption set of the annotator whose style names cues; none without truth."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("annotator", "archives", "parts", "simulated", "captions", "evaluation")
    at_hand, _ = sets.without_absent(params.captions, params.parts, params.archives.datasets)
    faces = predictions.faces_by_id()
    present = predictions.visible_cues(faces.values())
    texts = {}
    for name, entry in sets.asked(at_hand).items() if present is not None else ():
        style = entry.written_style
        rows = table.read(paths.captions(name), Caption) if style.concludes else []
        if rows:  # a style that does not conclude, such as `neutral`, must name no cue
            texts[name] = CaptionTexts(
                texts={row.face_id: row.text for row in rows},
                label_aware=any(row.label_aware for row in rows),
                models=Counter(row.model for row in rows),
                task=style.task,
            )
    caption_sets, pairs = annotators.summarise(texts, faces, present or {}, params.evaluation)
    rates = ErrorRates(params.simulated.missed_cue, params.simulated.invented_cue)
    by_construction = rates if params.annotator.base_url == SIMULATED else None
    report = results.Annotators(caption_sets, pairs, by_construction)
    results.write(paths.ANNOTATORS, report, params.evaluation.digits)
    print(f"annotators: {len(caption_sets)} caption sets, {len(pairs)} pairs")


if __name__ == "__main__":
    stages.run(main)

"""Stage `annotators`: the cues that captions name, against those that are in the image -> results/annotators.json."""

from __future__ import annotations

import argparse
from collections import Counter

from fasrepro import config, files, paths, regions, stages
from fasrepro.captions.styles import style_of
from fasrepro.evaluation.analyses import annotators
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth

SIMULATED = "simulated"


def main(argv: list[str] | None = None) -> None:
    """Write results/annotators.json: an entry a style that speaks of cues; none without truth, as of licensed archives.

    "by_construction" are the rates of errors that a simulated annotator was given, None of another.
    """
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("annotator", "simulated", "styles", "evaluation")
    faces = {face.face_id: face for face in table.read(paths.FACES, Face)}
    truths = {row.face_id: row for row in table.read(paths.TRUTH, Truth)}
    present = {i: regions.visible(faces[i].box, row.cues, row.regions) for i, row in truths.items() if i in faces}
    written = {}
    for style in map(style_of, params.styles if present else []):
        rows = table.read(paths.captions(style.name), Caption) if style.concludes else []
        if rows:  # a style that does not conclude, as `neutral`, is to name no cue
            texts, models = {row.face_id: row.text for row in rows}, Counter(row.model for row in rows)
            written[style.name] = annotators.Written(texts, any(row.label_aware for row in rows), models, style.task)
    how = params.evaluation
    found = annotators.summarise(written, faces, present, annotators.Draws(how.replicates, how.confidence, how.seed))
    rates = {"missed_cue": params.simulated.missed_cue, "invented_cue": params.simulated.invented_cue}
    found["by_construction"] = rates if params.annotator.base_url == SIMULATED else None
    files.write_json(paths.ANNOTATORS, files.rounded(found, how.digits))
    print(f"annotators: {len(found['styles'])} styles, {len(found['pairs'])} pairs")


if __name__ == "__main__":
    stages.run(main)

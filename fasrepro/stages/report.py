"""Write what the book's pages include: results/ -> book/_generated/ (fragments, figures, pictures, values.json)."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, paths, provenance, records, stages
from fasrepro.captions import controls, styles
from fasrepro.records import Label
from fasrepro.report import audit, claims, descriptive, difficulty, files, fragments, pages, prose, published, tables, world

# What the book's prose takes a value from, and `ablations` for the list of their pages.
KEYS = ("archives", "synthetic", "index", "audit", "annotator", "simulated", "styles", "controls", "foundation", "training")
PLAIN = ("annotator", "simulated", "foundation", "training", "judging")
KEYS += ("runs", "experiments", "prediction", "judging", "evaluation", "ledger", "ablations")


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params, jobs = config.load(*KEYS), config.load_jobs()
    source, people = params.archives.source, params.synthetic.people
    material = pages.Material(
        faces=pages.by_id(records.read(paths.FACES, records.Face)),
        truths=pages.by_id(records.read(paths.TRUTH, records.Truth)) if source == "synthetic" else {},
        crops=paths.CROPS,
        captions={style: pages.captions_of(style) for style in params.styles},
        controls={name: pages.captions_of(name) for name in params.controls},
        scores={job: records.read(paths.scores(job), records.Score) for job in jobs},
        explanations={job: records.read(paths.explanations(job), records.Explanation) for job in jobs},
        judgements=records.read(paths.JUDGEMENTS, records.Judgement),
        metrics=tables.in_order(provenance.read_json(paths.METRICS), list(params.runs)),
        show_faces=fragments.may_print_faces(source, people),
        known=world.load(paths.WORLD, paths.CUE_PAIRS),
    )
    figures, synthetic, audited = published.load(), source == "synthetic", provenance.read_json(paths.AUDIT)
    styled = {name: styles.style_of(name) for name in params.styles}
    asked = {name: style.asked(params.annotator.label_aware, Label.ATTACK, "print") for name, style in styled.items()}
    notebooks = {name: entry.notebook for name, entry in params.ablations.items()}
    plain = {name: dataclasses.asdict(getattr(params, name)) for name in PLAIN}
    texts = fragments.of_settings(source, people, plain["training"], params.runs, notebooks)
    texts |= prose.of_settings(plain, [name for name, style in styled.items() if not style.told])
    texts["prompts"] = fragments.prompts(asked)
    texts["caption_reports"] = fragments.caption_reports({s: provenance.read_json(paths.captions_report(s)) for s in styled})
    texts["controls"] = fragments.controls({name: controls.words_of(name) for name in params.controls})
    values = {key: text for name in KEYS for key, text in fragments.flatten(name, getattr(params, name)).items()}
    del values["annotator_base_url"]  # it can hold a password
    with provenance.replaced_folder(paths.GENERATED, paths.WORK / "report") as work:
        pages.write(material, list(params.runs), params.judging.readers[0], work)
        tables.write_tables(material.metrics, figures, claims.ledger(material.metrics, figures, synthetic), work, synthetic)
        audit.write_audit(audited, difficulty.load(), synthetic, work)
        files.write(figures, list(params.runs), synthetic, work)
        fragments.write(texts | descriptive.fragments_of(material.metrics, figures), work)
        provenance.write_json(work / "values.json", values | audit.values(audited) | tables.values(material.metrics, figures))


if __name__ == "__main__":
    stages.run(main)

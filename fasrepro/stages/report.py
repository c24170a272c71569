"""Write what the book's pages include: results/ -> book/_generated/ (fragments, figures, pictures, values.json)."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, paths, provenance, records, stages
from fasrepro.captions import styles
from fasrepro.records import Label
from fasrepro.report import audit, claims, difficulty, fragments, pages, prose, published, tables, world

# What the book's prose takes a value from, and `ablations` for the list of their pages.
KEYS = ("archives", "synthetic", "index", "audit", "annotator", "simulated", "styles", "foundation", "training", "runs")
KEYS += ("experiments", "prediction", "judging", "evaluation", "ledger", "ablations")


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params, jobs = config.load(*KEYS), config.load_jobs()
    source, people = params.archives.source, params.synthetic.people
    material = pages.Material(
        faces=pages.by_id(records.read(paths.FACES, records.Face)),
        truths=pages.by_id(records.read(paths.TRUTH, records.Truth)) if source == "synthetic" else {},
        crops=paths.CROPS,
        captions={style: pages.by_id(records.read(paths.captions(style), records.Caption)) for style in params.styles},
        scores={job: records.read(paths.scores(job), records.Score) for job in jobs},
        explanations={job: records.read(paths.explanations(job), records.Explanation) for job in jobs},
        judgements=records.read(paths.JUDGEMENTS, records.Judgement),
        metrics=tables.in_order(provenance.read_json(paths.METRICS), list(params.runs)),
        show_faces=fragments.may_print_faces(source, people),
        known=world.load(paths.WORLD, paths.CUE_PAIRS),
    )
    figures, synthetic = published.load(), source == "synthetic"
    ledger = claims.ledger(material.metrics, figures, synthetic)
    aware, styled = params.annotator.label_aware, {name: styles.style_of(name) for name in params.styles}
    prompts = {n: (s.prompt_version(aware), s.aware(Label.ATTACK, "print") if aware else s.blind()) for n, s in styled.items()}
    reports = {style: provenance.read_json(paths.captions_report(style)) for style in params.styles}
    audited = provenance.read_json(paths.AUDIT)
    notebooks = {name: entry.notebook for name, entry in params.ablations.items()}
    texts = fragments.of_settings(source, people, dataclasses.asdict(params.training), params.runs, notebooks)
    texts["prompts"], texts["caption_reports"] = fragments.prompts(prompts), fragments.caption_reports(reports)
    asked, failings = dataclasses.asdict(params.annotator), dataclasses.asdict(params.simulated)
    texts["annotator"] = prose.annotator(asked, failings)
    texts["backbone"] = prose.backbone(params.training.backbone, dataclasses.asdict(params.foundation))
    texts["readers"] = prose.readers(dataclasses.asdict(params.judging), params.annotator.base_url, failings)
    texts["exclusions"] = fragments.exclusions(provenance.read_json(paths.INDEX_REPORT))
    values = {key: text for name in KEYS for key, text in fragments.flatten(name, getattr(params, name)).items()}
    del values["annotator_base_url"]  # it can hold a password
    with provenance.replaced_folder(paths.GENERATED, paths.WORK / "report") as work:
        pages.write(material, list(params.runs), params.judging.readers[0], work)
        tables.write_tables(material.metrics, figures, ledger, work, synthetic)
        audit.write_audit(audited, difficulty.load(), synthetic, work)
        for name, text in texts.items():
            provenance.write_text(work / f"{name}.md", text)
        provenance.write_json(work / "values.json", values | audit.values(audited) | tables.values(material.metrics, figures))


if __name__ == "__main__":
    stages.run(main)

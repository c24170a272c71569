"""Write what the book's pages include: results/ -> book/_generated/ (fragments, figures, pictures, values.json)."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, paths, provenance, stages
from fasrepro.captions import controls, styles
from fasrepro.records import Label
from fasrepro.report import audit, claims, difficulty, fragments, measured, pages, prose, published, tables, unseen

# What the book's prose takes a value from, and `ablations` for the list of their pages.
KEYS = ("archives", "synthetic", "index", "audit", "annotator", "simulated", "styles", "controls", "foundation", "training")
PLAIN = ("annotator", "simulated", "foundation", "training", "judging")
KEYS += ("runs", "tuning", "experiments", "prediction", "judging", "evaluation", "ledger", "ablations")


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params, jobs = config.load(*KEYS), config.load_jobs()
    source, people = params.archives.source, params.synthetic.people
    results = {name: provenance.read_json(paths.RESULTS / f"{name}.json") for name in measured.RESULTS}
    results["metrics"] = tables.in_order(results["metrics"], list(params.runs))
    material = pages.read(
        list(jobs),
        params.styles,
        params.controls,
        results["metrics"],
        source == "synthetic",
        fragments.may_print_faces(source, people),
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
    texts |= measured.fragments_of(
        results, figures, list(params.runs), params.judging.readers, dataclasses.asdict(params.tuning), synthetic
    )
    texts["exclusions"] = fragments.exclusions(provenance.read_json(paths.INDEX_REPORT))
    values = {key: text for name in KEYS for key, text in fragments.flatten(name, getattr(params, name)).items()}
    del values["annotator_base_url"]  # it can hold a password
    with provenance.replaced_folder(paths.GENERATED, paths.WORK / "report") as work:
        pages.write(material, list(params.runs), params.judging.readers[0], work)
        tables.write_tables(material.metrics, figures, claims.ledger(material.metrics, figures, synthetic), work, synthetic)
        unseen.draw(results["unseen"], work)
        audit.write_audit(audited, difficulty.load(), synthetic, work)
        for name, text in texts.items():
            provenance.write_text(work / f"{name}.md", text)
        provenance.write_json(work / "values.json", values | audit.values(audited) | tables.values(material.metrics, figures))


if __name__ == "__main__":
    stages.run(main)

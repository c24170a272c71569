"""Write what the book's pages include: results/ -> book/_generated/ (fragments, figures, pictures, values.json)."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, files, paths, stages
from fasrepro.captions import controls, styles
from fasrepro.report import audit, difficulty, faithful, fragments, ledger, measured, pages, prose, published, tables, worlds
from fasrepro.rows.faces import Label

# What the book's prose takes a value from, and `ablations` for the list of their pages.
KEYS = ("archives", "synthetic", "index", "audit", "annotator", "simulated", "styles", "controls", "foundation", "training")
PLAIN = ("annotator", "simulated", "foundation", "training", "judging")
KEYS += ("runs", "tuning", "experiments", "prediction", "judging", "evaluation", "ledger", "ablations")


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params, jobs = config.load(*KEYS), config.load_jobs()
    source, people = params.archives.source, params.synthetic.people
    synthetic, shown, runs = source == "synthetic", fragments.may_print_faces(source, people), list(params.runs)
    results = {name: files.read_json(paths.RESULTS / f"{name}.json") for name in measured.RESULTS}
    results["captions"] = {style: files.read_json(paths.captions_report(style)) for style in params.styles}
    results["metrics"] = metrics = tables.in_order(results["metrics"], runs)
    material = pages.read(list(jobs), params.styles, params.controls, metrics, synthetic, shown)
    figures, audited = published.load(), files.read_json(paths.AUDIT)
    styled = {name: styles.with_own_prompt(styles.style_of(name), params.annotator.prompt) for name in params.styles}
    asked = {name: style.prompts(params.annotator.label_aware, Label.ATTACK, "print")[0] for name, style in styled.items()}
    notebooks = {name: entry.notebook for name, entry in params.ablations.items()}
    counted = prose.counted(params.judging.readers, params.annotator.base_url)
    plain = {name: dataclasses.asdict(getattr(params, name)) for name in PLAIN}
    texts = fragments.of_settings(source, people, plain["training"], params.runs, notebooks)
    texts |= prose.of_settings(plain, [name for name, style in styled.items() if not style.may_know_label])
    texts["prompts"] = fragments.prompts(asked)
    texts["controls"] = fragments.controls({name: controls.words_of(name) for name in params.controls})
    tuning, world = dataclasses.asdict(params.tuning), dataclasses.asdict(params.synthetic)
    texts |= measured.fragments_of(results, figures, runs, params.judging.readers, counted, tuning, synthetic)
    this, others = worlds.read(metrics, world)
    texts |= worlds.fragments_of(this, others, synthetic)
    claims = ledger.rows(results | {"metrics": this.metrics}, figures, synthetic, counted)
    texts["exclusions"] = fragments.exclusions(files.read_json(paths.INDEX_REPORT))
    values = {key: text for name in KEYS for key, text in fragments.flatten(name, getattr(params, name)).items()}
    del values["annotator_base_url"]  # it can hold a password
    with files.replaced_folder(paths.GENERATED, paths.WORK / "report") as work:
        pages.write(material, runs, params.judging.readers[0], work)
        tables.write_tables(metrics, figures, claims, work, synthetic)
        measured.draw(results, work)
        texts |= faithful.fragments_of(results["faithfulness"], runs, material.faces, shown, work)
        audit.write_audit(audited, difficulty.load(), synthetic, work)
        fragments.write(texts, work)
        files.write_json(work / "values.json", values | audit.values(audited) | tables.values(metrics, figures))


if __name__ == "__main__":
    stages.run(main)

"""Stage `pictures`: keep what the book's pages show of crops and stills, results/crops -> results/pictures.

The report reads no other crop, so that a book can be built from recorded outputs without the crops of every face.
"""

from __future__ import annotations

import argparse
import shutil

from fasrepro import config, crops, files, paths, stages
from fasrepro.captions import sets
from fasrepro.report.material import Material
from fasrepro.report.pages import PAGES

KEYS = ("archives", "synthetic", "captions", "parts", "runs", "judging")


def main(argv: list[str] | None = None) -> None:
    """Write a ZIP file of crops for each data set, and the stills that the foundation has kept."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load(*KEYS)
    params.captions, _ = sets.without_absent(params.captions, params.parts, params.archives.datasets)
    material = Material(vars(params))
    pictured = {face.crop: face for page in PAGES.values() for face in page.pictured(material)}
    printed = [pictured[crop] for crop in sorted(pictured) if material.printing.allows(pictured[crop])]
    with files.replaced_folder(paths.PICTURES, paths.WORK / "pictures") as folder:
        with crops.packed(folder) as add:
            for face in printed:
                data, _ = crops.read_png(paths.CROPS, face.crop, face.crop_sha256)
                add(face.crop, data)
        if paths.STILLS.is_file():  # of a backbone that was made here
            shutil.copyfile(paths.STILLS, folder / paths.PICTURED_STILLS.name)
    print(f"pictures: {len(printed)} crops")


if __name__ == "__main__":
    stages.run(main)

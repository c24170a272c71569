"""Stage `notebook`: run an ablation's notebook, results -> book/executed/<ablation>.ipynb."""

from __future__ import annotations

import argparse

from fasrepro import config, names, paths, stages
from fasrepro.report import execute


def main(argv: list[str] | None = None) -> None:
    """Run the notebook of one entry of `ablations:` in params.yaml."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="a key of `ablations:` in params.yaml")
    name = parser.parse_args(argv).name
    ablations = config.load("ablations").ablations
    entry = names.lookup(ablations, name, "ablation", config.ConfigError, f"{paths.PARAMS}: ablations")
    execute.execute(paths.NOTEBOOKS / f"{entry.notebook}.ipynb", paths.EXECUTED / f"{name}.ipynb", name)


if __name__ == "__main__":
    stages.run(main)

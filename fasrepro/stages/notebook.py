"""Run an ablation's notebook with its parameters: results -> book/executed/<ablation>.ipynb."""

from __future__ import annotations

import argparse

from fasrepro import config, names, paths, stages
from fasrepro.report import annotators, curves, execute, figures, notebook  # noqa: F401  what notebooks import decides their bytes


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="a key of `ablations:` in params.yaml")
    name = parser.parse_args(argv).name
    ablations = config.load("ablations").ablations
    if name not in ablations:
        raise config.ConfigError(f"{paths.PARAMS}: ablations: {names.unknown(name, ablations, 'ablation')}")
    entry = ablations[name]
    execute.execute(paths.NOTEBOOKS / f"{entry.notebook}.ipynb", paths.EXECUTED / f"{name}.ipynb", entry.parameters)


if __name__ == "__main__":
    stages.run(main)

"""The page on adding an ablation: the ablations that there are."""

from __future__ import annotations

from fasrepro.report.material import Material, Needs

NEEDS = Needs(params=("ablations",))


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments."""
    entries = material.params.ablations
    if not entries:
        return {"ablations": "There is no ablation yet.\n"}
    lines = [f"- [](executed/{name}.ipynb): `notebooks/{entry.notebook}.ipynb`\n" for name, entry in entries.items()]
    return {"ablations": "".join(lines)}

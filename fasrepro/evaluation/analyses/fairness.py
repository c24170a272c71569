"""Error rates by groups of people and by conditions of the picture, and whether a run widens or narrows the gaps between them.

Of a drawn face its person, light and picture are known (`rows.truth`), and of any face its archive's word for the camera. Nothing
that trains or scores reads them. Groups were fixed before any rate by group was computed. All figures are at the threshold that
was selected on the sources' dev people, by video, or by image of a target that holds still images. `group_rates` says what a rate
and a gap are, and how sure they are.

Cells are taken together as they are averaged elsewhere (`cells.pools`), on the seeds that all of them have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np

from fasrepro.datasets import is_still
from fasrepro.evaluation import aggregate, estimates
from fasrepro.evaluation import cells as pooling
from fasrepro.evaluation.analyses import group_rates
from fasrepro.evaluation.analyses.group_rates import LABELS_OF, Decisions, Mask
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results.fairness import Fairness, Group, GroupChange, GroupChanges, RunGroups, entry_key
from fasrepro.evaluation.results.shared import FaceCounts

Array = np.ndarray
Attributes = Mapping[str, str]  # of a picture, in words: see `Truth.attributes`
GAPS = ("bpcer", "apcer")  # the rates of which groups have gaps


def skin_tone(attributes: Attributes) -> str:
    """Return the third of the Monk scale, or "" of an unknown tone.

    >>> skin_tone({"monk": "8"}), skin_tone({})
    ('Monk 8 to 10', '')
    """
    step = int(attributes.get("monk", 0))
    if not step:
        return ""
    return "Monk 1 to 4" if step <= 4 else "Monk 5 to 7" if step <= 7 else "Monk 8 to 10"


def beard(attributes: Attributes) -> str:
    """Return whether the person has a beard; "" where that is not known."""
    kind = attributes.get("beard", "")
    return kind and ("no beard" if kind == "none" else "beard")


ATTRIBUTES: dict[str, Callable[[Attributes], str]] = {  # the group of a picture by attribute; "" where it is not known
    "skin_tone": skin_tone,
    "age": lambda attributes: attributes.get("age", ""),
    "beard": beard,
    "light": lambda attributes: attributes.get("light", ""),
    "quality": lambda attributes: attributes.get("quality", ""),
    "camera": lambda attributes: attributes.get("camera", ""),
}


def decisions(cell: CellResults, attributes: Mapping[str, Attributes], draw_seed: int) -> Decisions:
    """Return what the trainings of a cell decided about its target.

    Args:
        cell: with its scores.
        attributes: by face_id; a face without any is in no group but its camera's.
        draw_seed: of the draws of dev people.
    """
    seeds = sorted(cell.scores)
    columns = [aggregate.scores(cell.test, cell.scores[seed], "video", f"{cell.key}, seed {seed}, test") for seed in seeds]
    first = columns[0]
    words = {}
    for face in cell.test:
        unit = face.face_id if is_still(face.dataset) else face.presentation
        camera = f"{face.dataset} {face.camera}" if face.camera else ""
        words[unit] = {**attributes.get(face.face_id, {}), "camera": camera}
    groups = {name: np.array([of(words[unit]) for unit in first.ids.tolist()]) for name, of in ATTRIBUTES.items()}
    wrong, redrawn = [], []
    for seed, rows in zip(seeds, columns, strict=True):
        point = estimates.operating_point(cell, seed, f"{cell.key}, seed {seed}")
        others = estimates.redrawn_thresholds(cell, seed, draw_seed)
        wrong.append(wrong_at(rows.values, rows.labels, np.array([point.threshold]))[0])
        redrawn.append(wrong_at(rows.values, rows.labels, others))
    return Decisions(
        cell=cell.place,
        labels=first.labels,
        subjects=first.subjects,
        groups=groups,
        wrong=np.stack(wrong),
        redrawn=np.stack(redrawn),
        dev_people=cell.fewest_dev_people,
    )


def wrong_at(p_attack: Array, labels: Array, thresholds: Array) -> Array:
    """Return 1 for each wrong decision at each threshold, else 0; (thresholds, rows)."""
    return ((p_attack >= thresholds[:, None]) != (labels == 1)).astype(float)


def common_seeds(cells: Sequence[CellResults]) -> list[int]:
    """Return the seeds that all of some cells have."""
    return sorted(set.intersection(*(set(cell.scores) for cell in cells))) if cells else []


def at_seeds(cell: CellResults, decided: Mapping[str, Decisions], seeds: Sequence[int]) -> Decisions:
    """Return the decisions of some of a cell's trainings; `decided`: by the cell's key."""
    own = decided[cell.key]
    places = [sorted(cell.scores).index(seed) for seed in seeds]
    return dataclasses.replace(own, wrong=own.wrong[places], redrawn=own.redrawn[places])


def minus(run: Decisions, baseline: Decisions) -> Decisions:
    """Return the wrong decisions of a run minus those of a baseline, on the same rows and seeds."""
    return dataclasses.replace(run, wrong=run.wrong - baseline.wrong, redrawn=run.redrawn - baseline.redrawn)


def names_of(cells: Sequence[Decisions], attribute: str) -> list[str]:
    """Return the groups of an attribute that occur, sorted."""
    return sorted({name for cell in cells for name in cell.groups[attribute].tolist()} - {""})


def inside(attribute: str, name: str) -> Mask:
    """Return the mask of a group."""
    return lambda cell: cell.groups[attribute] == name


def outside(attribute: str, name: str) -> Mask:
    """Return the mask of all others whose group is known."""
    return lambda cell: (cell.groups[attribute] != name) & (cell.groups[attribute] != "")


def group_of(cells: Sequence[Decisions], attribute: str, name: str, confidence: float) -> Group:
    """Return the figures of one group."""
    member, others = inside(attribute, name), outside(attribute, name)
    counts = []
    for label in (0, 1):
        rows = [(cell.cell.target, member(cell) & (cell.labels == label), cell) for cell in cells]
        by_target = {target: int(mask.sum()) for target, mask, _ in rows}  # protocols that share a target test the same rows
        people = {subject for _, mask, cell in rows for subject in cell.subjects[mask].tolist()}
        counts.append(FaceCounts(sum(by_target.values()), len(people)))
    return Group(
        *counts,
        rates={m: group_rates.rate_figure(group_rates.rate(cells, m, member), confidence) for m in LABELS_OF},
        gaps={m: group_rates.compared(group_rates.gap(cells, m, member, others), confidence) for m in GAPS},
    )


def change_of(
    difference: Sequence[Decisions], baseline: Sequence[Decisions], attribute: str, name: str, confidence: float
) -> GroupChange:
    """Return the change of one group's figures: `difference` is run minus baseline, cell by cell."""
    member, others = inside(attribute, name), outside(attribute, name)

    def value(figure: group_rates.Weighted | None) -> float | None:
        return None if figure is None else group_rates.measured(figure).value

    return GroupChange(
        rates={m: group_rates.compared(group_rates.rate(difference, m, member), confidence) for m in LABELS_OF},
        gaps={m: group_rates.compared(group_rates.gap(difference, m, member, others), confidence) for m in GAPS},
        baseline_gaps={m: value(group_rates.gap(baseline, m, member, others)) for m in GAPS},
        baseline_rates={m: value(group_rates.rate(baseline, m, member)) for m in LABELS_OF},
    )


def summarise(
    results: Sequence[CellResults],
    attributes: Mapping[str, Attributes],
    pairs: Sequence[tuple[str, str]],
    confidence: float,
    draw_seed: int,
) -> Fairness:
    """Return the contents of fairness.json.

    Args:
        results: of every cell.
        attributes: by face_id; none where nothing is known of pictures.
        pairs: run and baseline whose gaps are compared, where both were trained.
        confidence: of intervals.
        draw_seed: of the draws of dev people.
    """
    pool_of = pooling.pools(results)
    decided = {cell.key: decisions(cell, attributes, draw_seed) for cell in results}
    scopes: dict[tuple[Hashable, str], list[CellResults]] = {}
    for cell in results:
        scopes.setdefault((pool_of[cell.cell], cell.run), []).append(cell)
    runs = {}
    for (_, run), own in scopes.items():
        seeds = common_seeds(own)
        if not seeds:
            continue
        of_run = [at_seeds(cell, decided, seeds) for cell in own]
        entry = RunGroups(
            **_place(own),
            run=run,
            seeds=len(seeds),
            unknown={name: int(sum((cell.groups[name] == "").sum() for cell in of_run)) for name in ATTRIBUTES},
            attributes={
                attribute: {name: group_of(of_run, attribute, name, confidence) for name in names_of(of_run, attribute)}
                for attribute in ATTRIBUTES
            },
        )
        runs[entry_key(entry.cells, run)] = entry
    changes = []
    for run, baseline in pairs:
        for pool in dict.fromkeys(pool for pool, name in scopes if name == run):
            change = _changes(scopes[pool, run], scopes.get((pool, baseline), []), decided, confidence)
            changes += [] if change is None else [change]
    return Fairness(runs, changes, confidence)


def _place(cells: Sequence[CellResults]) -> dict[str, list[str]]:
    """Return what cells taken together have in common, as keyword arguments of an entry."""
    return {
        "cells": [cell.cell for cell in cells],
        "protocols": list(dict.fromkeys(cell.protocol for cell in cells)),
        "targets": list(dict.fromkeys(cell.target for cell in cells)),
    }


def _changes(
    ours: Sequence[CellResults], theirs: Sequence[CellResults], decided: Mapping[str, Decisions], confidence: float
) -> GroupChanges | None:
    """Return run minus baseline over the cells that both have, on the seeds that all of them have; None where there are none."""
    baseline_of = {cell.cell: cell for cell in theirs}
    both = [(cell, baseline_of[cell.cell]) for cell in ours if cell.cell in baseline_of]
    seeds = common_seeds([cell for pair in both for cell in pair])
    if not seeds:
        return None
    baseline = [at_seeds(cell, decided, seeds) for _, cell in both]
    difference = [minus(at_seeds(cell, decided, seeds), own) for (cell, _), own in zip(both, baseline, strict=True)]
    return GroupChanges(
        **_place([cell for cell, _ in both]),
        run=ours[0].run,
        baseline=theirs[0].run,
        seeds=len(seeds),
        attributes={
            attribute: {
                name: change_of(difference, baseline, attribute, name, confidence) for name in names_of(difference, attribute)
            }
            for attribute in ATTRIBUTES
        },
    )

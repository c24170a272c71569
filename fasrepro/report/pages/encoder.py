"""The page on what training does to the encoder: probes before and after, and where the score looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fasrepro.datasets import DATASETS
from fasrepro.evaluation.results import EncoderGains, Figure
from fasrepro.evaluation.results.encoder_gains import Gain, GroupGains, Saliency, TrainedEncoder
from fasrepro.report import contact_sheets, encoder_pairs, figures, markdown, tables
from fasrepro.report.contact_sheets import Cell, Row
from fasrepro.report.figures import Target
from fasrepro.report.gallery import describe
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import interval, number, words
from fasrepro.rows.faces import Face

NEEDS = Needs(inputs=("encoder_gains", "pair_gains", "recorded", "faces"), params=("archives", "synthetic", "runs", "encoders"))
DEV, SCORE = "dev", "score"
NO_GAINS = "No run has been trained yet: run `dvc repro`.\n"
NO_PICTURES = "No region of a cue is known, so no saliency was measured.\n"
SCORES = {
    SCORE: "the model's score",
    "trained_probe": "probe of its encoder",
    "foundation_probe": "probe of the foundation's encoder",
}
QUESTIONS: dict[str, Callable[[GroupGains], Gain | None]] = {
    "cues, mean": lambda group: group.cues,
    "attack": lambda group: group.attack,
}
SCALE = 3  # of a crop in the sheet
OUTLINE, HEAT = (0, 200, 255), (230, 60, 0)  # RGB
LABELS = 0.9  # room for the words of a row, in widths of a picture


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its figures."""
    gains, runs = material.encoder_gains, material.runs
    entries = in_order(gains, runs)
    return {
        "answer": markdown.answer(answer(entries, runs)),
        "figure": figure(material, entries),
        "groups": group_table(entries),
        "cues": cue_table(entries),
        "saliency": saliency_table(entries),
        "pictures": pictures(material),
        **encoder_pairs.render(material),
    }


def in_order(gains: EncoderGains, runs: Sequence[str]) -> list[TrainedEncoder]:
    """Return the runs by protocol, then in the order of `runs`."""
    place = {run: count for count, run in enumerate(runs)}
    return sorted(gains.cells.values(), key=lambda entry: (entry.protocol, place.get(entry.run, len(place))))


def groups_of(entry: TrainedEncoder) -> list[tuple[str, GroupGains]]:
    """Return the groups of people by name: dev, then targets in the order of data sets."""
    order = [DEV, *DATASETS]
    return sorted(entry.groups.items(), key=lambda item: order.index(item[0]))


def group_title(group: str) -> str:
    """Return dev, or the title of a target."""
    return "dev of the sources" if group == DEV else DATASETS[group].title


def answer(entries: Sequence[TrainedEncoder], runs: Sequence[str]) -> str:
    """Return what each run's training adds on the targets, and how much more of its saliency is inside than by chance."""
    if not entries:
        return NO_GAINS
    sentences = []
    for run in [run for run in runs if any(entry.run == run for entry in entries)]:
        own = [entry for entry in entries if entry.run == run]
        parts = [part for part in (_gained(own, question) for question in QUESTIONS) if part]
        excess = [entry.saliency.by_score[SCORE].excess for entry in own if entry.saliency is not None]
        if any(one.value is not None for one in excess):
            parts.append(f"its score's saliency lies inside the cues' regions by {_mean(excess)} more than by chance")
        sentences.append(f"- {escape(run)}: {'; '.join(parts) if parts else 'no figure, too few people'}.")
    return (
        "What a linear probe gains when the foundation's encoder is trained, in AUC on the targets, and where the score looks;"
        " means over protocols.\n\n" + "\n".join(sentences) + "\n"
    )


def _gained(entries: Sequence[TrainedEncoder], question: str) -> str:
    """Return the mean gain of a run on its targets, with how many intervals lie above and below zero; "" where there is none."""
    groups = [group for entry in entries for name, group in entry.groups.items() if name != DEV]
    gained = [gain.gain for gain in map(QUESTIONS[question], groups) if gain is not None and gain.gain.value is not None]
    if not gained:
        return ""
    above = sum(one.low is not None and one.low > 0 for one in gained)
    below = sum(one.high is not None and one.high < 0 for one in gained)
    return f"{question} {_mean(gained)} ({above} of {len(gained)} intervals above zero, {below} below)"


def _mean(values: Sequence[Figure]) -> str:
    return number(float(np.mean([one.value for one in values if one.value is not None])), signed=True)


def group_table(entries: Sequence[TrainedEncoder]) -> str:
    """Return the table of gains: a row a protocol, run and group of people."""
    columns = ["protocol", "run", "people", "faces / subjects"]
    for question in QUESTIONS:
        columns += [f"{question}: foundation", "trained", "gain"]
    rows = []
    for entry in entries:
        for name, group in groups_of(entry):
            row = [entry.protocol, entry.run, group_title(name), f"{group.counts.faces} / {group.counts.subjects}"]
            for gain in (gain_of(group) for gain_of in QUESTIONS.values()):
                row += gain_cells(gain)
            rows.append(row)
    return tables.table_or_notice(columns, rows, NO_GAINS)


def gain_cells(gain: Gain | None) -> list[str]:
    """Return an AUC before and after, and the gain with its interval."""
    if gain is None:
        return [tables.NONE] * 3
    return [number(gain.foundation.value), number(gain.trained.value), interval(gain.gain, signed=True)]


def cue_table(entries: Sequence[TrainedEncoder]) -> str:
    """Return the table of cues, a row a protocol, run, group and cue."""
    rows = []
    for entry in entries:
        for name, group in groups_of(entry):
            rows += [
                [entry.protocol, entry.run, group_title(name), words(cue), *gain_cells(gain)]
                for cue, gain in group.by_cue.items()
            ]
    return tables.table_or_notice(["protocol", "run", "people", "cue", "foundation", "trained", "gain"], rows, NO_GAINS)


def saliency_table(entries: Sequence[TrainedEncoder]) -> str:
    """Return the table of saliency, a row a protocol, run and score."""
    rows = []
    for entry in entries:
        if entry.saliency is None:
            continue
        counts, area = entry.saliency.counts, entry.saliency.area
        for name, title in SCORES.items():
            one = entry.saliency.by_score[name]
            shares = [interval(one.share), number(area), interval(one.excess, signed=True)]
            size = f"{counts.faces} / {counts.subjects}"
            rows.append([entry.protocol, entry.run, title, size, *shares, f"{one.unmoved:g}"])
    columns = ["protocol", "run", "of", "pictures / subjects", "inside", "by chance", "more than by chance", "unmoved"]
    return tables.table_or_notice(columns, rows, NO_PICTURES)


def figure(material: Material, entries: Sequence[TrainedEncoder]) -> str:
    """Draw the gains, and return the fragment that shows them."""
    if not entries:
        return NO_GAINS
    return material.draw(
        "gains",
        lambda path: draw(entries, path),
        "AUC of the trained encoder minus the foundation's, by protocol and people, with intervals over subjects and seeds. Above"
        " zero, training made the encoder easier to read. Dotted: no change.",
        "Gain in AUC over the foundation's encoder, for cues and for attacks, a mark for each run",
    )


def draw(entries: Sequence[TrainedEncoder], path: Target) -> None:
    """Draw the gains on dev and on each target: a panel a question, a tick a protocol and group, a mark a run."""
    ticks = list(dict.fromkeys(f"{entry.protocol}: {name}" for entry in entries for name, _ in groups_of(entry)))
    drawing, axes = figures.grid(len(QUESTIONS), 1, 2.5)
    with figures.saved(path, drawing):
        for panel, (question, gain_of) in zip(axes[:, 0], QUESTIONS.items(), strict=True):
            series: dict[str, dict[str, Figure | None]] = {entry.run: {} for entry in entries}
            for entry in entries:
                for name, group in groups_of(entry):
                    gain = gain_of(group)
                    series[entry.run][f"{entry.protocol}: {name}"] = None if gain is None else gain.gain
            figures.draw_intervals(panel, series, ticks)
            panel.axhline(0, color="0.3", linestyle=":", linewidth=1)
            panel.set_title(question)
            panel.set_ylabel("gain in AUC")
            panel.set_xticks(range(len(ticks)), ticks, rotation=35, ha="right")
            panel.label_outer()
        figures.draw_legend(drawing, axes[:, 0])


def shown_protocol(gains: EncoderGains, runs: Sequence[str]) -> list[TrainedEncoder]:
    """Return the runs of the first protocol that have maps: their pictures are the same."""
    mapped = [entry for entry in in_order(gains, runs) if entry.saliency is not None]
    return [entry for entry in mapped if entry.protocol == mapped[0].protocol]


def shown_faces(material: Material) -> list[Face]:
    """Return the faces whose maps this machine has."""
    entries = shown_protocol(material.own.encoder_gains, material.runs)
    return [material.faces[face_id] for face_id in entries[0].saliency.regions] if entries and entries[0].saliency else []


def pictured(material: Material) -> list[Face]:
    """Return the faces of the sheet."""
    return shown_faces(material)


def pictures(material: Material) -> str:
    """Draw the sheet of saliency maps of one protocol, and return its fragment."""
    faces, gallery = shown_faces(material), material.pictures()
    printed = [face for face in faces if gallery.printing.allows(face)]
    if not printed:
        return gallery.notice(faces) or NO_PICTURES
    entries = shown_protocol(material.own.encoder_gains, material.runs)
    rows = []
    for face in printed:
        crop = np.asarray(contact_sheets.crop_cell(face, gallery.crops).picture)
        cells = picture_cells(crop, face.face_id, entries, titled=not rows)
        rows.append(Row(cells, words=describe(face)))
    return material.draw(
        "saliency",
        lambda path: contact_sheets.draw_sheet(path, rows, len(rows[0].cells), LABELS),
        f"Attacks of the targets of {entries[0].protocol}. Blue: patches that lie mostly in the region of a local cue. Red:"
        " patches without which the score falls, the fuller the more of a picture's saliency a patch has.",
        "Attacks with the regions of their cues, and the saliency maps of the foundation's encoder and of each run",
    )


def picture_cells(crop: np.ndarray, face_id: str, entries: Sequence[TrainedEncoder], *, titled: bool) -> list[Cell]:
    """Return a row of the sheet: the crop, the crop with the cues' regions, the foundation's map, and each run's.

    Args:
        crop: uint8 of (height, width, 3).
        face_id: of the crop.
        entries: runs that have its maps.
        titled: whether the cells have titles.
    """
    maps: list[tuple[str, Saliency, str]] = []
    for entry in entries:
        if entry.saliency is not None:
            maps.append((f"{entry.run}\n(score)", entry.saliency, SCORE))
    first = maps[0][1]
    maps.insert(0, ("foundation\n(probe)", first, "foundation_probe"))
    large = crop.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    region = enlarged(np.array(first.regions[face_id]), large.shape[:2]) > 0.5
    cells = [Cell(large, "picture" if titled else ""), Cell(outlined(large, region), "cues' regions" if titled else "")]
    for title, one, score in maps:
        shares = enlarged(np.array(one.maps[score][face_id]), large.shape[:2])
        cells.append(Cell(outlined(heated(large, shares), region), title if titled else ""))
    return cells


def enlarged(patches: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the value of the patch that each pixel lies in; (patches, patches) -> `shape`."""
    down, across = (np.arange(side) * count // side for side, count in zip(shape, patches.shape, strict=True))
    return patches[down][:, across]


def outlined(picture: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return a picture with a line of `SCALE` pixels inside the border of a region, (height, width) bool."""
    framed = np.pad(region, SCALE)
    core = region.copy()
    height, width = region.shape
    for down, across in ((0, SCALE), (2 * SCALE, SCALE), (SCALE, 0), (SCALE, 2 * SCALE)):
        core &= framed[down : down + height, across : across + width]
    drawn = picture.copy()
    drawn[region & ~core] = OUTLINE
    return drawn


def heated(picture: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return a grey picture with patches in `HEAT`, the fullest where `shares`, (height, width), are highest."""
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    strength = 0.85 * (shares / max(float(shares.max()), 1e-9))[:, :, None]
    return ((1 - strength) * grey + strength * np.array(HEAT)).round().astype(np.uint8)

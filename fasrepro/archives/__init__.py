"""The archives that this project reads and writes, one module a data set.

Every module holds, under the same names:

- its folder, `FOLDER`, and the codec of its file names: `format_name`, `parse_name`;
- what the release holds: `PAI_SPECIES`; `PUBLISHED`, split -> subjects, bona fide presentations and attacks, or None where these
  are not known, and then `TOTALS` (subjects, presentations) if those are;
- `WITHOUT_ATTACKS`, splits of the release that hold bona fide presentations alone;
- `siblings`, where all presentations of a subject are known, and `people`, where all subjects are;
- `printable`, where the release lists the videos whose faces may be printed;
- `redacted`, where a path on disk tells of a person what no report may repeat;
- the reader: `read`, `boxes`, `eyes`, and `rotation`, the quarter turns (counter-clockwise, as `np.rot90` counts them) that make
  a stored frame upright, or None where they are not known: then the file's own flag decides;
- the writer of a small synthetic archive in the official layout, unless the data set is only read: `Size`, `plan`,
  `write_sidecar`, `write_lists`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from fasrepro import names, schema
from fasrepro.archives import (
    casia,
    casia_surf,
    cefa,
    celeba_spoof,
    hifimask,
    hkbu,
    msu,
    oulu,
    replay,
    rose_youtu,
    sampling,
    siw,
    siw_m,
    siw_mv2,
    surf_3dmask,
    threedmad,
    wfas,
    wmca,
)
from fasrepro.archives.layout import ArchiveError, Presentation

ARCHIVES: dict[str, ModuleType] = {
    "msu": msu,
    "casia": casia,
    "replay": replay,
    "oulu": oulu,
    "siw_mv2": siw_mv2,
    "celeba_spoof": celeba_spoof,
    "wfas": wfas,
    "siw": siw,
    "hkbu": hkbu,
    "hifimask": hifimask,
    "wmca": wmca,
    "surf_3dmask": surf_3dmask,
    "rose_youtu": rose_youtu,
    "threedmad": threedmad,
    "siw_m": siw_m,
    "casia_surf": casia_surf,
    "cefa": cefa,
}
WHERE = "params.yaml: archives.datasets"


def archive(name: str) -> ModuleType:
    """Return the module of a data set. Raises `ArchiveError` that names the known ones."""
    return names.lookup(ARCHIVES, name, "data set", ArchiveError, WHERE)


def redacted(name: str, value: Any) -> Any:
    """Return a text or a JSON value about a data set, without what its paths tell of a person.

    >>> redacted("cefa", {"EA/EA-012-110101199003070000/3_012_3_1_4": "no face"})
    {'EA/EA-012/3_012_3_1_4': 'no face'}
    """
    redact = getattr(ARCHIVES.get(name), "redacted", None)
    if redact is None:
        return value
    if isinstance(value, dict):
        return {redact(key): redacted(name, item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(name, item) for item in value]
    return redact(value) if isinstance(value, str) else value


def plan(name: str, size: Mapping[str, Any]) -> list[Presentation]:
    """Return the presentations of a small synthetic archive.

    Args:
        name: of the data set.
        size: fields of its module's `Size`, as params.yaml gives them; and `per_subject`, fields of `sampling.PerSubject`, if not
            all presentations of a subject are drawn.

    Raises:
        ArchiveError: the data set is unknown or only read, its size has other fields, or the official archive is smaller.

    >>> len(plan("msu", {"train": 1, "test": 0}))
    8
    >>> len(plan("msu", {"train": 1, "test": 0, "per_subject": {"bona_fide": 1, "attack": 2}}))
    3
    """
    official = archive(name)
    if not hasattr(official, "plan"):
        raise ArchiveError(f"{WHERE}.{name}: cannot be drawn; set archives.source to licensed, or remove {name}")
    whole = dict(size)
    kept = whole.pop("per_subject", None)
    planned = official.plan(schema.build(official.Size, whole, f"{WHERE}.{name}", ArchiveError))
    if kept is None:
        return planned
    return sampling.sampled(planned, schema.build(sampling.PerSubject, kept, f"{WHERE}.{name}.per_subject", ArchiveError))

"""The paint on a relief: skin and its marks, brows, eyes and mouth, and glasses before it. All in face coordinates u, v."""

from __future__ import annotations

import numpy as np

from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array, bump, mix, noise, smooth
from fasrepro.simulation.drawing.people import Person, Sitting
from fasrepro.simulation.drawing.relief import EYE_GAP, EYE_LINE, NOSE_END, fold, lip_line, lip_width

LASHES = (0.07, 0.05, 0.045)
TEETH = (0.90, 0.87, 0.81)
RIMS = {  # colours of glasses
    "thin": ((0.12, 0.12, 0.13), (0.55, 0.44, 0.22), (0.50, 0.51, 0.53)),
    "thick": ((0.05, 0.05, 0.06), (0.23, 0.11, 0.06), (0.14, 0.14, 0.16)),
}


def marks(person: Person, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Return grids of a skin's blotches, and of its pores, freckles and moles: relative changes of its colour."""
    blotches = 0.030 * noise(rng, shape, 7, 7)
    pores = 0.028 * noise(rng, shape, 0.8, 0.8)
    freckled = rng.random() < 0.25 and person.skin in ("very pale", "pale", "fair", "light beige")
    spots = noise(rng, shape, 1.0, 1.0)
    share = (0.13 if freckled else 0.0) + 0.07 * person.age**2
    pores -= share * smooth(spots, 1.3, 2.1)
    pores[:40] *= 0.4  # the crown's skin is tight
    for _ in range(int(rng.integers(0, 3))):
        row, column = rng.integers(70, 125), rng.integers(40, 90)
        pores[row, column : column + 2] -= rng.uniform(0.15, 0.40)
    return blotches.astype(np.float32), pores.astype(np.float32)


def skin(person: Person, u: Array, v: Array) -> Array:
    """Return the colour of bare skin: redder on cheeks, nose and chin, darker around the eyes and on a shaved beard."""
    side = np.abs(u)
    tone = np.asarray(people.SKIN[person.skin], np.float32)
    colour = np.empty((*u.shape, 3), np.float32)
    colour[:] = tone
    blush = 0.75 * bump(side, v, 0.55, 0.36, 0.26, 0.20) + 0.70 * bump(u, v, 0, 0.42, 0.17, 0.13)
    blush += 0.35 * bump(u, v, 0, 1.14, 0.25, 0.12) + 0.25 * bump(side, v, 0.97, 0.10, 0.10, 0.3)
    mix(colour, tone * (1.0, 0.80, 0.79), np.clip(blush, 0, 1))
    mix(colour, tone * (1.03, 1.0, 0.94), 0.6 * smooth(-v, 0.25, 0.6))
    rings = bump(side, v, EYE_GAP - 0.03, EYE_LINE + 0.05, 0.24, 0.14)
    mix(colour, tone * (0.74, 0.64, 0.66), (0.42 + 0.30 * person.age) * rings)
    if person.rugged > 0.6 and person.beard == "none":
        shaved = smooth(v, 0.58, 0.72) * smooth(1.1 - side, 0.2, 0.4)
        mix(colour, tone * (0.86, 0.88, 0.92), 0.45 * shaved)
    return colour


def lines(person: Person, sitting: Sitting, u: Array, v: Array) -> Array:
    """Return the depth of lines of age and expression, in [0, 1]."""
    side = np.abs(u)
    age, smiling = max(person.age - 0.25, 0.0) / 0.75, max(sitting.smile, 0.0)
    raised = age * (0.6 + 0.4 * max(sitting.brows, 0))
    forehead = sum(np.exp(-(((v - row - 0.05 * np.cos(3 * u + row)) / 0.014) ** 2)) for row in (-0.47, -0.57, -0.68))
    forehead = forehead * smooth(0.62 - side, 0.0, 0.25) * smooth(v - person.hairline, 0.02, 0.10)
    out = side - 0.66
    crow = sum(np.exp(-(((v - EYE_LINE - rise * (0.05 + out)) / 0.016) ** 2)) for rise in (-0.55, 0.05, 0.65))
    crow = crow * smooth(out, 0.0, 0.04) * smooth(0.18 - out, 0.0, 0.08)
    bag = np.exp(-(((v - EYE_LINE - 0.175 + 0.9 * (side - EYE_GAP) ** 2) / 0.018) ** 2)) * smooth(
        0.20 - np.abs(side - EYE_GAP), 0, 0.1
    )
    frown = bump(side, v, 0.075, -0.30, 0.016, 0.09)
    corner = np.exp(-(((side - 0.44 - 0.25 * (v - 0.85)) / 0.02) ** 2)) * smooth(v, 0.85, 0.92) * smooth(1.08 - v, 0, 0.1)
    deep = 0.55 * raised * forehead + (0.55 * age + 0.18 * smiling * age) * crow + (0.16 + 0.40 * age) * bag
    deep = deep + 0.45 * age * frown + 0.45 * age * corner + (0.13 + 0.40 * age + 0.22 * smiling) * fold(u, v)
    return np.clip(deep, 0, 1)


def _brows(base: Array, person: Person, sitting: Sitting, u: Array, v: Array, rough: Array) -> None:
    side = np.abs(u) - EYE_GAP
    lift = 0.035 * sitting.brows
    middle = -0.315 - lift - person.brow_tilt * side - person.brow_arch * 0.10 * (1 - ((side - 0.06) / 0.26) ** 2) + 0.05
    thick = 0.046 * person.brow * smooth(0.34 - side, 0.0, 0.30) ** 0.6 * smooth(side, -0.30, -0.20) + 1e-3
    shape = np.exp(-(np.abs((v - middle) / thick) ** 3)) * smooth(0.31 - side, 0, 0.06) * smooth(side + 0.29, 0, 0.07)
    tone = np.asarray(people.HAIR[person.hair]) * (0.75 if person.hair == "blond" else 1.0)
    mix(base, tuple(tone), np.clip((0.80 + 2.5 * rough) * shape, 0, 0.95))


def _nostrils(base: Array, person: Person, u: Array, v: Array) -> None:
    tone = np.asarray(people.SKIN[person.skin]) * (0.30, 0.18, 0.17)
    hole = bump(np.abs(u), v, 0.105 * person.nose_width, NOSE_END + 0.005, 0.055 * person.nose_width, 0.027)
    mix(base, tuple(tone), 0.85 * hole)
    under = bump(u, v, 0.0, NOSE_END + 0.04, 0.20 * person.nose_width, 0.04)
    wing = np.exp(-(((np.hypot((np.abs(u) - 0.17 * person.nose_width) / 1.0, v - 0.435) - 0.085) / 0.02) ** 2))
    wing = wing * smooth(np.abs(u) - 0.17 * person.nose_width, -0.01, 0.03) * smooth(0.51 - v, 0, 0.03)
    mix(base, tuple(np.asarray(people.SKIN[person.skin]) * (0.55, 0.42, 0.40)), 0.40 * under + 0.40 * wing)


def _mouth(base: Array, person: Person, sitting: Sitting, u: Array, v: Array) -> None:
    across = u / lip_width(person, sitting)
    taper = np.clip(1 - across**2, 0, 1)
    middle, gap = lip_line(sitting, across), 0.13 * sitting.mouth * taper**0.8
    parted = gap + 0.05 * max(sitting.smile - 0.62, 0) / 0.38 * taper
    bow = 1 - 0.28 * np.exp(-((across / 0.14) ** 2)) + 0.10 * np.exp(-(((np.abs(across) - 0.26) / 0.16) ** 2))
    upper_edge = middle - 0.4 * parted - 0.082 * person.lip * bow * taper**0.85
    lower_edge = middle + 0.6 * parted + 0.105 * person.lip * taper**0.65
    lips = smooth(v - upper_edge, -0.012, 0.016) * smooth(lower_edge - v, -0.016, 0.016) * smooth(taper, 0.0, 0.08)
    tone = np.asarray(people.SKIN[person.skin], np.float32)
    dark = smooth(np.asarray(0.55 - tone.mean()), 0.0, 0.35)
    red = tone * ((0.95, 0.64, 0.66) if dark < 0.5 else (0.98, 0.74, 0.78)) + (0.035, 0.0, 0.012)
    mix(base, tuple(red), 0.82 * lips)
    mix(base, tuple(red * 0.78), 0.55 * lips * (v < middle))
    inside = smooth(v - middle + 0.4 * parted, -0.012, 0.012) * smooth(middle + 0.6 * parted - v, -0.012, 0.012)
    inside = inside * smooth(parted, 0.008, 0.03)
    mix(base, (0.16, 0.05, 0.05), 0.95 * inside)
    teeth = inside * smooth(middle - 0.4 * parted + 0.062 - v, 0.0, 0.02) * smooth(0.80 - np.abs(across), 0, 0.15)
    between = 1 - 0.22 * np.exp(-((((np.abs(u) * 12.5 + 0.5) % 1.0 - 0.5) / 0.10) ** 2))
    mix(base, np.asarray(TEETH, np.float32) * between[..., None], 0.92 * teeth)
    seam = np.exp(-(((v - middle) / 0.017) ** 2)) * smooth(1.06 - np.abs(across), 0, 0.10) * (1 - smooth(parted, 0.004, 0.02))
    corner = bump(np.abs(across), v - middle, 1.02, 0.01, 0.10, 0.03)
    mix(base, tuple(tone * (0.34, 0.18, 0.18)), np.clip(0.80 * seam + 0.35 * corner, 0, 1))


def paint(base: Array, person: Person, sitting: Sitting, u: Array, v: Array, rough: Array) -> None:
    """Paint lines, brows, nostrils and mouth on the skin, in place; `rough` is noise of deviation 0.03."""
    tone = np.asarray(people.SKIN[person.skin])
    mix(base, tuple(tone * (0.52, 0.36, 0.34)), 0.75 * lines(person, sitting, u, v))
    _nostrils(base, person, u, v)
    _mouth(base, person, sitting, u, v)
    _brows(base, person, sitting, u, v, rough)


def _slit(person: Person, u: Array, v: Array) -> tuple[Array, Array, Array]:
    """Return the place of a point relative to an eye: outwards, downwards, and half the height of the opening there."""
    wide, tall = 0.212 * person.eye_size, 0.104 * person.eye_size
    out = np.abs(u) - EYE_GAP
    down = v - EYE_LINE + person.eye_tilt * out
    skew = np.clip(out / wide, -1, 1)
    lens = tall * np.clip(1 - skew**2, 0, 1) ** (0.62 - 0.10 * skew)
    return out / wide, down, lens


def open_eyes(base: Array, person: Person, sitting: Sitting, u: Array, v: Array) -> None:
    """Paint open eyes that look at the camera, in place."""
    across, down, lens = _slit(person, u, v)
    squint = 1 - 0.22 * max(sitting.smile, 0) - 0.10 * person.age
    above, below = down + lens * squint, 0.72 * lens * squint - down
    within = smooth(np.minimum(above, below), -0.008, 0.016) * (np.abs(across) < 1)
    tone = np.asarray(people.SKIN[person.skin])
    gaze_u, gaze_v = -0.05 * sitting.turn, -0.02 * sitting.nod - 0.014
    from_u, from_v = u - np.sign(u) * EYE_GAP - gaze_u, v - EYE_LINE - gaze_v
    away = np.hypot(from_u, from_v)
    white = (0.84, 0.81, 0.79) if tone.mean() > 0.3 else (0.76, 0.72, 0.68)
    mix(base, white, 0.95 * within)
    mix(base, (0.62, 0.50, 0.48), 0.55 * within * smooth(np.abs(across), 0.70, 1.0))
    iris = np.asarray(people.EYES[person.eyes], np.float32)
    mix(base, iris * (0.75 + 0.5 * smooth(from_v, -0.06, 0.09))[..., None], within * smooth(0.104 - away, -0.012, 0.012))
    mix(base, tuple(iris * 0.35), 0.6 * within * np.exp(-(((away - 0.100) / 0.014) ** 2)))
    mix(base, (0.02, 0.02, 0.02), within * smooth(0.044 - away, -0.012, 0.012))
    mix(base, (0.10, 0.07, 0.06), 0.45 * within * smooth(0.05 - above, 0.0, 0.05))
    right, up = people.LIGHTS[sitting.light]
    mix(base, (1.25, 1.25, 1.25), 0.9 * within * bump(from_u, from_v, 0.035 * np.sign(right), -0.03 - 0.01 * up, 0.022, 0.022))
    near = smooth(1.08 - np.abs(across), 0.0, 0.12)
    lid = np.exp(-((above / (0.026 + 0.010 * (1 - person.rugged))) ** 2)) * near
    mix(base, LASHES, 0.88 * lid * smooth(across + 1.0, 0.0, 0.5))
    mix(base, tuple(tone * (0.55, 0.38, 0.38)), 0.45 * np.exp(-((below / 0.020) ** 2)) * near)
    crease = np.exp(-(((above + 0.050 + 0.020 * person.eye_fold) / 0.018) ** 2)) * smooth(1.15 - np.abs(across), 0, 0.2)
    mix(base, tuple(tone * (0.50, 0.35, 0.34)), (0.15 + 0.50 * person.eye_fold) * crease)


def closed_eyes(base: Array, person: Person, u: Array, v: Array) -> None:
    """Paint closed eyes, in place."""
    across, down, lens = _slit(person, u, v)
    tone = np.asarray(people.SKIN[person.skin])
    lid = smooth(lens - np.abs(down), -0.01, 0.03) * (np.abs(across) < 1)
    mix(base, tuple(tone * (0.93, 0.86, 0.84)), 0.6 * lid)
    seam = np.exp(-(((down - 0.62 * lens) / 0.024) ** 2)) * smooth(1.05 - np.abs(across), 0, 0.12)
    mix(base, LASHES, 0.88 * seam)
    crease = np.exp(-(((down + 0.85 * lens) / 0.018) ** 2)) * smooth(1.05 - np.abs(across), 0, 0.2)
    mix(base, tuple(tone * (0.50, 0.35, 0.34)), (0.12 + 0.30 * person.eye_fold) * crease)


def glasses(layers: tuple[Array, Array], person: Person, u: Array, v: Array) -> None:
    """Draw glasses before the eyes on lit pictures, in place: rims, bridge, temples, and their shade."""
    rng = np.random.default_rng(people.seed_of("glasses", person.seed))
    wide, tall, power = rng.uniform(0.29, 0.345), rng.uniform(0.19, 0.27), rng.uniform(2.2, 5.0)
    thick = 0.020 if person.glasses == "thin" else 0.044
    colour = RIMS[person.glasses][int(rng.integers(len(RIMS[person.glasses])))]
    side, middle = np.abs(u), EYE_LINE + 0.035

    def rim(v0: float) -> Array:
        far = (np.abs(side - EYE_GAP) / wide) ** power + (np.abs(v - v0) / tall) ** power
        off = (far ** (1 / power) - 1) * (tall + wide) / 2
        bridge = np.exp(-(((v - v0 + 0.35 * tall - 0.5 * u * u) / thick) ** 2)) * (side < EYE_GAP - 0.96 * wide)
        arm = np.exp(-(((v - v0 + 0.45 * tall) / thick) ** 2)) * smooth(side, EYE_GAP + 0.96 * wide, EYE_GAP + wide)
        return np.clip(np.exp(-((off / thick) ** 4)) + bridge + arm, 0, 1)

    shade, frame = 0.30 * rim(middle + 0.035), 0.93 * rim(middle)
    gleam = 1 + 0.9 * np.exp(-(((u + v * 0.4 - 0.2) / 0.18) ** 2))
    for layer in layers:
        layer *= (1 - shade * (1 - frame))[..., None]
        mix(layer, np.asarray(colour, np.float32) * gleam[..., None], frame)

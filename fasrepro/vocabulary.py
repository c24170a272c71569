"""Words for spoof cues, PAI species and reasoning steps. How a cue is drawn: simulation/effects/; where it is: regions.py."""

from __future__ import annotations

import dataclasses

# The six steps of paper 1's reasoning captions (second-hand: see the book's page on the method).
STEPS: dict[str, str] = {
    "observation": "Initial observation",
    "artifacts": "Artifact detection",
    "features": "Feature analysis",
    "lighting": "Lighting and shadows",
    "context": "Context",
    "judgment": "Final judgment",
}

# PAI species of paper 1's archives, as prompts describe them. Keys of replies that were paid for hold a hash of all of them
# (captions/styles.py): never edit them. A new species belongs into `SPECIES`.
FIRST_SPECIES: dict[str, str] = {
    "bona_fide": "a live person in front of the camera",
    "print": "a printed photo held in front of the camera",
    "warped_photo": "a printed photo bent around a face",
    "cut_photo": "a printed photo with the eyes cut out, held before a person's face",
    "replay_photo": "a photo shown on a screen",
    "replay_video": "a video played on a screen",
    "mannequin": "the head of a mannequin",
    "silicone_mask": "a silicone mask over the whole head",
    "half_mask": "a mask over one half of the face",
    "paper_mask": "a printed paper mask worn on the face",
    "transparent_mask": "a clear plastic mask worn on the face",
    "makeup_cosmetic": "heavy makeup that changes a face",
    "makeup_impersonation": "makeup that copies another person",
    "makeup_obfuscation": "makeup that hides who the person is",
    "partial_eye": "printed eyes worn over the eyes",
    "partial_mouth": "a printed mouth worn over the mouth",
    "partial_paper_glasses": "paper glasses with printed eyes",
    "partial_funny_eye": "toy glasses with false eyes",
}
# All PAI species; no two share a description.
SPECIES: dict[str, str] = {
    **FIRST_SPECIES,
    "a4_print": "a photo on a sheet of office paper",
    "poster": "a printed poster of a face",
    "album_photo": "a photo in an album",
    "newspaper_photo": "a picture in a newspaper",
    "facial_photo": "a photo cut out along the face and worn as a mask",
    "upper_body_photo": "a photo cut out along the upper body",
    "cloth_print": "a face printed on cloth",
    "replay_pad": "a picture on a tablet",
    "replay_pc": "a picture on a computer monitor",
    "replay_phone": "a picture on a phone",
    "region_mask": "a cut-out photo of a part of the face",
    "mask_3d": "a three-dimensional mask of the face",
    "rigid_mask": "a rigid mask of hard resin",
    "flexible_mask": "a flexible mask over the face",
    "plaster_mask": "a mask of plaster",
    "resin_mask": "a painted mask of cast resin",
    "adult_doll": "a doll of an adult",
    "garage_kit": "a small model figure",
}
FIRST_PRINTS = ("print", "warped_photo", "cut_photo")
PRINTS = (*FIRST_PRINTS, "a4_print", "poster", "album_photo", "newspaper_photo", "upper_body_photo", "cloth_print")
REPLAYS = ("replay_photo", "replay_video", "replay_pad", "replay_pc", "replay_phone")
SOLID_MASKS = ("mask_3d", "rigid_mask", "flexible_mask", "plaster_mask", "resin_mask")  # of a whole face
WORN_MASKS = ("half_mask", "paper_mask", "transparent_mask", "facial_photo")
MASKS = ("mannequin", "silicone_mask", *WORN_MASKS, *SOLID_MASKS, "adult_doll", "garage_kit")
MAKEUPS = ("makeup_cosmetic", "makeup_impersonation", "makeup_obfuscation")
PARTIALS = ("partial_eye", "partial_mouth", "partial_paper_glasses", "partial_funny_eye", "region_mask")
FAMILIES: dict[str, tuple[str, ...]] = {
    "print": PRINTS,
    "replay": REPLAYS,
    "mask": MASKS,
    "makeup": MAKEUPS,
    "partial": PARTIALS,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Cue:
    """A visible sign of an attack.

    No phrasing contains another one, so that a text can be read back into cues. None contains a negation ("without shadows"),
    which readers of explanations would take for the absence of the cue.

    Args:
        step: the reasoning step that names it.
        species: the PAI species that show it.
        phrasings: ways to say it.
    """

    step: str
    species: tuple[str, ...]
    phrasings: tuple[str, ...]


def _ways(text: str) -> tuple[str, ...]:
    return tuple(text.split(" / "))


# In the order in which a caption names them.
CUES: dict[str, Cue] = {
    "halftone": Cue(
        "artifacts",
        (*PRINTS, "paper_mask", "partial_paper_glasses", "partial_eye", "partial_mouth", "facial_photo", "region_mask"),
        _ways(
            "halftone dots from a printer / a fine raster of ink dots / a dotted print pattern on the skin"
            " / printer dots across the cheeks / rows of small printed dots"
        ),
    ),
    "paper_border": Cue(
        "context",
        ("print", "warped_photo", "cut_photo", "a4_print", "album_photo", "newspaper_photo", "upper_body_photo"),
        _ways(
            "the pale edge of a sheet / a white paper margin around the face / the straight border of a photo print"
            " / a paper edge that cuts the background / the rim of a printed sheet"
        ),
    ),
    "curl": Cue(
        "features",
        ("print", "warped_photo", "a4_print", "newspaper_photo", "upper_body_photo", "cloth_print"),
        _ways(
            "a sheet that bends and curls / the curved edge of bent paper / a bend across the whole picture"
            " / paper that curls at the side / a face bent like paper"
        ),
    ),
    "cut_eyes": Cue(
        "features",
        ("cut_photo", "warped_photo"),
        _ways(
            "holes cut out for the eyes / eyes behind holes in paper / a cut rim around each eye"
            " / eye holes in a sheet / eyes in the shade of paper"
        ),
    ),
    "narrow_gamut": Cue(
        "artifacts",
        PRINTS,
        _ways(
            "washed out colours of a print / pale colours and grey blacks / dull ink colours on the skin"
            " / colours of a narrow range / blacks that look grey"
        ),
    ),
    "flat_light": Cue(
        "lighting",
        PRINTS,
        _ways(
            "flat lighting with weak shadows / shading as flat as a sheet / light that falls evenly on paper"
            " / weak shadows below nose and chin / even light over the whole face"
        ),
    ),
    "hand_on_medium": Cue(
        "context",
        ("print", "warped_photo", *REPLAYS, "a4_print", "album_photo", "upper_body_photo"),
        _ways(
            "fingers over the edge of the picture / a hand that holds the picture / fingers that grip the picture"
            " / a thumb on the picture / fingers close beside the face"
        ),
    ),
    "moire": Cue(
        "artifacts",
        REPLAYS,
        _ways(
            "a moire pattern over the face / wavy interference stripes / rippled moire bands on the skin"
            " / coloured moire fringes / interference between two grids"
        ),
    ),
    "pixel_grid": Cue(
        "artifacts",
        REPLAYS,
        _ways(
            "a fine grid of screen pixels / single pixels of a screen / square pixels on the skin"
            " / the pixel grid of a display / small squares of screen light"
        ),
    ),
    "banding": Cue(
        "artifacts",
        REPLAYS,
        _ways(
            "hard colour steps in the shading / steps of colour on the cheeks / bands of one colour each"
            " / shading that breaks into steps / colour bands across the face"
        ),
    ),
    "glare": Cue(
        "lighting",
        ("print", *REPLAYS, "poster", "album_photo"),
        _ways(
            "a glare on the glass / a bright reflection on the surface / a mirror-like streak across the picture"
            " / a washed patch of reflected light / a lamp reflected by a glossy surface"
        ),
    ),
    "bezel": Cue(
        "context",
        REPLAYS,
        _ways(
            "the dark bezel of a device / a black frame around the picture / the edge of a phone or tablet"
            " / the rim of a monitor / a dark device border beside the face"
        ),
    ),
    "screen_tint": Cue(
        "lighting",
        REPLAYS,
        _ways(
            "a blue glow in dark parts / a bluish tint from a screen / dark parts that glow blue"
            " / the cold glow of a display / screen light in the shadows"
        ),
    ),
    "refresh_lines": Cue(
        "artifacts",
        REPLAYS,
        _ways(
            "dark bars across the picture / refresh lines of a screen / wide dark bars over the face"
            " / dark lines that roll down / a rolling bar from screen refresh"
        ),
    ),
    "waxy_skin": Cue(
        "features",
        ("silicone_mask", "mannequin", "half_mask", "flexible_mask", "adult_doll"),
        _ways(
            "skin that looks like wax / a waxy shine on the skin / skin as smooth as wax"
            " / dull waxy cheeks and forehead / skin like soft plastic"
        ),
    ),
    "eye_hole_seam": Cue(
        "features",
        (
            "silicone_mask",
            "half_mask",
            "paper_mask",
            "transparent_mask",
            "facial_photo",
            "mask_3d",
            "rigid_mask",
            "flexible_mask",
            "plaster_mask",
            "resin_mask",
        ),
        _ways(
            "a seam around the eye holes / dark gaps around the eyes / a raised edge around each eye"
            " / eyes set behind a mask / a dark ring behind the mask"
        ),
    ),
    "rigid_expression": Cue(
        "features",
        MASKS,
        _ways(
            "a stiff and blank expression / a rigid and empty face / a mouth that stays stiff"
            " / features that stay frozen / cheeks as stiff as a shell"
        ),
    ),
    "hard_specular": Cue(
        "lighting",
        ("transparent_mask", "mannequin", "silicone_mask", "mask_3d", "rigid_mask", "resin_mask", "adult_doll", "garage_kit"),
        _ways(
            "hard shiny spots on the face / sharp highlights as on plastic / small hard points of shine"
            " / a hard plastic shine / highlights with a sharp edge"
        ),
    ),
    "uniform_texture": Cue(
        "features",
        (
            "mannequin",
            "silicone_mask",
            "makeup_cosmetic",
            "makeup_impersonation",
            "mask_3d",
            "rigid_mask",
            "flexible_mask",
            "plaster_mask",
            "resin_mask",
            "adult_doll",
            "garage_kit",
        ),
        _ways(
            "skin of one even tone / the same smooth skin all over / an even coat over the pores"
            " / skin that hides its pores / the same tone on both cheeks"
        ),
    ),
    "mask_edge": Cue(
        "context",
        (
            "half_mask",
            "transparent_mask",
            "silicone_mask",
            "paper_mask",
            "facial_photo",
            "mask_3d",
            "rigid_mask",
            "flexible_mask",
            "plaster_mask",
            "resin_mask",
        ),
        _ways(
            "the edge of a mask / a mask rim along the face / a step between mask and skin"
            " / a line where the mask ends / a mask border beside the cheek"
        ),
    ),
    "pasted_patch": Cue(
        "artifacts",
        ("partial_eye", "partial_mouth", "region_mask"),
        _ways(
            "a pasted patch over the face / a strip of another skin tone / a printed strip over the skin"
            " / a patch with straight edges / a piece pasted on the face"
        ),
    ),
    "paper_glasses": Cue(
        "context",
        ("partial_paper_glasses", "partial_funny_eye"),
        _ways(
            "paper rims around the eyes / glasses cut out of paper / flat paper glasses on the nose"
            " / thick rims made of paper / a paper frame for the eyes"
        ),
    ),
    "painted_eyes": Cue(
        "features",
        ("partial_funny_eye", "mannequin", "partial_paper_glasses", "adult_doll", "garage_kit"),
        _ways(
            "flat eyes that stare / painted eyes that stay open / eyes drawn on a surface"
            " / staring eyes of one flat colour / eyes that look like paint"
        ),
    ),
    "heavy_makeup": Cue(
        "artifacts",
        ("makeup_cosmetic", "makeup_impersonation"),
        _ways(
            "heavy makeup on the face / strong lipstick and eye shadow / thick makeup around the eyes"
            " / red cheeks with a makeup edge / lips painted in strong colour"
        ),
    ),
    "face_paint": Cue(
        "artifacts",
        ("makeup_obfuscation", "makeup_impersonation"),
        _ways(
            "patches of paint on the skin / face paint over the cheeks / painted areas on the face"
            " / skin covered with paint / a coat of bright paint"
        ),
    ),
    "drawn_lines": Cue(
        "features",
        ("makeup_obfuscation", "makeup_impersonation"),
        _ways(
            "drawn lines on the face / painted wrinkles on the skin / wrinkles made with a brush"
            " / dark lines that redraw the face / painted contours of nose and cheeks"
        ),
    ),
}
# Harmless things that resemble a cue, in words that name no cue and no attack. simulation/effects/look_alikes.py draws most.
HARMLESS: dict[str, tuple[str, ...]] = {
    "halftone": ("some dark freckles", "freckles on the skin"),
    "paper_border": ("a pale frame on the wall", "a pale door frame behind the head"),
    "curl": ("the folds of a curtain", "a curtain that hangs in folds"),
    "cut_eyes": ("dark rings below the eyes", "deep set eyes"),
    "narrow_gamut": ("haze from a bright window", "pale haze in a bright room"),
    "flat_light": ("soft light from a cloudy sky", "very soft light from all sides"),
    "hand_on_medium": ("the person's own hand", "a hand that rests on the chin"),
    "moire": ("a striped wall behind the head", "stripes on the wall"),
    "pixel_grid": ("small tiles behind the head", "a wall of small tiles"),
    "banding": ("the shadow of a window blind", "shadows of a blind on the wall"),
    "glare": ("a bright spot on skin or glasses", "a lamp that shines on the face"),
    "bezel": ("a dark frame on the wall", "a dark door frame behind the head"),
    "screen_tint": ("cold light from one side", "blue light on one cheek"),
    "refresh_lines": ("a faint flicker of the lamps", "flicker from a lamp"),
    "waxy_skin": ("a soft shine of cream", "soft skin with some cream"),
    "eye_hole_seam": ("dark rings around the eyes", "eyes with dark rings"),
    "rigid_expression": ("a calm face at rest", "a quiet mouth"),
    "hard_specular": ("some oil on the skin", "a forehead that shines with oil"),
    "uniform_texture": ("some powder on the skin", "skin with some powder"),
    "mask_edge": ("a strap or a scarf below the chin", "a strap along the chin"),
    "pasted_patch": ("a small plaster on the skin", "a plaster on the cheek"),
    "paper_glasses": ("glasses with thick pale rims", "pale reading glasses"),
    "painted_eyes": ("wide open eyes", "very bright eyes"),
    "heavy_makeup": ("some lipstick", "lipstick on the lips"),
    "face_paint": ("a mark or a plaster on the skin", "a birthmark on the face"),
    "drawn_lines": ("deep lines of age", "the soft lines of age"),
}


def cues_of(species: str) -> list[str]:
    """Return the names of the cues of a PAI species; none for a bona fide face.

    >>> cues_of("partial_mouth")
    ['halftone', 'pasted_patch']
    """
    return [name for name, cue in CUES.items() if species in cue.species]


def named_cues(text: str) -> list[str]:
    """Return the names of the cues that a text names by any of their phrasings, in the order of `CUES`.

    >>> named_cues("A moire pattern over the face, and the rim of a monitor.")
    ['moire', 'bezel']
    """
    lowered = " ".join(text.lower().split())
    return [name for name, cue in CUES.items() if any(phrasing in lowered for phrasing in cue.phrasings)]

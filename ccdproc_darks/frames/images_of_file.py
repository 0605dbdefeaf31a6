# Licensed under a 3-clause BSD style license - see LICENSE
"""Which image of a FITS file is the frame, and which others in it are detectors of their own."""

import re

from .cards import header_value

__all__ = ["PLANES", "cube_remedy", "drop_third_axis", "frame_and_planes", "other_detectors", "take_extension_gain"]

# Extensions that `astropy.nddata.CCDData.write` makes of a mask and an uncertainty.
PLANES = ("MASK", "UNCERT")
# Names of images that belong to another one in the file: its errors, weights and flags.
_BESIDE = re.compile(
    r"(MASK|UNCERT|PSFIMAGE|ERR(OR)?S?|VAR(IANCE)?|IVAR|SIGMA|STD(DEV)?|WEIGHTS?|WHT|W[A-Z]*MAP|CON(TEXT)?|DQ|BPM|"
    r"FLAGS?|BADPIX\w*|NOISE|THUMB\w*|PREVIEW\w*)[\W_]?\d*"
)
# Keys by which the header of an extension tells that it is a detector, or an amplifier.
_OF_DETECTOR = {
    "DETSEC",
    "CCDSEC",
    "DATASEC",
    "AMPSEC",
    "CCDNAME",
    "DETECTOR",
    "DETNAME",
    "CHIPNAME",
    "EGAIN",
    "RDNOISE",
}
# Gains (electron/adu): beyond these, GAIN is a setting.
_LEAST_GAIN, _MOST_GAIN = 0.01, 100.0
# Keys of the third axis of an image, or of a higher one.
_HIGHER_AXIS = re.compile(
    r"(NAXIS|CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA|CNAME)[3-9][A-Z]?|(CD|PC)([3-9]_\d|\d_[3-9])[A-Z]?"
)


def frame_and_planes(hdus, wanted):
    """Number of the HDU that is the frame, under '', and those of its MASK and UNCERT, if it has them.

    ``wanted`` is the number of an HDU, an EXTNAME, a pair (EXTNAME, EXTVER), or None for the first with a 2-D image.
    OSError where there is no such image, or where a plane of it has another shape.
    """
    index = _first(hdus) if wanted is None else _of(hdus, wanted)
    shape = hdus[index].shape
    if 0 in shape:
        raise OSError(f"its image has no pixels (shape {shape})")
    planes = {"": index}
    for name in PLANES:
        numbers = [number for number, hdu in enumerate(hdus[1:], 1) if hdu.name == name and number != index]
        number = _own_plane(hdus, index, numbers)
        if number is not None:
            planes[name] = number
            if hdus[number].shape != shape:
                raise OSError(f"its {name} extension has the shape {hdus[number].shape}, its image {shape}")
    return planes


def _own_plane(hdus, index, numbers):
    """That of the MASK (or UNCERT) extensions which belongs to an image: of several, the one of its EXTVER."""
    if len(numbers) > 1 and len(_images(hdus)) > 1:
        numbers = [number for number in numbers if _version(hdus[number]) == _version(hdus[index])]
    elif numbers and index != _first(hdus) and hdus[numbers[0]].shape != hdus[index].shape:
        return None  # that of the first image
    return numbers[0] if numbers else None


def _images(hdus):
    """Numbers of the 2-D images that are no planes."""
    return [number for number, hdu in enumerate(hdus) if len(hdu.shape) == 2 and hdu.name not in PLANES]


def _first(hdus):
    images = _images(hdus)
    if images:
        return images[0]
    shapes = [hdu.shape for hdu in hdus if hdu.is_image]
    cube = next((shape for shape in shapes if len(shape) == 3), None)
    hint = "" if cube is None else f"; {cube_remedy(cube)}"
    raise OSError(f"no 2-D image in it (shapes: {shapes}{hint})")


def cube_remedy(shape):
    """What to do with a cube."""
    return (
        f"a cube of {shape[0]} planes of {shape[1]} rows and {shape[2]} columns: where each is an exposure, write each "
        "into a file of its own, or pass CCDData(cube[number], unit='adu', meta=header)"
    )


def _of(hdus, wanted):
    """Number of the HDU that is wanted, which has a 2-D image."""
    if isinstance(wanted, int):
        if wanted >= len(hdus):
            raise OSError(f"hdu={wanted} is wanted, it has the HDUs 0 to {len(hdus) - 1}: {_listed(hdus)}")
        found = [wanted]
    else:
        name, version = wanted if isinstance(wanted, tuple) else (wanted, None)
        found = [number for number, hdu in enumerate(hdus) if hdu.name == name.strip().upper()]
        found = [number for number in found if version is None or _version(hdus[number]) == version]
    if not found:
        raise OSError(f"no HDU of the name {wanted!r} (hdu) in it: {_listed(hdus)}")
    if len(hdus[found[0]].shape) != 2:
        shape = hdus[found[0]].shape
        hint = f"; it is {cube_remedy(shape)}" if len(shape) == 3 else ""
        raise OSError(f"hdu={wanted!r} is no 2-D image (shape {shape}): {_listed(hdus)}{hint}")
    return found[0]


def _version(hdu):
    return header_value(hdu.header, "EXTVER", 1)


def _listed(hdus):
    names = (f"{number} {hdu.name}".strip() for number, hdu in enumerate(hdus) if len(hdu.shape) == 2)
    return f"its 2-D images are {', '.join(names)}"


def other_detectors(hdus, index):
    """Number and name of each other image that seems to be a detector, or an amplifier, as the HDU ``index`` is one.

    That is an image in an extension that is none of the masks, errors and pictures which programs add, and that has the
    shape of the frame, or a header which tells of a detector.
    """
    found = []
    for number in _images(hdus):
        hdu = hdus[number]
        if number == index or _BESIDE.fullmatch(hdu.name) or 0 in hdu.shape:
            continue
        if hdu.shape == hdus[index].shape or not _OF_DETECTOR.isdisjoint(hdu.header):
            found.append((number, hdu.name))
    return found


def take_extension_gain(header):
    """Take GAIN in the own header of an extension for EGAIN, where it is a detector's or an amplifier's gain.

    In files of several detectors or amplifiers GAIN is in electron/adu. On a CMOS camera, whose only image is mostly
    the primary one, it is a setting in steps: a whole number.
    """
    gain = header.get("GAIN")
    if "EGAIN" in header or not isinstance(gain, float) or not _LEAST_GAIN < gain < _MOST_GAIN:
        return
    if not _OF_DETECTOR.isdisjoint(header):
        header["EGAIN"] = (gain, "[electron/adu] GAIN of this extension")


def drop_third_axis(header):
    """Make the header of a cube of one plane, (1, rows, columns), that of a 2-D image."""
    if header.get("NAXIS", 0) > 2:
        for key in [key for key in header if _HIGHER_AXIS.fullmatch(key)]:
            del header[key]
        header["NAXIS"] = 2
        if "WCSAXES" in header:
            header["WCSAXES"] = 2

# Licensed under a 3-clause BSD style license - see LICENSE
"""The header keys that are looked up, in the order in which they are."""

__all__ = [
    "BINNING_KEYS",
    "CAMERA_KEYS",
    "EXPOSURE_KEYS",
    "GAIN_KEYS",
    "OFFSET_KEYS",
    "READOUT_KEYS",
    "READ_NOISE_KEYS",
    "REGION_KEYS",
    "SATURATION_KEYS",
    "SET_TEMPERATURE_KEYS",
    "SUBTRACTION_KEYS",
    "TEMPERATURE_KEYS",
    "TYPE_KEYS",
    "USED_KEYS",
]

# Not GAIN: on many CMOS cameras that is a setting in steps. It is only read where the user names it.
GAIN_KEYS = ("EGAIN",)
READ_NOISE_KEYS = ("RDNOISE",)
SATURATION_KEYS = ("SATURATE",)
# EXPTIME and EXPOSURE: nearly all programs; EXPOINUS: ASICAP, in us; XPOSURE: FITS standard 4.0, section 9.5; ITIME:
# Keck and IRTF; the others: cameras of single observatories.
EXPOSURE_KEYS = (
    "EXPTIME", "EXPOSURE", "EXPOINUS", "XPOSURE", "EXP_TIME", "EXP-TIME", "EXPTIM", "EXPOSURE TIME", "EXPOSURETIME",
    "TEXPTIME", "TEXP", "T_EXP", "ITIME", "INTTIME", "INT_TIME", "IMG_EXP", "EXPOSED", "EXP",
)  # fmt: skip
# Temperature of the sensor, and the one that its cooler was set to. TEMPERAT: CCDSoft; DET-TEMP: FLI and DWARF;
# CCDATEMP (actual) and CCDSTEMP (set): LCO.
TEMPERATURE_KEYS = (
    "CCD-TEMP", "CCDTEMP", "CCD_TEMP", "DET-TEMP", "DET_TEMP", "DETTEMP", "DETTEM", "SENSTEMP", "SENSOR-T", "SENS-TMP",
    "CHIPTEMP", "CAM-TEMP", "CAMTEMP", "TEMPERAT", "CCDATEMP",
)  # fmt: skip
SET_TEMPERATURE_KEYS = ("SET-TEMP", "SET_TEMP", "SETTEMP", "TEMP_SET", "DET-TSET", "CCDSTEMP")
# DATA-TYP: Subaru; VIMTYPE: Magellan; EXPTYPE: JWST and MMT; FLAVOR: SDSS; 'ESO DPR TYPE': ESO, as HIERARCH.
TYPE_KEYS = (
    "IMAGETYP", "IMGTYPE", "IMTYPE", "IMG_TYPE", "IMAGETYPE", "FRAMETYP", "FRAMETYPE", "FRAMTYPE", "OBSTYPE",
    "OBS_TYPE", "OBS-TYPE", "EXPTYPE", "EXP_TYPE", "VIMTYPE", "DATA-TYP", "CCDTYPE", "FLAVOR", "ESO DPR TYPE", "FRAME",
)  # fmt: skip
# Keys that say what was subtracted from a frame, besides CALSTAT and HISTORY. SUBBIAS and SUBDARK: ccdproc; ZEROCOR and
# DARKCOR: IRAF; BIASCORR and DARKCORR: space telescopes.
SUBTRACTION_KEYS = {
    "SUBBIAS": "bias", "BIASSUB": "bias", "BIAS-SUB": "bias", "BIAS_SUB": "bias", "SUBTRACT_BIAS": "bias",
    "BIASCOR": "bias", "BIASCORR": "bias", "ZEROCOR": "bias",
    "SUBDARK": "dark", "DARKSUB": "dark", "DARK-SUB": "dark", "DARK_SUB": "dark", "SUBTRACT_DARK": "dark",
    "DARKCOR": "dark", "DARKCORR": "dark",
}  # fmt: skip
# Keys whose values are the same in frames that belong together.
CAMERA_KEYS = ("INSTRUME", "DETECTOR", "CAMERA", "CCDNAME")
BINNING_KEYS = ("XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING")
REGION_KEYS = ("XORGSUBF", "YORGSUBF", "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC")
OFFSET_KEYS = ("GAIN", "OFFSET", "BLKLEVEL")
READOUT_KEYS = ("READOUTM", "READMODE")

# Keys that a measurement asks for of nearly all frames: where a card of one of them cannot be read, the frame is not
# used. Of other keys that is told where they are needed.
USED_KEYS = {
    *GAIN_KEYS, *READ_NOISE_KEYS, "EXPTIME", "EXPOSURE", *SATURATION_KEYS, "CCD-TEMP", "SET-TEMP",
    "IMAGETYP", "IMGTYPE", "OBSTYPE", "FRAME", "NCOMBINE", "COMBINED", "DKVERS", "BUNIT", "BZERO", "BSCALE", "BLANK",
    *CAMERA_KEYS, *BINNING_KEYS, *REGION_KEYS, *OFFSET_KEYS, *READOUT_KEYS,
}  # fmt: skip

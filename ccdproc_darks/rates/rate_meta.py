# Licensed under a 3-clause BSD style license - see LICENSE
"""How a rate was measured: what `dark_rate` writes into the header of its result, and what is read back from it."""

import math
from dataclasses import dataclass

__all__ = ["RateMeta"]


@dataclass
class RateMeta:
    """How a rate was measured.

    Attributes
    ----------
    shortest, longest : float
        Shortest and longest exposure time (s).
    exposures : int
        Number of different exposure times.
    total : float
        Total exposure time of all frames (s).
    frames : int
        Number of frames (a combined frame counts as many as went into it).
    bias_error : float
        Error of the bias that all pixels share (electron).
    bias_identity : str
        Checksum of the master bias; empty where there was none.
    gain, read_noise, saturation, temperature : float or None
        Gain (electron/adu), read noise (electron), saturation level (the frames' unit), temperature (deg C).
    noise_source : str
        Source of the noise: 'argument', 'header', 'uncertainty' (the frames' own), 'estimated', 'bias' or 'none'.
    offset : str
        'pixel' where every pixel had a free offset, else 'none'.
    incomplete : int or None
        Number of pixels that lost some of their frames; None where they were not counted.
    """

    shortest: float
    longest: float
    exposures: int
    total: float
    frames: int
    bias_error: float
    bias_identity: str
    gain: float | None
    read_noise: float | None
    noise_source: str
    saturation: float | None
    temperature: float | None
    offset: str
    incomplete: int | None = None

    def entries(self):
        """Header entries, as ``{key: (value, comment)}``."""
        single = self.shortest if self.exposures == 1 else None
        return {
            "EXPTIME": (single, "[s] exposure time of a frame"),
            "EXPOSURE": (single, "[s] exposure time of a frame"),
            "DKEXPMIN": (self.shortest, "[s] shortest exposure time"),
            "DKEXPMAX": (self.longest, "[s] longest exposure time"),
            "DKNEXP": (self.exposures, "number of exposure times"),
            "DKTOTAL": (self.total, "[s] total exposure of all frames"),
            "NCOMBINE": (self.frames, "number of frames"),
            "DKGAIN": (self.gain, "[electron/adu] gain used"),
            "DKRDNOI": (self.read_noise, "[electron] read noise of a frame"),
            "DKNOISE": (self.noise_source, "where the noise is from"),
            "DKBIASER": (self.bias_error, "[electron] error of the bias"),
            "DKBIASID": (self.bias_identity, "checksum of the master bias"),
            "DKSATUR": (self.saturation, "saturation level in the frames' unit"),
            "DKTEMP": (self.temperature, "[deg C] mean sensor temperature"),
            "DKOFFSET": (self.offset, "offset of a pixel: pixel (free), none"),
            "DKLOST": (self.incomplete, "pixels that lost some of their frames"),
        }

    @classmethod
    def of(cls, rate, label):
        """`RateMeta` from the meta of a rate; a ValueError where it is not a result of `dark_rate`."""
        meta = rate.meta
        missing = [key for key in ("DKEXPMIN", "DKEXPMAX", "DKNEXP", "DKTOTAL", "NCOMBINE") if key not in meta]
        if missing:
            raise ValueError(f"{label} is not a result of dark_rate: its meta lacks {', '.join(missing)}")

        def number(key, default=None):
            if key not in meta and default is not None:
                return default
            try:
                value = float(meta[key])
            except (TypeError, ValueError):
                value = math.nan
            if not math.isfinite(value):
                raise ValueError(f"{label}: {key} in its meta must be a finite number, got {meta[key]!r}")
            return value

        return cls(
            shortest=number("DKEXPMIN"),
            longest=number("DKEXPMAX"),
            exposures=int(number("DKNEXP")),
            total=number("DKTOTAL"),
            frames=int(number("NCOMBINE")),
            bias_error=number("DKBIASER", 0.0),
            bias_identity=str(meta.get("DKBIASID", "")),
            gain=number("DKGAIN") if "DKGAIN" in meta else None,
            read_noise=number("DKRDNOI") if "DKRDNOI" in meta else None,
            noise_source=str(meta.get("DKNOISE", "none")),
            saturation=number("DKSATUR") if "DKSATUR" in meta else None,
            temperature=number("DKTEMP") if "DKTEMP" in meta else None,
            offset=str(meta.get("DKOFFSET", "none")),
            incomplete=int(number("DKLOST")) if "DKLOST" in meta else None,
        )

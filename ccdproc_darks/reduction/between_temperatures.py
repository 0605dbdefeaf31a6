# Licensed under a 3-clause BSD style license - see LICENSE
"""The dark frame of a temperature at which none was taken, from those of temperatures around it."""

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty

from .._interface.results import result_image, safe_header
from ..temperature import DoublingDarkCurrent, ThermalDarkCurrent

__all__ = ["between_temperatures"]

# Least difference (K) between two temperatures, and how far from the darks' range another one may be.
_LEAST_RANGE, _FARTHEST = 1.0, 10.0
# Standard deviations of typical pixels by which a pixel is above them; pixels of about one dark current.
_ABOVE, _GROUPS, _LEAST_GROUP = 5.0, 8, 25
# Pixels up to so many of these standard deviations rise as typical ones do.
_TYPICAL = 3.0
# A typical dark current below so many standard errors tells no step.
_SEEN = 5.0
# A pixel has a step of its own where its dark current is above so many standard errors.
_SIGNIFICANT = 5.0
_STEPS = 12
# By chance the squared robust width of N deviates is above 1 by this / sqrt(N): nearly two sigmas.
_BY_CHANCE = 4.0
# Rows that are worked on together hold about so many pixels; pixels of a median.
_TOGETHER, _SAMPLE = 2**20, 2**18
_KELVIN, _MAD = 273.15, 1.4826
# Silicon near room temperature doubles its dark current in about so many K.
_USUAL_DOUBLING = 6.5


def between_temperatures(darks, kelvins, kelvin, *, model=None):
    """Master dark of a temperature, interpolated between those of other temperatures.

    Parameters
    ----------
    darks : sequence of `~astropy.nddata.CCDData`
        Two or more master darks of one exposure time, their bias subtracted, with uncertainties; or rates.
    kelvins : sequence of float
        Temperature of each (K).
    kelvin : float
        The temperature asked for (K): up to 10 K outside the range of the others.
    model : `~astropy.modeling.Model`, optional
        Dark current against temperature. None: the depletion current of
        `~ccdproc_darks.temperature.ThermalDarkCurrent`, with an error for not knowing it.

    Returns
    -------
    `~astropy.nddata.CCDData`
        The dark, in the unit of the first one; a pixel is masked where it is in all darks.

    Raises
    ------
    ValueError
        If there are fewer than two temperatures, if the one asked for is too far from them, or a dark has no
        uncertainty.

    Notes
    -----
    Between temperatures, dark current goes with a power of the model, as if each pixel had its own activation energy
    (or doubling step). Pixels of about the same dark current have a common power between each two temperatures: hot
    pixels have a smaller one than typical pixels, as generation in the depletion region has half the activation energy
    of diffusion [1]_. How much single pixels scatter about it is measured from all of them, and is the prior of a
    pixel's own power: a hot pixel's counts decide, those of a typical one are too noisy to.

    The uncertainty includes the noise of all darks, that scatter, and, where no model is given, the difference between
    a dark current that doubles at equal steps and one by the physics of silicon. All of them grow outside the range of
    the temperatures.

    References
    ----------
    .. [1] Widenhorn, R. et al. 2002, Proc. SPIE 4669, 193.
    """
    darks, kelvins = _checked(darks, kelvins, kelvin)
    form = 0.0 if model is not None else _form_error(kelvins, kelvin)
    model = model or ThermalDarkCurrent(depletion=1.0, diffusion=0.0, reference_temperature=float(np.mean(kelvins)))
    place = _logarithms(model, [*kelvins, kelvin])
    place, wanted = place[:-1], place[-1]
    shape = darks[0].shape
    rows = max(_TOGETHER // shape[1], 1)
    values = _Values(darks)
    shapes = _CommonShapes(values.sample(), place, wanted, form)
    data, deviation = np.empty(shape), np.empty(shape)
    for start in range(0, shape[0], rows):
        block = slice(start, start + rows)
        counts, weight = values.rows(block)
        size = counts.shape[1:]
        amount, variance = shapes.interpolated(counts.reshape(len(darks), -1), weight.reshape(len(darks), -1))
        data[block] = amount.reshape(size)
        deviation[block] = np.sqrt(variance).reshape(size)
    mask = ~(np.isfinite(data) & np.isfinite(deviation))
    nearest = darks[int(np.argmin(np.abs(np.array(kelvins) - kelvin)))]
    entries = {
        "DKTEMP": (kelvin - _KELVIN, "[deg C] sensor temperature, interpolated"),
        "CCD-TEMP": (kelvin - _KELVIN, "[deg C] sensor temperature, interpolated"),
    }
    # Masked pixels have the value of the nearest dark, and are no NaN for those who do not look at masks.
    data[mask], deviation[mask] = np.nan_to_num(nearest.data[mask]), 0.0
    return result_image(
        data,
        darks[0].unit,
        safe_header(nearest.meta, entries),
        mask=mask if mask.any() else None,
        deviation=deviation,
        wcs=nearest.wcs,
    )


def _checked(darks, kelvins, kelvin):
    """Darks and temperatures (K), the coldest first; a ValueError where they do not tell another temperature."""
    order = np.argsort(kelvins, kind="stable")
    darks, kelvins = [darks[index] for index in order], [float(kelvins[index]) for index in order]
    told = ", ".join(f"{each - _KELVIN:.1f}" for each in kelvins)
    if len(darks) < 2 or kelvins[-1] - kelvins[0] < _LEAST_RANGE:
        raise ValueError(
            f"temperature: darks of two temperatures or more are needed to tell another one, got {told} deg C"
        )
    if not kelvins[0] - _FARTHEST <= kelvin <= kelvins[-1] + _FARTHEST:
        raise ValueError(
            f"temperature is {kelvin - _KELVIN:.1f} deg C, more than {_FARTHEST:g} K outside those of the darks "
            f"({told} deg C): take darks closer to it"
        )
    for number, dark in enumerate(darks):
        if dark.uncertainty is None:
            raise ValueError(f"the dark at {kelvins[number] - _KELVIN:.1f} deg C has no uncertainty")
        if dark.shape != darks[0].shape or dark.unit != darks[0].unit:
            raise ValueError("darks must have one shape and one unit")
    return darks, kelvins


def _logarithms(model, kelvins):
    """Natural logarithms of a model's dark current at temperatures (K); a ValueError where it does not rise."""
    units = any(getattr(model, name).unit is not None for name in model.param_names)
    found = np.array([np.log(u.Quantity(model(each * u.K if units else each)).value) for each in kelvins])
    rises = np.all(np.diff(found[np.argsort(kelvins, kind="stable")]) >= 0) and found[0] < found[-2]
    if not (np.isfinite(found).all() and rises):
        raise ValueError(f"model must give a dark current that rises with temperature; {type(model).__name__} does not")
    return found


def _form_error(kelvins, kelvin):
    """Error of the place of a temperature between its neighbours, as a share of the way, by the form of the rise."""
    forms = (
        DoublingDarkCurrent(amplitude=1.0, doubling=_USUAL_DOUBLING, reference_temperature=kelvins[0]),
        ThermalDarkCurrent(depletion=1.0, diffusion=0.0, reference_temperature=kelvins[0]),
    )
    below = _lower(kelvins, kelvin)
    shares = []
    for form in forms:
        *place, wanted = _logarithms(form, [*kelvins, kelvin])
        shares.append((wanted - place[below]) / (place[below + 1] - place[below]))
    return abs(shares[0] - shares[1])


def _lower(places, wanted):
    """Index of the lower one of the two places between which another one lies, or that are next to it."""
    return int(np.clip(np.searchsorted(places, wanted) - 1, 0, len(places) - 2))


class _Values:
    """Counts of the darks, and the inverse of their variances, which is 0 where a pixel cannot be used."""

    def __init__(self, darks):
        self._darks = darks

    def rows(self, block):
        counts = np.stack([np.asarray(dark.data[block], dtype=float) for dark in self._darks])
        weight = np.stack([_weights(dark, block) for dark in self._darks])
        usable = np.isfinite(counts) & (weight > 0)
        return np.where(usable, counts, 0.0), np.where(usable, weight, 0.0)

    def sample(self):
        """Some rows, evenly spread, of all darks: shape (darks, pixels)."""
        rows, columns = self._darks[0].shape
        step = max(1, rows * columns // _SAMPLE)
        counts, weight = self.rows(slice(None, None, step))
        return counts.reshape(len(counts), -1), weight.reshape(len(weight), -1)


def _weights(dark, block):
    kind = type(dark.uncertainty)
    deviation = dark.uncertainty.array[block]
    if kind is not StdDevUncertainty:
        deviation = kind(deviation, copy=False).represent_as(StdDevUncertainty).array
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = 1.0 / np.square(deviation, dtype=float)
    weight[~np.isfinite(weight)] = 0.0
    if dark.mask is not None:
        weight[np.broadcast_to(dark.mask, dark.shape)[block]] = 0.0
    return weight


class _CommonShapes:
    """How dark current rises from one temperature to the next in pixels of about one dark current, and its scatter.

    Parameters
    ----------
    sample : tuple of `numpy.ndarray`
        Counts and weights of some pixels, shape (darks, pixels).
    place, wanted : `numpy.ndarray`, float
        Logarithm of the model at the darks' temperatures, and at the one asked for.
    form : float
        Error of that place, as a share of the way between its two neighbours.
    """

    def __init__(self, sample, place, wanted, form):
        counts, weight = sample
        complete = (weight > 0).all(axis=0)
        counts, weight = counts[:, complete], weight[:, complete]
        if counts.shape[1] < _LEAST_GROUP:
            raise ValueError(
                f"{counts.shape[1]} pixels are unmasked in the darks of all temperatures, {_LEAST_GROUP} are needed to "
                "tell how the dark current rises"
            )
        self._place, self._wanted, self._span = place, wanted, place[-1] - place[0]
        self._form = form
        warm = counts[-1]
        middle = np.median(warm)
        spread = _MAD * np.median(np.abs(warm - middle))
        hot = np.flatnonzero((warm > middle + _ABOVE * spread) & (warm**2 * weight[-1] > _SIGNIFICANT**2))
        groups = []
        if hot.size >= _LEAST_GROUP:
            hot = hot[np.argsort(warm[hot])]
            groups = np.array_split(hot, min(_GROUPS, hot.size // _LEAST_GROUP))
        typical = np.flatnonzero(np.abs(warm - middle) <= _ABOVE * spread)
        found = [self._group(counts, weight, part) for part in groups]
        found = sorted((each for each in found if each), key=lambda each: each[0])
        common = self._group(counts, weight, typical, is_typical=True)
        if common:
            # The brightest typical pixels rise as the others do, and not half as hot ones.
            edge = middle + _TYPICAL * spread
            found = [common, (max(edge, common[0]), *common[1:]), *(each for each in found if each[0] > edge)]
        if not found:
            raise ValueError(
                "the darks show no dark current that rises with temperature: neither typical pixels nor hot ones stand "
                "out of the noise at every temperature; take longer or more darks"
            )
        self._levels = np.log([level for level, _, _ in found])
        self._shapes = np.array([shape for _, shape, _ in found]).T
        self._scatters = np.array([scatter for *_, scatter in found])

    def _group(self, counts, weight, pixels, is_typical=False):
        """Median counts of the warmest dark, logarithms of all over that, and scatter; None where nothing is seen."""
        if pixels.size < _LEAST_GROUP:
            return None
        middles = np.median(counts[:, pixels], axis=1)
        errors = 1.25 * _MAD * np.median(np.abs(counts[:, pixels] - middles[:, None]), axis=1) / np.sqrt(pixels.size)
        if not (middles > _SEEN * errors).all() or not (np.diff(middles) > 0).all():
            return None
        ratio = middles[-1] / middles[0]
        contrast = counts[-1, pixels] - ratio * counts[0, pixels]
        noise = 1 / weight[-1, pixels] + ratio**2 / weight[0, pixels]
        more = (_MAD * np.median(np.abs(contrast) / np.sqrt(noise))) ** 2 - 1
        # What chance gives is no scatter of typical pixels.
        least = _BY_CHANCE / np.sqrt(pixels.size) if is_typical else 0.0
        scatter = np.sqrt(more * np.median(noise)) / (middles[-1] * self._span) if more > least else 0.0
        return float(middles[-1]), np.log(middles / middles[-1]), float(scatter)

    def interpolated(self, counts, weight):
        """Counts of pixels at the temperature asked for, and their variance; NaN where a pixel has no weight."""
        place = self._place
        level = self._amount(counts, weight, self._shape_of(np.full(counts.shape[1], -np.inf))[0])
        with np.errstate(invalid="ignore", divide="ignore"):
            brightness = np.log(np.maximum(level, 1e-300))
        shape, scatter = self._shape_of(brightness)
        # Common part: counts of each dark over those at the temperature asked for.
        common = self._at_wanted(shape)
        expected = np.exp(shape - common)
        with np.errstate(invalid="ignore", divide="ignore"):
            amount = (weight * expected * counts).sum(axis=0) / (weight * expected**2).sum(axis=0)
            variance = 1 / (weight * expected**2).sum(axis=0)
            away = (weight * expected**2 * (place - self._wanted)[:, None]).sum(axis=0) * variance
        own = np.flatnonzero((amount**2 > _SIGNIFICANT**2 * variance) & (amount > 0) & (scatter > 0))
        variance = variance + (np.clip(amount, 0, None) * scatter * away) ** 2
        if own.size:
            amount[own], variance[own] = self._own(
                counts[:, own], weight[:, own], expected[:, own], amount[own], scatter[own]
            )
        below = _lower(place, self._wanted)
        return amount, variance + (self._form * (shape[below + 1] - shape[below]) * amount) ** 2

    def _own(self, counts, weight, expected, amount, scatter):
        """Pixels with a power of their own: the most probable one by its counts and the scatter of all."""
        away = (self._place - self._wanted)[:, None]
        amount, power, start = amount.copy(), np.zeros(amount.size), amount
        for _ in range(_STEPS):
            model = amount * expected * np.exp(power * away)
            left = weight * (counts - model)
            by_amount, by_power = model / amount, model * away
            a, b = (weight * by_amount**2).sum(axis=0), (weight * by_amount * by_power).sum(axis=0)
            c = (weight * by_power**2).sum(axis=0) + scatter**-2
            first, second = (left * by_amount).sum(axis=0), (left * by_power).sum(axis=0) - power / scatter**2
            determinant = a * c - b * b
            amount = amount + np.clip((c * first - b * second) / determinant, -0.5 * amount, amount)
            power = power + np.clip((a * second - b * first) / determinant, -2 * scatter, 2 * scatter)
        right = np.isfinite(amount) & (amount > 0)
        return np.where(right, amount, start), c / determinant

    def _amount(self, counts, weight, shape):
        """Counts that a pixel would have in the warmest dark."""
        expected = np.exp(shape)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weight * expected * counts).sum(axis=0) / (weight * expected**2).sum(axis=0)

    def _shape_of(self, brightness):
        """Logarithms of the counts in all darks over those in the warmest, and scatter, of pixels of a brightness."""
        shape = np.stack([np.interp(brightness, self._levels, each) for each in self._shapes])
        return shape, np.interp(brightness, self._levels, self._scatters)

    def _at_wanted(self, shape):
        """The same logarithm at the temperature asked for, between the two darks next to it."""
        below = _lower(self._place, self._wanted)
        part = (self._wanted - self._place[below]) / (self._place[below + 1] - self._place[below])
        return (1 - part) * shape[below] + part * shape[below + 1]

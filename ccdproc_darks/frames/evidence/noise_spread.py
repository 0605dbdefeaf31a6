# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether one read noise will do for all pixels: by how much it differs from pixel to pixel."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from .finding import DOUBTFUL, OK, Finding
from .photon_transfer import known_bias

__all__ = ["ENOUGH_DEGREES", "ENOUGH_FRAMES", "FEWEST_FRAMES", "MOST_SPREAD", "NoiseSpread", "noise_spread"]

#: Relative spread of read noise with which one will do. Normal tails of a probability of 1e-6 (z = 4.75) grow by
#: ``exp(z^4 spread^2 / 2)``, the average over lognormal read noises: by 1.5 at this spread.
MOST_SPREAD = 0.04
#: Frames from which on a map of each pixel's own read noise is right where one will not do: of so few, tails averaged
#: over what a pixel's read noise may be were found right, with a spread of 20 % and telegraph read noise.
ENOUGH_FRAMES = 20
#: Bias frames from which on a map is far better than one read noise. With a map of 8, twice as many good pixels as by
#: chance were beyond 1e-5 and 4 to 6 times as many beyond 1e-6 (simulated); with one read noise, thousands of times.
FEWEST_FRAMES = 8
#: Least degrees of freedom of the read noises of a map of darks, whose Poisson noise hides some of those of its frames.
ENOUGH_DEGREES = 10.0
_OF_ENOUGH = " of twenty bias frames or more"
# Standard errors by which a spread is above, or below, that.
_SIGNIFICANT = 3.0
# Frames with two of them in each half; pixels that are enough; fewest that are judged.
_LEAST_FRAMES, _PIXELS, _LEAST_PIXELS = 4, 2**17, 400
# Exposure times of darks, those of the most frames, that are looked at.
_MOST_SETS = 2
# Frames from which on that many pixels are enough.
_SEVERAL = 8
# Pixels that tell the noise of a frame; multiple of it beyond which a sample is cut off.
_FEW, _FAR = 2**12, 4.0
# Noise of other frames beyond which a frame is not like them (pick-up, or the first frame after a pause); three errors
# of it, with a single pixel.
_OTHER_NOISE, _NOISE_ERRORS = 1.1, 3.5
# Smallest noise, in steps of the digits, that the digits do not change from pixel to pixel.
_DIGITS = 0.6
# Widths of the mean counts within which a pixel is typical; least part of the variance of darks that is read noise.
_TYPICAL, _LEAST_SHARE = 4.0, 0.3
# Standard error of the mean of three ways to part frames, over that of one (simulated, 4 to 40 frames: 0.73 to 0.81).
_OF_SPLITS = 0.8
# Probabilities beyond which a pixel's scatter stands out in one half of the frames, and is cut off.
_STANDS_OUT, _HIGHEST = 1e-2, 1e-3


@dataclass(frozen=True)
class NoiseSpread:
    """Spread of read noise from pixel to pixel.

    Attributes
    ----------
    square, square_error : float
        Square of the relative standard deviation of read noise over the sensor, and its standard error. By chance the
        square may be below zero.
    chance : float
        Standard error of the square of pixels that all have the same read noise.
    noisy : float
        Fraction of pixels that are noisier than the others in both halves of the frames, less that of chance.
    frames, pixels : int
        Number of frames and pixels that tell it.
    seconds : float
        Exposure time of the frames (s); 0 of bias frames.
    """

    square: float
    square_error: float
    chance: float
    noisy: float
    frames: int
    pixels: int
    seconds: float

    @property
    def spread(self):
        """Relative standard deviation of read noise over the sensor."""
        return float(np.sqrt(max(self.square, 0.0)))

    @property
    def highest(self):
        """Spread that is not exceeded, by three standard errors."""
        return float(np.sqrt(max(self.square, 0.0) + _SIGNIFICANT * self.square_error))

    @property
    def is_found(self):
        """Whether the frames show a spread at all."""
        return self.square > _SIGNIFICANT * self.chance

    @property
    def one_will_do(self):
        """Whether one read noise will do for all pixels; None where the frames are too few to tell."""
        if self.square - _SIGNIFICANT * self.chance > MOST_SPREAD**2:
            return False
        return True if (self.spread if self.is_found else self.highest) < MOST_SPREAD else None

    @property
    def amount(self):
        """The spread in words."""
        percent = 100 * (self.spread if self.is_found else self.highest)
        number = f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
        return f"by {number} %" if self.is_found else f"by less than {number} %"

    @property
    def sentence(self):
        """The spread, and whether one read noise will do."""
        text = f"read noise differs {self.amount} from pixel to pixel"
        if self.one_will_do is False:
            # The number is that of all pixels, and pixels of telegraph read noise make it: a map tells that of most.
            return f"read noise differs by more than {100 * MOST_SPREAD:g} % from pixel to pixel"
        if self.one_will_do is None:
            return f"{text}, as far as {self.frames} frames tell"
        return f"{text}: one will do"

    def finding(self, biases):
        """`Finding` of the check "read noise" where the frames tell; None where not. There are so many ``biases``."""
        if self.one_will_do is None:
            return None
        text = self.sentence if self.one_will_do else self.advice
        if biases >= ENOUGH_FRAMES:
            text = text.removesuffix(_OF_ENOUGH)
        return Finding("read noise", OK if self.one_will_do else DOUBTFUL, text)

    @property
    def advice(self):
        """What to take where one read noise will not do."""
        return (
            f"{self.sentence}, and with one read noise for all of them, more good pixels are flagged than asked for: "
            f"pass read_noise=read_noise_map(biases){_OF_ENOUGH}"
        )


def noise_spread(group, noise=None, pixels=_PIXELS):
    """`NoiseSpread` of a `FrameGroup`, from its bias frames, else from equal darks; None where these cannot tell.

    ``noise`` is the read noise (electron) of a typical pixel; without it darks tell nothing. So many ``pixels`` are
    looked at, where there are more than a few frames.

    Notes
    -----
    A pixel's scatter in one half of the frames is held against that in the other half: the covariance of the two, over
    the product of their means, is the square of the spread, whatever the law of the noise is, and cosmic rays, row
    noise and frames that drift are in one half only. The width of the scatter against the chi-square law would tell of
    4 and 11 % on real CCDs of which halves do not agree on more than 2 %, as their noise is not quite normal.

    In darks a pixel of ``m`` electrons more than a typical one has ``m / (2 V)`` times the scatter more, V being the
    variance, and halves have that in common too. It is taken off: ``1 / (2 V)`` times the covariance of the scatter in
    one half with the mean counts in the other half, in which no noise and no pattern of the bias is.
    """
    found = _of_sample(group, group.bias_sample, pixels) if group.bias_sample is not None else None
    if found is not None or noise is None or group.scale is None:
        return found
    most = sorted(group.dark_samples, key=lambda one: -len(one.values))[:_MOST_SETS]
    darks = [_of_sample(group, one, pixels, noise / group.scale) for one in most]
    return min((one for one in darks if one is not None), key=lambda one: one.square_error, default=None)


def _of_sample(group, sample, pixels, noise=None):
    """`NoiseSpread` of a `FrameSample` of bias frames, or of darks with a read ``noise`` (frames' unit); or None."""
    numbers = {group.combined[index] for index in sample.indices} if noise is not None and group.combined else {1}
    if len(sample.values) < _LEAST_FRAMES or len(numbers) > 1 or sample.values[0].size < _LEAST_PIXELS:
        return None
    # Fewer frames tell less: more pixels of them are looked at.
    rows = max(1, (pixels if len(sample.values) > _SEVERAL else 2 * pixels) // group.shape[1])

    def some(values):
        image = np.reshape(values, (-1, group.shape[1]))
        return image[:: max(1, len(image) // rows)]

    values = np.array([some(one) for one in sample.values], np.float32)
    usable = np.isfinite(values).all(axis=0)
    if sample.masked is not None:
        usable &= ~some(sample.masked)
    # Sums of infinite values would warn.
    values[:, ~usable] = 0.0
    if noise is not None:
        bias, _ = known_bias(group)
        values -= some(bias) if np.ndim(bias) else bias
        usable &= np.isfinite(values).all(axis=0)
        values[:, ~usable] = 0.0
        if usable.any():
            usable &= _typical(values.mean(axis=0), usable)
    if np.count_nonzero(usable) < _LEAST_PIXELS:
        return None
    share = 1.0
    residuals = _residuals(values, usable, _step(sample.values[0]))
    if residuals is None:
        return None
    residuals, alike = residuals
    values = values[alike][:, usable]
    slope = 0.0
    if noise is not None:
        (number,) = numbers
        variance = np.median(residuals.var(axis=0, ddof=1)) * (len(values) - 1) / chdtri(len(values) - 1, 0.5)
        if not variance > 0:  # one row: all of it is that of its columns
            return None
        share = min(noise**2 / number / variance, 1.0)
        if share < _LEAST_SHARE:
            return None
        slope = 1 / (2 * group.scale * number * variance)
    products, noisy, chances = [], [], []
    for halves in _splits(len(values)):
        departures, stand_out = zip(*(_departures(residuals[half]) for half in halves), strict=True)
        product = departures[0] * departures[1]
        if slope:
            means = [values[half].mean(axis=0) for half in halves]
            product -= (
                slope / 2 * sum(one * (mean - mean.mean()) for one, mean in zip(departures, means[::-1], strict=True))
            )
        products.append(product)
        chances.append(product.std() if slope else np.sqrt(np.prod([np.mean(one**2) for one in departures])))
        noisy.append(np.mean(stand_out[0] & stand_out[1]) - stand_out[0].mean() * stand_out[1].mean())
    product, root = np.mean(products, axis=0) / share**2, np.sqrt(products[0].size)
    return NoiseSpread(
        float(product.mean()), float(product.std() / root), float(_OF_SPLITS * np.mean(chances) / root / share**2),
        max(float(np.mean(noisy)), 0.0), len(values), product.size, sample.seconds,
    )  # fmt: skip


def _residuals(values, usable, step):
    """Departures of each sample from its pixel's mean, without what its row and column have in common.

    Shape (frames, usable pixels); and which frames have the noise of most. None where they tell no noise.
    """
    residuals = values - values.mean(axis=0)
    residuals[:, ~usable] = 0.0
    few = residuals.reshape(len(values), -1)[:, usable.ravel()]
    few = few[:, :: 1 + few.shape[1] // _FEW]
    noise = 1.4826 * np.median(np.abs(few), axis=1)
    typical = float(np.median(few.std(axis=0, ddof=1)))
    alike = noise < (_OTHER_NOISE + _NOISE_ERRORS / np.sqrt(few.shape[1])) * np.median(noise)
    if not typical > _DIGITS * step or np.count_nonzero(alike) < _LEAST_FRAMES:
        return None
    residuals = residuals[alike]
    for axis in (2, 1):
        number = np.maximum(np.count_nonzero(usable, axis=axis - 1, keepdims=True), 1)
        cut = np.clip(residuals, -_FAR * typical, _FAR * typical)
        residuals -= cut.sum(axis=axis, keepdims=True) / number
        residuals[:, ~usable] = 0.0
    return residuals[:, usable], alike


def _splits(number):
    """Three pairs of halves of so many frames (boolean), different ones each time."""
    index = np.arange(number)
    for second in (index % 2 == 1, index >= (number + 1) // 2, index // 2 % 2 == 1 if number > _LEAST_FRAMES else
                   np.isin(index, (0, 3))):  # fmt: skip
        yield ~second, second


def _departures(residuals):
    """Scatter of each pixel over the mean of all, less 1; and which pixels stand out."""
    scatter, degrees = residuals.std(axis=0, ddof=1), len(residuals) - 1
    middle = np.median(scatter)
    highest, high = (middle * np.sqrt(chdtri(degrees, p) / chdtri(degrees, 0.5)) for p in (_HIGHEST, _STANDS_OUT))
    cut = np.minimum(scatter, highest)
    return cut / cut.mean() - 1, scatter > high


def _typical(mean, usable):
    """Pixels that are not hot."""
    middle = np.median(mean[usable])
    width = 1.4826 * np.median(np.abs(mean[usable] - middle))
    return np.abs(mean - middle) <= _TYPICAL * width


def _step(values):
    """Step of whole numbers, 0 of others."""
    if values.dtype.kind not in "iu":
        return 0.0
    few = values[:: 1 + values.size // _FEW].astype(np.int64)
    return float(np.gcd.reduce(few - few[0]))

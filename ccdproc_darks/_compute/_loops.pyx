# Licensed under a 3-clause BSD style license - see LICENSE
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""
Loops over pixels: all of a pixel's arithmetic in one pass, where numpy makes many passes through memory.

Each loop has a twin in Python that makes the same operations in the same order and precision. Results are the same to
the bit (tests/_compute/test_loops.py), so that it does not matter whether this module was built. Only a
`RejectionBound`, which selects pixels to be computed exactly, may be rounded otherwise: that changes no result. The
compiler must not contract multiplications and additions, nor reorder anything: see its options in setup.py.

Functions that Python calls take contiguous arrays of one dimension and of the types they document, and put results into
such arrays. Other arrays, and those of a wrong length, are refused with an exception.
"""

from array import array

from libc.errno cimport EINTR, errno
from libc.float cimport FLT_MAX
from libc.math cimport copysign, fabs, fabsf, sqrt, sqrtf
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memchr, memset

cdef extern from *:
    """
    #include <float.h>
    #if FLT_EVAL_METHOD != 0
    #error "floating-point arithmetic is more precise than its types: results would not be those of numpy"
    #endif
    #ifdef _MSC_VER
    #pragma fp_contract(off)
    #endif

    /* Wider vectors where the processor has them; without fused multiply-add. */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define VECTORS __attribute__((target_clones("avx2", "default"))) void
    #else
    #define VECTORS void
    #endif

    #ifdef _WIN32
    #define pread(file, into, bytes, place) (-1)
    #else
    #include <unistd.h>
    #endif
    """
    # Return type (void) of functions that are compiled for wider vectors as well.
    ctypedef void vectors "VECTORS"
    # On Windows nothing can be read.
    Py_ssize_t pread(int file, void *into, size_t bytes, long long place) nogil

cdef enum:
    # Pixels computed at a time: few, so that their arrays stay in the first cache.
    TILE = 1024
    FIT_TILE = 256
    MOST_STEPS = 4
    MOST_EXPOSURES = 16

ctypedef fused real:
    float
    double


cdef int expect(items, views, optional=()) except -1:
    """Raise ValueError unless each array has so many items; the optional arrays may be None."""
    for view in (*views, *[one for one in optional if one is not None]):
        if view.size != items:
            raise ValueError(f"an array has {view.nbytes} bytes, expected {items * view.itemsize}")
    return 0


cdef inline uint8_t is_finite(float x) noexcept nogil:
    """As `numpy.isfinite`."""
    return fabsf(x) <= FLT_MAX


cdef inline real at_least(real least, real x) noexcept nogil:
    """As `numpy.clip` without an upper limit: NaN stays NaN."""
    return least if x < least else x


cdef inline real positive(real x) noexcept nogil:
    """``max(x, 0)``; NaN stays NaN."""
    return 0 if x < 0 else x


# ---- Two rates: ccdproc_darks.comparison.two_rates ----

cdef struct OneRate:
    # Whether the rate is of one frame: its standard deviation only has to be finite.
    bint lone
    float growth, constant, bias, reach

cdef struct BothRates:
    float shift, weight, upper, upper_growth, lower, lower_growth, tiny, width, beyond
    int rounds, steps
    # Rates from which on, up to the next one, pixels with a deviate above a least one are special.
    float[MOST_STEPS] low, least


def pair(Py_ssize_t n, tuple images not None, tuple numbers not None, tuple steps not None, tuple results not None):
    """
    Test whether two rates of n pixels agree: as ``_numpy`` and ``needs_exact`` of
    `ccdproc_darks.comparison.two_rates.TwoRates`.

    Parameters
    ----------
    images : tuple
        Both rates and both standard deviations (float32), and both masks (bool, or None).
    numbers, steps : tuple
        Numbers that ``TwoRates._compiled`` passes.
    results : tuple
        Difference, rate and deviate (float32); complete and special pixels (bool).
    """
    cdef const float[::1] first, second, first_deviation, second_deviation
    cdef const uint8_t[::1] first_mask, second_mask
    cdef float[::1] difference, rate, deviate
    cdef uint8_t[::1] complete, special
    cdef OneRate one, other
    cdef BothRates both
    cdef Py_ssize_t start = 0, stop
    first, second, first_deviation, second_deviation, first_mask, second_mask = images
    difference, rate, deviate, complete, special = results
    expect(n, (first, second, first_deviation, second_deviation), (first_mask, second_mask))
    expect(n, (difference, rate, deviate, complete, special))
    (
        (one.lone, one.growth, one.constant, one.bias, one.reach),
        (other.lone, other.growth, other.constant, other.bias, other.reach),
        both.shift, both.weight, both.upper, both.upper_growth, both.lower, both.lower_growth, both.tiny, both.width,
        both.beyond, both.rounds,
    ) = numbers
    both.steps = min(len(steps), MOST_STEPS + 1)
    if both.steps > MOST_STEPS or both.rounds < 1:
        raise ValueError("too many steps, or no round")
    for index in range(both.steps):
        both.low[index], both.least[index] = steps[index]
    with nogil:
        while start < n:
            stop = min(start + TILE, n)
            memset(&complete[start], 1, stop - start)
            keep_complete(first, first_deviation, first_mask, one, complete, start, stop)
            keep_complete(second, second_deviation, second_mask, other, complete, start, stop)
            compare(first, second, both, difference, rate, deviate, complete, special, start, stop)
            start = stop


cdef vectors keep_complete(
    const float[::1] rate, const float[::1] deviation, const uint8_t[::1] mask, OneRate numbers, uint8_t[::1] complete,
    Py_ssize_t start, Py_ssize_t stop,
) noexcept nogil:
    """Set pixels incomplete that are masked, or lost a frame by their deviation, as in ``TwoRates._is_complete``."""
    cdef Py_ssize_t i
    cdef float own, miss
    if mask is not None:
        for i in range(start, stop):
            complete[i] &= mask[i] == 0
    if numbers.lone:
        for i in range(start, stop):
            complete[i] &= is_finite(rate[i]) & is_finite(deviation[i])
    else:
        for i in range(start, stop):
            own = deviation[i] * deviation[i]
            miss = fabsf((positive(rate[i]) * numbers.growth + numbers.constant) - own)
            complete[i] &= miss - (own - numbers.bias) * numbers.reach <= 0


cdef vectors compare(
    const float[::1] first, const float[::1] second, BothRates numbers, float[::1] difference, float[::1] rate,
    float[::1] deviate, uint8_t[::1] complete, uint8_t[::1] special, Py_ssize_t start, Py_ssize_t stop,
) noexcept nogil:
    """The common rate of a tile of `pair`, and the deviate of the difference from it."""
    cdef Py_ssize_t i
    cdef int k
    cdef float trial, low, least, high
    cdef bint last
    for i in range(start, stop):
        difference[i] = (first[i] - numbers.shift) - second[i]
        rate[i] = difference[i] * numbers.weight + second[i]
    for k in range(numbers.rounds):
        for i in range(start, stop):
            trial = at_least(numbers.tiny, rate[i])
            deviate[i] = trial * numbers.lower_growth + numbers.lower
            rate[i] = ((trial * numbers.upper_growth + numbers.upper) / deviate[i]) * difference[i] + second[i]
    for i in range(start, stop):
        deviate[i] = difference[i] / (sqrtf(deviate[i]) * numbers.width)
        complete[i] &= is_finite(deviate[i])
        special[i] = (fabsf(deviate[i]) > numbers.beyond) | (complete[i] ^ 1)
    for k in range(numbers.steps):
        low, least, last = numbers.low[k], numbers.least[k], k + 1 == numbers.steps
        high = low if last else numbers.low[k + 1]
        for i in range(start, stop):
            special[i] |= (fabsf(deviate[i]) > least) & (rate[i] >= low) & ((rate[i] < high) | last)


# ---- One frame: ccdproc_darks.rates.stack ----

cdef union Word:
    float value
    uint32_t bits


cdef inline float swapped_float(float stored) noexcept nogil:
    """As `numpy.ndarray.byteswap`."""
    cdef Word word
    word.value = stored
    word.bits = word.bits >> 24 | (word.bits >> 8 & 0xff00) | (word.bits << 8 & 0xff0000) | word.bits << 24
    return word.value


def counts(
    Py_ssize_t n, const float[::1] values not None, bint swapped, float saturation, double scale, double level,
    const double[::1] bias, double[::1] counts not None, uint8_t[::1] special not None,
):
    """
    Counts (electron) of n pixels of one frame, ``values * scale - bias``: as
    `ccdproc_darks.rates.stack.FrameBlock.sums`.

    Parameters
    ----------
    values : float32
        The frame; in the other byte order where ``swapped``.
    bias : float64 or None
        Bias of each pixel (electron); None where all have the ``level``.
    counts, special : float64, bool
        Results. Pixels that are saturated or not a number become special; those that already are stay so.
    """
    cdef Py_ssize_t start = 0, stop
    expect(n, (values, counts, special), (bias,))
    with nogil:
        while start < n:
            stop = min(start + TILE, n)
            counts_of(values, swapped, saturation, scale, level, bias, counts, special, start, stop)
            start = stop


cdef vectors counts_of(
    const float[::1] values, bint swapped, float saturation, double scale, double level, const double[::1] bias,
    double[::1] counts, uint8_t[::1] special, Py_ssize_t start, Py_ssize_t stop,
) noexcept nogil:
    """`counts` of a tile."""
    cdef Py_ssize_t i
    cdef float value
    for i in range(start, stop):
        value = swapped_float(values[i]) if swapped else values[i]
        special[i] |= (is_finite(value) ^ 1) | (value >= saturation)
    for i in range(start, stop):
        value = swapped_float(values[i]) if swapped else values[i]
        counts[i] = value * scale - (level if bias is None else bias[i])


# ---- Frames of 16-bit integers: ccdproc_darks.rates.stack ----

cdef struct Bound:
    # `RejectionBound.numbers` of ccdproc_darks.rates.rejection. Both sides of its comparisons are squared: neither is
    # below zero, but for rounding, which at most makes a pixel special without need.
    double times, shift, middle, noise, least, per_other, least_above_others

cdef struct SumNumbers:
    int frames
    bint swapped
    int flip, zero, saturation
    double scale, level
    bint has_bound
    Bound bound


cdef SumNumbers sum_numbers(tuple numbers) except *:
    """`SumNumbers` from the argument ``numbers`` of `sums`."""
    cdef SumNumbers found
    found.frames, found.swapped, found.flip, found.zero, found.saturation, found.scale, found.level, bound = numbers
    if not 1 <= found.frames < 32768:
        raise ValueError(f"{found.frames} frames, expected 1 to 32767")
    if bound is not None and len(bound) != 7:
        raise TypeError(f"a rule takes 7 arguments ({len(bound)} given)")
    found.has_bound = bound is not None
    (
        found.bound.times, found.bound.shift, found.bound.middle, found.bound.noise, found.bound.least,
        found.bound.per_other, found.bound.least_above_others,
    ) = bound if found.has_bound else (0.0,) * 7
    return found


cdef inline uint16_t value_of(uint16_t stored, bint swapped, int flip) noexcept nogil:
    """A stored sample after `numpy.ndarray.byteswap`, if swapped, and `numpy.bitwise_xor` with the bits to flip."""
    return <uint16_t> ((<uint16_t> (stored << 8 | stored >> 8) if swapped else stored) ^ flip)


def sums(Py_ssize_t n, tuple numbers not None, tuple arrays not None, const uint16_t[::1] stack not None):
    """
    Mean counts (electron) of n pixels of equal exposures, as `ccdproc_darks.rates.stack.FrameBlock.sums`, and the
    pixels of `ccdproc_darks.rates.rejection.may_lose_highest`.

    Parameters
    ----------
    numbers : tuple
        Number of frames; whether bytes are swapped; bits to flip after that; number to add after that; saturation
        level; scale (electron per unit); level of the bias (electron); `RejectionBound.numbers` of
        `ccdproc_darks.rates.rejection`, or None.
    arrays : tuple
        Bias (float64, electron; None where all pixels have the level), and the results: counts (float64) and special
        pixels (bool). Pixels that are saturated, or may lose their highest sample, become special; those that already
        are stay so.
    stack : uint16
        Samples as they are stored, frame by frame.
    """
    cdef SumNumbers known = sum_numbers(numbers)
    cdef const double[::1] bias
    cdef double[::1] counts
    cdef uint8_t[::1] special
    bias, counts, special = arrays
    expect(n, (counts, special), (bias,))
    expect(<object> n * known.frames, (stack,))
    with nogil:
        add_up(known, stack, n, bias, counts, special, 0, n)


cdef void add_up(
    SumNumbers numbers, const uint16_t[::1] stack, Py_ssize_t stride, const double[::1] bias, double[::1] counts,
    uint8_t[::1] special, Py_ssize_t first, Py_ssize_t n,
) noexcept nogil:
    """`sums` of n pixels from the pixel ``first`` on; the frames are ``stride`` samples apart."""
    cdef Py_ssize_t start = 0
    while start < n:
        add_up_tile(numbers, &stack[start], stride, bias, counts, special, first + start, min(n - start, TILE))
        start += TILE


cdef vectors add_up_tile(
    SumNumbers numbers, const uint16_t *stack, Py_ssize_t stride, const double[::1] bias, double[::1] counts,
    uint8_t[::1] special, Py_ssize_t first, Py_ssize_t n,
) noexcept nogil:
    """`sums` of a tile: `numpy.add.reduce` and `numpy.maximum.reduce` of integers, then counts and special pixels."""
    cdef int32_t[TILE] total
    cdef uint16_t[TILE] highest
    cdef uint16_t value
    cdef Bound bound = numbers.bound
    cdef double divisor = numbers.frames, excess, mean, others, least, least_above_others
    cdef Py_ssize_t i, k
    for i in range(n):
        total[i] = highest[i] = 0
    for k in range(numbers.frames):
        for i in range(n):
            value = value_of(stack[k * stride + i], numbers.swapped, numbers.flip)
            total[i] += value
            highest[i] = value if value > highest[i] else highest[i]
    for i in range(n):
        special[first + i] |= highest[i] + numbers.zero >= numbers.saturation
        counts[first + i] = (total[i] + numbers.frames * numbers.zero) / divisor * numbers.scale
        counts[first + i] -= numbers.level if bias is None else bias[first + i]
    if numbers.has_bound:
        for i in range(n):
            excess = (numbers.frames * highest[i] - total[i]) * bound.times + bound.shift
            mean = counts[first + i] - bound.middle
            others = mean - excess * bound.per_other
            least = (positive(mean) + bound.noise) * bound.least
            least_above_others = (positive(others) + bound.noise) * bound.least_above_others
            special[first + i] |= (excess * excess > least) & (excess * excess > least_above_others)


def file_sums(
    Py_ssize_t n, tuple numbers not None, tuple arrays not None, tuple files not None, Py_ssize_t room,
    uint16_t[::1] stack not None, uint16_t[::1] special_samples not None,
):
    """
    `sums` of samples in files, and the samples of special pixels, as `ccdproc_darks.rates.stack.StreamedFrameBlock`.

    Parameters
    ----------
    n, numbers, arrays
        As in `sums`.
    files : tuple
        File descriptor, and offset (bytes) of the first sample, of each frame.
    room : int
        Number of pixels that are read at a time.
    stack : uint16
        Working memory: samples of ``room`` pixels of all frames.
    special_samples : uint16
        Result: samples of special pixels, in native byte order, pixel by pixel; as long as for all n pixels.

    Returns
    -------
    int
        Number of special pixels, or -1 where a file cannot be read.
    """
    cdef SumNumbers known = sum_numbers(numbers)
    cdef const double[::1] bias
    cdef double[::1] counts
    cdef uint8_t[::1] special
    cdef const int[::1] descriptors
    cdef const long long[::1] places
    cdef Py_ssize_t first = 0, some, found = 0
    bias, counts, special = arrays
    if len(files) != known.frames or room < 1:
        raise ValueError(f"{len(files)} files and room for {room} pixels, expected {known.frames} and 1 or more")
    expect(n, (counts, special), (bias,))
    # Products of Python's integers, which do not overflow.
    expect(<object> n * known.frames, (special_samples,))
    expect(<object> room * known.frames, (stack,))
    descriptors = array("i", [descriptor for descriptor, _ in files])
    places = array("q", [place for _, place in files])
    with nogil:
        while first < n:
            some = min(n - first, room)
            if not are_read(descriptors, places, 2 * first, 2 * some, stack, room):
                found = -1
                break
            add_up(known, stack, room, bias, counts, special, first, some)
            found = append_samples(known, stack, room, &special[first], some, special_samples, found)
            first += some
    return found


cdef bint are_read(
    const int[::1] files, const long long[::1] places, long long offset, Py_ssize_t bytes, uint16_t[::1] stack,
    Py_ssize_t stride,
) noexcept nogil:
    """Read so many bytes of each file into rows that are ``stride`` samples apart; False where that fails."""
    cdef Py_ssize_t k, done, got
    for k in range(files.shape[0]):
        done = 0
        while done < bytes:
            got = pread(files[k], <char *> &stack[k * stride] + done, bytes - done, places[k] + offset + done)
            if got > 0:
                done += got
            elif got == 0 or errno != EINTR:
                return False
    return True


cdef Py_ssize_t append_samples(
    SumNumbers numbers, const uint16_t[::1] stack, Py_ssize_t stride, const uint8_t *special, Py_ssize_t n,
    uint16_t[::1] special_samples, Py_ssize_t found,
) noexcept nogil:
    """Append samples of the special ones of n pixels to those of ``found`` pixels, and return their new number."""
    cdef int flip = numbers.flip ^ numbers.zero
    cdef const void *next = memchr(special, True, n)
    cdef Py_ssize_t i, k
    while next is not NULL:
        i = <const uint8_t *> next - special
        for k in range(numbers.frames):
            special_samples[found * numbers.frames + k] = value_of(stack[k * stride + i], numbers.swapped, flip)
        found += 1
        next = memchr(special + i + 1, True, n - i - 1)
    return found


# ---- Scatter of equal frames: ccdproc_darks.rates.moments ----

ctypedef fused sample:
    uint16_t
    float

cdef struct MomentNumbers:
    int frames
    bint swapped
    int flip, zero
    double saturation, scale, level


def moments(
    Py_ssize_t n, tuple numbers not None, tuple arrays not None, const double[::1] shifts not None, stack not None
):
    """
    Mean of n pixels of equal frames, their sum of squares about it, and the excess of the highest sample, as
    `ccdproc_darks.rates.moments.SampleMoments.of`.

    Parameters
    ----------
    numbers : tuple
        Number of frames; whether bytes are swapped; bits to flip after that; number to add after that; saturation
        level; scale (electron per unit); level of the bias (electron). Nothing is flipped or added in float32.
    arrays : tuple
        Bias (float64, electron; None where all pixels have the level), and the results: mean, sum of squares and excess
        (float64), and special pixels (bool). Pixels that have a sample which is saturated or not a number become
        special; those that already are stay so.
    shifts : float64
        Level of each frame (electron), which is subtracted.
    stack : uint16 or float32
        Samples as they are stored, frame by frame.
    """
    cdef MomentNumbers known
    cdef const double[::1] bias
    cdef double[::1] mean, squares, excess
    cdef uint8_t[::1] special
    cdef const uint16_t[::1] integers
    cdef const float[::1] floats
    cdef const double *own
    cdef Py_ssize_t start = 0, some
    known.frames, known.swapped, known.flip, known.zero, known.saturation, known.scale, known.level = numbers
    bias, mean, squares, excess, special = arrays
    if known.frames < 2:
        raise ValueError(f"{known.frames} frames, expected 2 or more")
    expect(n, (mean, squares, excess, special), (bias,))
    expect(known.frames, (shifts,))
    is_float = stack.itemsize == 4
    if is_float:
        floats = stack
        expect(<object> n * known.frames, (floats,))
    else:
        integers = stack
        expect(<object> n * known.frames, (integers,))
    cdef bint single = is_float
    with nogil:
        while start < n:
            some = min(n - start, FIT_TILE)
            own = NULL if bias is None else &bias[start]
            if single:
                moments_of(
                    known, &floats[start], n, shifts, own, &mean[start], &squares[start], &excess[start],
                    &special[start], some,
                )
            else:
                moments_of(
                    known, &integers[start], n, shifts, own, &mean[start], &squares[start], &excess[start],
                    &special[start], some,
                )
            start += some


cdef inline double number_of(sample stored, MomentNumbers numbers) noexcept nogil:
    """A stored sample as a number, in the unit of the frames."""
    if sample is float:
        return swapped_float(stored) if numbers.swapped else stored
    else:
        return value_of(stored, numbers.swapped, numbers.flip) + numbers.zero


cdef vectors moments_of(
    MomentNumbers numbers, const sample *stack, Py_ssize_t stride, const double[::1] shifts, const double *bias,
    double *mean, double *squares, double *excess, uint8_t *special, Py_ssize_t n,
) noexcept nogil:
    """`moments` of a tile."""
    cdef double[FIT_TILE] first, total, square, highest, peak
    cdef double value, count, others, shift, scale = numbers.scale
    cdef Py_ssize_t i
    cdef int k
    count, others = numbers.frames, numbers.frames - 1
    for k in range(numbers.frames):
        shift = shifts[k]
        if k == 0:
            for i in range(n):
                first[i] = peak[i] = number_of(stack[i], numbers)
                total[i] = highest[i] = 0 - shift
                square[i] = total[i] * total[i]
            continue
        for i in range(n):
            value = number_of(stack[k * stride + i], numbers)
            peak[i] = value if value > peak[i] else peak[i]
            # Differences from the first sample are small: no digits are lost in their squares.
            value = (value - first[i]) * scale - shift
            total[i] += value
            square[i] += value * value
            highest[i] = value if value > highest[i] else highest[i]
    for i in range(n):
        value = total[i] / count
        squares[i] = positive(square[i] - total[i] * value)
        excess[i] = highest[i] - (total[i] - highest[i]) / others
        mean[i] = value + (first[i] * scale - (numbers.level if bias is NULL else bias[i]))
        special[i] |= (peak[i] >= numbers.saturation) | (squares[i] - squares[i] != 0)


# ---- One exposure time: ccdproc_darks.rates.rate_fit_complete ----

def rate(
    Py_ssize_t n, const double[::1] counts not None, double per_second, float noise, float factor, float bias,
    float[::1] rate not None, float[::1] deviation not None,
):
    """
    Rate and standard deviation (electron/s) of n pixels of one exposure time, as
    `ccdproc_darks.rates.rate_fit_complete.rate_of_one_exposure`.

    Parameters
    ----------
    counts : float64
        Mean counts (electron).
    rate, deviation : float32
        Results: ``counts * per_second``, and the root of ``(max(counts, 0) + noise) * factor + bias``.
    """
    expect(n, (counts, rate, deviation))
    with nogil:
        rate_of(counts, per_second, noise, factor, bias, rate, deviation)


cdef vectors rate_of(
    const double[::1] counts, double per_second, float noise, float factor, float bias, float[::1] rate,
    float[::1] deviation,
) noexcept nogil:
    """The loop of `rate`."""
    cdef Py_ssize_t i
    for i in range(counts.shape[0]):
        rate[i] = <float> (counts[i] * per_second)
        deviation[i] = sqrtf((positive(<float> counts[i]) + noise) * factor + bias)


# ---- Several exposure times: ccdproc_darks.rates.rate_fit_complete ----

cdef struct FitNumbers:
    int exposures, rounds
    bint common
    double limit, tiny
    double[MOST_EXPOSURES] per_second, coefficient, growth, constant


def fit(
    Py_ssize_t n, tuple counts not None, tuple numbers not None, bint common, double limit, double tiny, int rounds,
    float[::1] rate not None, float[::1] variance not None,
):
    """
    Rate (electron/s) and its variance, of n pixels of up to MOST_EXPOSURES exposure times, as
    `ccdproc_darks.rates.rate_fit_complete.fit_complete_pixels`.

    Parameters
    ----------
    counts : tuple of float64
        Mean counts (electron) at each exposure time.
    numbers : tuple
        For each exposure time t: 1 / t, coefficient in the first trial rate, growth and constant of the variance.
    common, limit : bool, float
        Whether exposures share a bias or offset, and the inverse of its variance.
    tiny, rounds : float, int
        Lowest trial rate, and number of times that weights are found from a trial rate.
    rate, variance : float32
        Results.
    """
    cdef FitNumbers known
    cdef const double *places[MOST_EXPOSURES]
    cdef const double[::1] view
    cdef Py_ssize_t start = 0
    known.exposures = min(len(counts), MOST_EXPOSURES + 1)
    if not 1 <= known.exposures <= MOST_EXPOSURES or len(numbers) != known.exposures:
        raise ValueError(f"{len(counts)} exposure times, expected 1 to {MOST_EXPOSURES}")
    known.common, known.limit, known.tiny, known.rounds = common, limit, tiny, rounds
    # The views keep the memory of the arrays in place.
    views = []
    for k in range(known.exposures):
        known.per_second[k], known.coefficient[k], known.growth[k], known.constant[k] = numbers[k]
        view = counts[k]
        views.append(view)
        places[k] = &view[0]
    expect(n, (*views, rate, variance))
    with nogil:
        while start < n:
            fit_tile(known, places, start, &rate[start], &variance[start], min(n - start, FIT_TILE))
            start += FIT_TILE


cdef vectors fit_tile(
    FitNumbers numbers, const double **counts, Py_ssize_t start, float *rate, float *variance, Py_ssize_t n
) noexcept nogil:
    """`fit` of a tile."""
    cdef double[MOST_EXPOSURES * FIT_TILE] rates
    cdef float[MOST_EXPOSURES * FIT_TILE] rough
    cdef double[FIT_TILE] precise, precise_tt, precise_tc
    cdef float[FIT_TILE] trial, tt, tc
    cdef float part
    cdef Py_ssize_t i, at
    cdef int k
    for k in range(numbers.exposures):
        at = k * FIT_TILE
        for i in range(n):
            rates[at + i] = counts[k][start + i] * numbers.per_second[k]
            rough[at + i] = <float> rates[at + i]
            part = rough[at + i] * <float> numbers.coefficient[k]
            trial[i] = part if k == 0 else trial[i] + part
    # The last round is in double precision where the common part is subtracted from the sums.
    for k in range(numbers.rounds + (not numbers.common)):
        add_products(numbers, rough, trial, tt, tc, n)
        for i in range(n):
            trial[i] = tc[i] / tt[i]
    if numbers.common:
        for i in range(n):
            precise[i] = trial[i]
        add_products(numbers, rates, precise, precise_tt, precise_tc, n)
        for i in range(n):
            trial[i] = <float> (precise_tc[i] / precise_tt[i])
    add_products(numbers, rough, trial, tt, tc, n)
    for i in range(n):
        rate[i] = trial[i]
        variance[i] = <float> 1 / tt[i]


cdef vectors add_products(
    FitNumbers numbers, const real *rates, const real *trial, real *tt, real *tc, Py_ssize_t n
) noexcept nogil:
    """
    Sums x^T C^-1 y of times (t) and counts (c), of which the rate is tc / tt and its variance 1 / tt.

    In either precision, as ``_CompleteLine._sums`` of `ccdproc_darks.rates.rate_fit_complete`.
    """
    cdef real[FIT_TILE] weight, common_t, common_c, common
    cdef real growth, constant, per_second, once, factor, tiny = <real> numbers.tiny, limit = <real> numbers.limit
    cdef const real *one
    cdef Py_ssize_t i
    cdef int k
    for k in range(numbers.exposures):
        growth, constant = <real> numbers.growth[k], <real> numbers.constant[k]
        per_second, one = <real> numbers.per_second[k], rates + k * FIT_TILE
        for i in range(n):
            weight[i] = <real> 1 / (at_least(tiny, trial[i]) * growth + constant)
            tt[i] = weight[i] if k == 0 else tt[i] + weight[i]
            tc[i] = weight[i] * one[i] if k == 0 else tc[i] + weight[i] * one[i]
        if not numbers.common:
            continue
        for i in range(n):
            once = weight[i] * per_second
            common_t[i] = once if k == 0 else common_t[i] + once
            common_c[i] = once * one[i] if k == 0 else common_c[i] + once * one[i]
            common[i] = once * per_second if k == 0 else common[i] + once * per_second
    if numbers.common:
        for i in range(n):
            factor = common_t[i] / (common[i] + limit)
            tt[i] -= factor * common_t[i]
            tc[i] -= factor * common_c[i]

# ---- Several rates: ccdproc_darks.comparison.several_rates ----

cdef struct RateNumbers:
    # A variance of a pixel is a constant, and a growth with its read variance.
    bint lone
    double shift, growth, noise, noise_growth, per_second, cube, per_frame
    double measured, measured_growth, bias, bias_growth, reach

cdef struct BiasNumbers:
    # Number of exposures that share a bias, its variance, and 1 over the number of its frames.
    int members
    double bias, bias_growth, per_frame

cdef struct SeveralNumbers:
    int exposures, groups, first, last, rounds, nodes, bins, steps
    bint by_first
    double start, tiny, width, spread, spread_noise, spread_noise_growth, least_leverage, per_bin, per_one
    RateNumbers[MOST_EXPOSURES] rates
    BiasNumbers[MOST_EXPOSURES] biases
    const double *estimates
    const double *means
    const double *slopes
    const int32_t *starts
    const double *table

cdef struct SeveralResults:
    float *difference
    float *rate
    float *deviation
    float *deviate
    float *departure
    float *information
    float *skewness
    float *share
    float *alike
    uint8_t *complete


def several(
    Py_ssize_t n, tuple images not None, tuple exposures not None, tuple groups not None, tuple numbers not None,
    tuple prior not None, tuple table not None, tuple results not None,
):
    """
    Compare up to MOST_EXPOSURES rates of n pixels: as ``_numpy`` of
    `ccdproc_darks.comparison.several_rates.SeveralRates`.

    Parameters
    ----------
    images : tuple
        All rates and all standard deviations (float32), all masks (bool, or None), and read variances (float32, or
        None where all pixels have the same).
    exposures, groups, numbers, prior, table : tuple
        Numbers and tables that ``SeveralRates._compiled`` passes.
    results : tuple
        Complete pixels (bool), difference and rate (float32). Then either the standard deviation of the difference, or
        None, deviate, departure, information and skewness, and share and alike or None twice.
    """
    cdef SeveralNumbers known
    cdef SeveralResults into
    cdef const float *rates[MOST_EXPOSURES]
    cdef const float *deviations[MOST_EXPOSURES]
    cdef const uint8_t *masks[MOST_EXPOSURES]
    cdef const float[::1] view
    cdef const uint8_t[::1] mask, bytes_of
    cdef const float *variance = NULL
    cdef const double[::1] estimates, means, slopes, coefficients
    cdef const int32_t[::1] starts
    cdef float[::1] place
    cdef uint8_t[::1] complete
    cdef Py_ssize_t start = 0
    cdef int k
    known.exposures, known.groups = min(len(exposures), MOST_EXPOSURES + 1), len(groups)
    if not 1 < known.exposures <= MOST_EXPOSURES or known.groups > known.exposures:
        raise ValueError(f"{len(exposures)} exposure times, expected 2 to {MOST_EXPOSURES}")
    if len(images) != 3 * known.exposures + 1 or len(results) != 10:
        raise ValueError(f"{len(images)} images and {len(results)} results")
    # The views keep the memory of the arrays in place.
    views = []
    for k in range(known.exposures):
        (
            known.rates[k].lone, known.rates[k].shift, known.rates[k].growth, known.rates[k].noise,
            known.rates[k].noise_growth, known.rates[k].per_second, known.rates[k].cube, known.rates[k].per_frame,
            known.rates[k].measured, known.rates[k].measured_growth, known.rates[k].bias, known.rates[k].bias_growth,
            known.rates[k].reach,
        ) = exposures[k]
        view = images[k]
        rates[k] = &view[0]
        views.append(view)
        view = images[known.exposures + k]
        deviations[k] = &view[0]
        views.append(view)
        mask, masks[k] = images[2 * known.exposures + k], NULL
        if mask is not None:
            masks[k] = &mask[0]
            views.append(mask)
    view = images[3 * known.exposures]
    if view is not None:
        variance = &view[0]
        views.append(view)
    for k in range(known.groups):
        (
            known.biases[k].members, known.biases[k].bias, known.biases[k].bias_growth, known.biases[k].per_frame
        ) = groups[k]
    if sum([known.biases[k].members for k in range(known.groups)]) != known.exposures:
        raise ValueError("each exposure time must be in one group")
    (
        known.first, known.last, known.by_first, known.rounds, known.start, known.tiny, known.width, known.spread,
        known.spread_noise, known.spread_noise_growth, known.least_leverage,
    ) = numbers
    if not (0 <= known.first < known.exposures and 0 <= known.last < known.exposures and known.rounds > 0):
        raise ValueError("no such exposure time, or no round")
    known.nodes = 0
    if prior:
        estimates, means, slopes, starts, known.per_bin = prior
        known.nodes, known.bins = estimates.size, starts.size
        expect(known.nodes, (means,))
        expect(max(known.nodes - 1, 1), (slopes,))
        known.estimates, known.means, known.slopes, known.starts = &estimates[0], &means[0], &slopes[0], &starts[0]
    known.steps = 0
    if table:
        coefficients, known.per_one = table
        known.steps, known.table = coefficients.size // 4, &coefficients[0]
    complete = results[0]
    into.complete = &complete[0]
    views.append(complete)
    places = []
    cdef float *pointers[9]
    for k in range(9):
        place, pointers[k] = results[k + 1], NULL
        if place is not None:
            pointers[k] = &place[0]
            places.append(place)
    into.difference, into.rate, into.deviation, into.deviate = pointers[0], pointers[1], pointers[2], pointers[3]
    into.departure, into.information, into.skewness = pointers[4], pointers[5], pointers[6]
    into.share, into.alike = pointers[7], pointers[8]
    expect(n, (*views, *places))
    if into.deviate != NULL and len(places) not in (6, 8) or into.deviate == NULL and into.deviation == NULL:
        raise ValueError("results are missing")
    with nogil:
        while start < n:
            several_tile(&known, rates, deviations, masks, variance, into, start, min(n - start, FIT_TILE))
            start += FIT_TILE


cdef inline double posterior_mean(const SeveralNumbers *numbers, double x) noexcept nogil:
    """As `ccdproc_darks.statistics.rate_distribution.PosteriorMean`."""
    cdef int last = numbers.nodes - 1, j
    cdef double place
    if not x <= numbers.estimates[last]:
        return x
    if x <= numbers.estimates[0]:
        return numbers.means[0]
    place = (x - numbers.estimates[0]) * numbers.per_bin
    j = numbers.starts[<int> place if place < numbers.bins else numbers.bins - 1]
    while j < last - 1 and x >= numbers.estimates[j + 1]:
        j += 1
    while j > 0 and x < numbers.estimates[j]:
        j -= 1
    return numbers.slopes[j] * (x - numbers.estimates[j]) + numbers.means[j]


cdef vectors several_tile(
    const SeveralNumbers *numbers, const float **rates, const float **deviations, const uint8_t **masks,
    const float *variance, SeveralResults into, Py_ssize_t start, Py_ssize_t n,
) noexcept nogil:
    """`several` of a tile."""
    cdef double[MOST_EXPOSURES * FIT_TILE] y, base, weight
    cdef double[MOST_EXPOSURES * FIT_TILE] factor, product
    cdef double[FIT_TILE] trial, rate, tt, tc, common, common_c, square, bias
    cdef const RateNumbers *one
    cdef const BiasNumbers *group
    cdef uint8_t *complete = into.complete + start
    cdef const float *own
    cdef const float *seen
    cdef const uint8_t *masked
    cdef double growth, per_second, own_square, once, miss
    cdef Py_ssize_t i, at, of_group
    cdef int k, g, round_, first
    memset(complete, 1, n)
    for k in range(numbers.exposures):
        one, at, seen, own = &numbers.rates[k], k * FIT_TILE, rates[k] + start, deviations[k] + start
        for i in range(n):
            y[at + i] = <double> seen[i] - one.shift
        if variance == NULL:
            for i in range(n):
                base[at + i] = one.noise
        else:
            for i in range(n):
                base[at + i] = one.noise + one.noise_growth * <double> variance[start + i]
        if masks[k] != NULL:
            masked = masks[k] + start
            for i in range(n):
                complete[i] &= masked[i] == 0
        if one.lone:
            for i in range(n):
                complete[i] &= is_finite(seen[i]) & is_finite(own[i])
        elif variance == NULL:
            for i in range(n):
                own_square = <double> own[i] * <double> own[i]
                miss = fabs((positive(<double> seen[i]) * one.growth + one.measured) - own_square)
                complete[i] &= miss - (own_square - one.bias) * one.reach <= 0
        else:
            for i in range(n):
                own_square = <double> own[i] * <double> own[i]
                miss = one.measured + one.measured_growth * <double> variance[start + i]
                miss = fabs((positive(<double> seen[i]) * one.growth + miss) - own_square)
                once = one.bias + one.bias_growth * <double> variance[start + i]
                complete[i] &= miss - (own_square - once) * one.reach <= 0
    for i in range(n):
        trial[i] = numbers.start
    for round_ in range(numbers.rounds):
        first = 0
        for i in range(n):
            tt[i] = tc[i] = 0
        for g in range(numbers.groups):
            group, of_group = &numbers.biases[g], g * FIT_TILE
            if variance == NULL:
                for i in range(n):
                    bias[i] = group.bias
            else:
                for i in range(n):
                    bias[i] = group.bias + group.bias_growth * <double> variance[start + i]
            for i in range(n):
                common[i] = common_c[i] = square[i] = 0
            for k in range(first, first + group.members):
                at, growth, per_second = k * FIT_TILE, numbers.rates[k].growth, numbers.rates[k].per_second
                for i in range(n):
                    weight[at + i] = 1 / (trial[i] * growth + base[at + i])
                    tt[i] += weight[at + i]
                    tc[i] += weight[at + i] * y[at + i]
                    once = weight[at + i] * per_second
                    common[i] += once
                    common_c[i] += once * y[at + i]
                    square[i] += once * per_second
            for i in range(n):
                factor[of_group + i] = bias[i] / (1 + bias[i] * square[i])
                product[of_group + i] = factor[of_group + i] * common[i]
                tt[i] -= product[of_group + i] * common[i]
                tc[i] -= product[of_group + i] * common_c[i]
            first += group.members
        for i in range(n):
            rate[i] = tc[i] / tt[i]
        if numbers.nodes:
            for i in range(n):
                trial[i] = posterior_mean(numbers, rate[i])
            for i in range(n):
                trial[i] = at_least(numbers.tiny, trial[i])
        else:
            for i in range(n):
                trial[i] = at_least(numbers.tiny, rate[i])
    for i in range(n):
        into.difference[start + i] = <float> (y[numbers.first * FIT_TILE + i] - y[numbers.last * FIT_TILE + i])
        into.rate[start + i] = <float> rate[i]
    if into.deviate == NULL:
        for i in range(n):
            bias[i] = numbers.spread_noise
        if variance != NULL:
            for i in range(n):
                bias[i] += numbers.spread_noise_growth * <double> variance[start + i]
        for i in range(n):
            into.deviation[start + i] = <float> sqrt(positive(rate[i]) * numbers.spread + bias[i])
            complete[i] &= is_finite(into.rate[start + i])
        return
    departures(numbers, y, rate, trial, weight, factor, product, tt, into, start, n)


cdef vectors departures(
    const SeveralNumbers *numbers, const double *y, const double *rate, const double *trial, const double *weight,
    const double *factor, const double *product, const double *tt, SeveralResults into, Py_ssize_t start, Py_ssize_t n,
) noexcept nogil:
    """Departures from one rate of a tile of `several`: as ``_departures``."""
    cdef double[FIT_TILE] chi_square, excess, skewness, poisson, second, fourth, best, farthest, lever, information
    cdef double[FIT_TILE] common, total, inverse
    cdef const RateNumbers *one
    cdef double w, ws, residual, solved, projected, leverage, power, each, deviation, part, size, place, x, root
    cdef double counted, least = numbers.least_leverage
    cdef bint larger, averaged = into.share != NULL
    cdef Py_ssize_t i, at, of_group
    cdef int k, g, first = 0, step
    cdef const double *c
    for i in range(n):
        chi_square[i] = excess[i] = skewness[i] = poisson[i] = second[i] = fourth[i] = farthest[i] = 0
        information[i], best[i], lever[i], inverse[i] = 0, -1, 1, 1 / tt[i]
    for g in range(numbers.groups):
        of_group = g * FIT_TILE
        for i in range(n):
            common[i] = total[i] = 0
        for k in range(first, first + numbers.biases[g].members):
            at = k * FIT_TILE
            for i in range(n):
                common[i] += weight[at + i] * (y[at + i] - rate[i]) * numbers.rates[k].per_second
        for i in range(n):
            common[i] *= factor[of_group + i]
        for k in range(first, first + numbers.biases[g].members):
            at, one = k * FIT_TILE, &numbers.rates[k]
            counted = not numbers.by_first or k == numbers.first
            for i in range(n):
                w, residual = weight[at + i], y[at + i] - rate[i]
                ws = w * one.per_second
                solved = w * residual - ws * common[i]
                projected = w - ws * product[of_group + i]
                leverage = (w - factor[of_group + i] * ws * ws) - projected * projected * inverse[i]
                chi_square[i] += solved * residual
                power, each = solved * solved, solved * one.per_second
                excess[i] += each * counted
                skewness[i] += power * solved * one.cube
                deviation = power / leverage
                larger = (leverage > least * w) & (deviation > best[i])
                farthest[i] = solved if larger else farthest[i]
                lever[i] = leverage if larger else lever[i]
                best[i] = deviation if larger else best[i]
                information[i] = leverage if leverage > information[i] else information[i]
                poisson[i] += power * one.growth
                part = each * each * one.per_frame
                second[i] += part
                fourth[i] += part * part * one.per_frame
                total[i] += each
        for i in range(n):
            part = total[i] * total[i] * numbers.biases[g].per_frame
            second[i] += part
            fourth[i] += part * part * numbers.biases[g].per_frame
        first += numbers.biases[g].members
    for i in range(n):
        root = sqrt(positive(chi_square[i]))
        into.skewness[start + i] = <float> (trial[i] * skewness[i] / (root * chi_square[i]))
        into.departure[start + i] = <float> (fabs(farthest[i]) / lever[i])
        into.information[start + i] = <float> information[i]
        best[i] = root / numbers.width
    if averaged:
        for i in range(n):
            into.share[start + i] = <float> (1 - trial[i] * poisson[i] / chi_square[i])
            into.alike[start + i] = <float> (second[i] * second[i] / fourth[i])
    if numbers.steps:
        for i in range(n):
            size = best[i]
            place = size * numbers.per_one
            if place < numbers.steps:
                step = <int> place
                x, c = place - step, numbers.table + 4 * step
                best[i] = ((c[3] * x + c[2]) * x + c[1]) * x + c[0]
    for i in range(n):
        into.deviate[start + i] = <float> copysign(best[i], excess[i])
        into.complete[start + i] &= is_finite(into.deviate[start + i])

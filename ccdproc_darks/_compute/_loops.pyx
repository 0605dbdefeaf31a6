# Licensed under a 3-clause BSD style license - see LICENSE
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""
Loops over pixels that numpy would make in many passes through memory: all of a pixel's arithmetic at once.

Nothing is computed here that Python modules do not compute as well, operation by operation and in the same order and
precision: results are the same to the bit (tests/_compute/test_loops.py), so that it does not matter whether this was built.
(Only a `RejectionBound`, which says what to look at more closely, may round otherwise: a look more or less changes no result.)
For that, multiplications and additions must not be contracted, and nothing may be reordered: setup.py has the options
for the compiler.

What Python calls takes contiguous arrays of one dimension and of the types it tells, and puts results into such arrays;
others, and those that are not as long as they should be, are refused with an exception.
"""

from array import array

from libc.errno cimport EINTR, errno
from libc.float cimport FLT_MAX
from libc.math cimport fabsf, sqrtf
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
    # What a function returns that is compiled for wider vectors as well: nothing.
    ctypedef void vectors "VECTORS"
    # On Windows nothing can be read.
    Py_ssize_t pread(int file, void *into, size_t bytes, long long place) nogil

cdef enum:
    # Pixels at a time: what is kept of them stays in the first cache.
    TILE = 1024
    FIT_TILE = 256
    MOST_STEPS = 4
    MOST_EXPOSURES = 16

ctypedef fused real:
    float
    double


cdef int expect(items, views, optional=()) except -1:
    """ValueError, unless each array has so many items; the optional ones may be None."""
    for view in (*views, *[one for one in optional if one is not None]):
        if view.size != items:
            raise ValueError(f"an array has {view.nbytes} bytes, expected {items * view.itemsize}")
    return 0


cdef inline uint8_t is_finite(float x) noexcept nogil:
    """As `numpy.isfinite`."""
    return fabsf(x) <= FLT_MAX


cdef inline real at_least(real least, real x) noexcept nogil:
    """As `numpy.clip` without an upper limit: what is not a number stays so."""
    return least if x < least else x


cdef inline real positive(real x) noexcept nogil:
    """The same with a limit of 0."""
    return 0 if x < 0 else x


# ---- Two rates: ccdproc_darks.comparison.two_rates ----

cdef struct OneRate:
    # One frame's standard deviation is not checked: it only has to be a number.
    bint lone
    float growth, constant, bias, reach

cdef struct BothRates:
    float shift, weight, upper, upper_growth, lower, lower_growth, tiny, width, beyond
    int rounds, steps
    # Rates from which on, and up to which, deviates above a least one need a closer look.
    float[MOST_STEPS] low, least


def pair(Py_ssize_t n, tuple images not None, tuple numbers not None, tuple steps not None, tuple results not None):
    """
    The test of two rates of n pixels: as ``_numpy`` and ``needs_exact`` of `ccdproc_darks.comparison.two_rates.TwoRates`.

    Parameters
    ----------
    images : tuple
        Both rates and both standard deviations (float32), and both masks (bool, or None).
    numbers, steps : tuple
        As ``TwoRates._compiled`` has them.
    results : tuple
        Contrast, rate and deviate (float32), and whole and special pixels (bool).
    """
    cdef const float[::1] first, second, first_deviation, second_deviation
    cdef const uint8_t[::1] first_mask, second_mask
    cdef float[::1] contrast, rate, deviate
    cdef uint8_t[::1] whole, special
    cdef OneRate one, other
    cdef BothRates both
    cdef Py_ssize_t start = 0, stop
    first, second, first_deviation, second_deviation, first_mask, second_mask = images
    contrast, rate, deviate, whole, special = results
    expect(n, (first, second, first_deviation, second_deviation), (first_mask, second_mask))
    expect(n, (contrast, rate, deviate, whole, special))
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
            memset(&whole[start], 1, stop - start)
            leave_whole(first, first_deviation, first_mask, one, whole, start, stop)
            leave_whole(second, second_deviation, second_mask, other, whole, start, stop)
            compare(first, second, both, contrast, rate, deviate, whole, special, start, stop)
            start = stop


cdef vectors leave_whole(
    const float[::1] rate, const float[::1] deviation, const uint8_t[::1] mask, OneRate numbers, uint8_t[::1] whole,
    Py_ssize_t start, Py_ssize_t stop,
) noexcept nogil:
    """Leave those pixels complete that are not masked, and whose deviation is that of all frames: ``TwoRates._is_complete``."""
    cdef Py_ssize_t i
    cdef float own, miss
    if mask is not None:
        for i in range(start, stop):
            whole[i] &= mask[i] == 0
    if numbers.lone:
        for i in range(start, stop):
            whole[i] &= is_finite(rate[i]) & is_finite(deviation[i])
    else:
        for i in range(start, stop):
            own = deviation[i] * deviation[i]
            miss = fabsf((positive(rate[i]) * numbers.growth + numbers.constant) - own)
            whole[i] &= miss - (own - numbers.bias) * numbers.reach <= 0


cdef vectors compare(
    const float[::1] first, const float[::1] second, BothRates numbers, float[::1] contrast, float[::1] rate,
    float[::1] deviate, uint8_t[::1] whole, uint8_t[::1] special, Py_ssize_t start, Py_ssize_t stop,
) noexcept nogil:
    """All else of `pair`, of a tile: the rate that both have in common, and how far they are apart."""
    cdef Py_ssize_t i
    cdef int k
    cdef float trial, low, least, high
    cdef bint last
    for i in range(start, stop):
        contrast[i] = (first[i] - numbers.shift) - second[i]
        rate[i] = contrast[i] * numbers.weight + second[i]
    for k in range(numbers.rounds):
        for i in range(start, stop):
            trial = at_least(numbers.tiny, rate[i])
            deviate[i] = trial * numbers.lower_growth + numbers.lower
            rate[i] = ((trial * numbers.upper_growth + numbers.upper) / deviate[i]) * contrast[i] + second[i]
    for i in range(start, stop):
        deviate[i] = contrast[i] / (sqrtf(deviate[i]) * numbers.width)
        whole[i] &= is_finite(deviate[i])
        special[i] = (fabsf(deviate[i]) > numbers.beyond) | (whole[i] ^ 1)
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
    Counts of n pixels of one frame, ``values * scale - bias``: as `ccdproc_darks.rates.stack.FrameBlock.sums`.

    Parameters
    ----------
    values : float32
        The frame; of the other byte order where it is ``swapped``.
    bias : float64 or None
        Of each pixel; None for the ``level``.
    counts, special : float64, bool
        Results: pixels that are saturated or not a number become special, besides those that are.
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
    """The same of a tile."""
    cdef Py_ssize_t i
    cdef float value
    for i in range(start, stop):
        value = swapped_float(values[i]) if swapped else values[i]
        special[i] |= (is_finite(value) ^ 1) | (value >= saturation)
    for i in range(start, stop):
        value = swapped_float(values[i]) if swapped else values[i]
        counts[i] = value * scale - (level if bias is None else bias[i])


# ---- Frames of 16-bit integers: ccdproc_darks.rates.stack ----

cdef struct Rule:
    # When the highest sample may be an outlier: ccdproc_darks.rates.rejection, both sides of its comparisons squared:
    # neither is below zero, but for rounding, which costs no more than a look.
    double times, shift, middle, noise, least, per_other, least_above_others

cdef struct SumNumbers:
    int frames
    bint swapped
    int flip, zero, saturation
    double scale, level
    bint judged
    Rule rule


cdef SumNumbers sum_numbers(tuple numbers) except *:
    """Those that `sums` is given."""
    cdef SumNumbers found
    found.frames, found.swapped, found.flip, found.zero, found.saturation, found.scale, found.level, rule = numbers
    if not 1 <= found.frames < 32768:
        raise ValueError(f"{found.frames} frames, expected 1 to 32767")
    if rule is not None and len(rule) != 7:
        raise TypeError(f"a rule takes 7 arguments ({len(rule)} given)")
    found.judged = rule is not None
    (
        found.rule.times, found.rule.shift, found.rule.middle, found.rule.noise, found.rule.least,
        found.rule.per_other, found.rule.least_above_others,
    ) = rule if found.judged else (0.0,) * 7
    return found


cdef inline uint16_t value_of(uint16_t stored, bint swapped, int flip) noexcept nogil:
    """As `numpy.ndarray.byteswap`, if it is, and `numpy.bitwise_xor` with the bits that are flipped."""
    return <uint16_t> ((<uint16_t> (stored << 8 | stored >> 8) if swapped else stored) ^ flip)


def sums(Py_ssize_t n, tuple numbers not None, tuple arrays not None, const uint16_t[::1] stack not None):
    """
    Mean counts of n pixels of equal exposures: as `ccdproc_darks.rates.stack.FrameBlock.sums`, and the
    pixels of `ccdproc_darks.rates.rejection.may_lose_highest`.

    Parameters
    ----------
    numbers : tuple
        How many frames there are, whether their bytes are swapped, which bits are flipped then, what is added then, the
        level of saturation, scale, the bias' level, and `RejectionBound.numbers` of `ccdproc_darks.rates.rejection` or None.
    arrays : tuple
        Bias (float64, or None for the level), and the results: counts (float64) and special pixels (bool). Pixels that
        are saturated, or may have samples to leave out, become special, besides those that are.
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
    """`sums` of n pixels from the first on, from frames that lie a stride apart."""
    cdef Py_ssize_t start = 0
    while start < n:
        add_up_tile(numbers, &stack[start], stride, bias, counts, special, first + start, min(n - start, TILE))
        start += TILE


cdef vectors add_up_tile(
    SumNumbers numbers, const uint16_t *stack, Py_ssize_t stride, const double[::1] bias, double[::1] counts,
    uint8_t[::1] special, Py_ssize_t first, Py_ssize_t n,
) noexcept nogil:
    """The same of a tile: `numpy.add.reduce` and `numpy.maximum.reduce` of integers, and what follows from both."""
    cdef int32_t[TILE] total
    cdef uint16_t[TILE] highest
    cdef uint16_t value
    cdef Rule rule = numbers.rule
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
    if numbers.judged:
        for i in range(n):
            excess = (numbers.frames * highest[i] - total[i]) * rule.times + rule.shift
            mean = counts[first + i] - rule.middle
            others = mean - excess * rule.per_other
            least = (positive(mean) + rule.noise) * rule.least
            least_above_others = (positive(others) + rule.noise) * rule.least_above_others
            special[first + i] |= (excess * excess > least) & (excess * excess > least_above_others)


def file_sums(
    Py_ssize_t n, tuple numbers not None, tuple arrays not None, tuple files not None, Py_ssize_t room,
    uint16_t[::1] stack not None, uint16_t[::1] picked not None,
):
    """
    `sums` of samples in files, and those of special pixels: as `ccdproc_darks.rates.stack.StreamedFrameBlock`.

    Parameters
    ----------
    n, numbers, arrays
        As of `sums`.
    files : tuple
        Of each frame the file's descriptor, and the place of the first sample.
    room : int
        How many pixels are read at a time.
    stack : uint16
        Room for these, of all frames.
    picked : uint16
        Result: samples of special pixels, as they are in memory and pixel by pixel. Room for all.

    Returns
    -------
    int
        How many pixels were picked, or -1 where something cannot be read.
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
    # In Python's integers, which do not overflow.
    expect(<object> n * known.frames, (picked,))
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
            found = pick(known, stack, room, &special[first], some, picked, found)
            first += some
    return found


cdef bint are_read(
    const int[::1] files, const long long[::1] places, long long offset, Py_ssize_t bytes, uint16_t[::1] stack,
    Py_ssize_t stride,
) noexcept nogil:
    """Read so many bytes of each file into rows that lie a stride apart; returns whether they could be read."""
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


cdef Py_ssize_t pick(
    SumNumbers numbers, const uint16_t[::1] stack, Py_ssize_t stride, const uint8_t *special, Py_ssize_t n,
    uint16_t[::1] picked, Py_ssize_t found,
) noexcept nogil:
    """Append the samples of those of n pixels that are special; returns how many pixels were picked so far."""
    cdef int flip = numbers.flip ^ numbers.zero
    cdef const void *next = memchr(special, True, n)
    cdef Py_ssize_t i, k
    while next is not NULL:
        i = <const uint8_t *> next - special
        for k in range(numbers.frames):
            picked[found * numbers.frames + k] = value_of(stack[k * stride + i], numbers.swapped, flip)
        found += 1
        next = memchr(special + i + 1, True, n - i - 1)
    return found


# ---- One exposure time: ccdproc_darks.statistics.rate_fit_complete ----

def rate(
    Py_ssize_t n, const double[::1] counts not None, double per_second, float noise, float factor, float bias,
    float[::1] rate not None, float[::1] deviation not None,
):
    """
    Rate and standard deviation of n pixels of one exposure time: as
    `ccdproc_darks.statistics.rate_fit_complete.rate_of_one_exposure`.

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


# ---- Several exposure times: ccdproc_darks.statistics.rate_fit_complete ----

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
    Rate and variance of n pixels of up to MOST_EXPOSURES exposure times: as
    `ccdproc_darks.statistics.rate_fit_complete.fit_complete_pixels`.

    Parameters
    ----------
    counts : tuple of float64
        Mean counts (electron) of each exposure time.
    numbers : tuple
        Of each exposure time its inverse, its coefficient in the first trial, and growth and constant of its variance.
    common, limit : bool, float
        Whether exposures share something that is taken from their sums, and the inverse of its variance.
    tiny, rounds : float, int
        The least trial rate, and how often weights are found anew.
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
    # Their memory stays where it is as long as there is a view of it.
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
    # The last one is in double precision where something is taken from a sum.
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

    As ``_CompleteLine._sums`` of `ccdproc_darks.statistics.rate_fit_complete`, in either precision.
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

/* Licensed under a 3-clause BSD style license - see LICENSE
 *
 * Loops over pixels that numpy would make in many passes through memory: all of a pixel's arithmetic at once.
 *
 * Nothing is computed here that Python modules do not compute as well, operation by operation and in the same order and
 * precision: results are the same to the bit (tests/_compute/test_loops.py), so that it does not matter whether this was built.
 * (Only `Rule`, which says what to look at more closely, may round otherwise: a look more or less changes no result.)
 * For that, multiplications and additions must not be contracted (-ffp-contract=off), and nothing may be reordered
 * (no -ffast-math). -fno-trapping-math and -fno-math-errno change no result; without them gcc makes no vectors of this.
 *
 * Only Python's stable ABI is used, and arrays come by the buffer protocol: one build serves all Pythons and numpys.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifndef _WIN32
#include <unistd.h>
#endif

#ifdef _MSC_VER
#define restrict __restrict
#pragma fp_contract(off)
#endif

#if FLT_EVAL_METHOD != 0
#error "floating-point arithmetic is more precise than its types: results would not be those of numpy"
#endif

/* Wider vectors where the processor has them; without fused multiply-add. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define VECTORS
#endif

/* Pixels at a time: what is kept of them stays in the first cache. */
#define TILE 1024
#define MOST_STEPS 4
#define MOST_EXPOSURES 16

typedef struct {
    Py_buffer view[2 * MOST_EXPOSURES + 8];
    int number;
} Arrays;

/* What a call returns, when it needs its arrays no more: None, or NULL after an exception. */
static PyObject *
ended(Arrays *arrays)
{
    while (arrays->number > 0)
        PyBuffer_Release(&arrays->view[--arrays->number]);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* Memory of a contiguous array of n items of a size; NULL with an exception. */
static void *
array(Arrays *arrays, PyObject *object, Py_ssize_t n, Py_ssize_t size, int writable)
{
    if (PyErr_Occurred())
        return NULL;
    Py_buffer *view = &arrays->view[arrays->number];
    if (PyObject_GetBuffer(object, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0)
        return NULL;
    arrays->number++;
    if (view->len != n * size) {
        PyErr_Format(PyExc_ValueError, "an array has %zd bytes, expected %zd", view->len, n * size);
        return NULL;
    }
    return view->buf;
}

/* The same to read, or NULL for None. */
static const void *
array_or_none(Arrays *arrays, PyObject *object, Py_ssize_t n, Py_ssize_t size)
{
    return object == Py_None ? NULL : array(arrays, object, n, size, 0);
}

/* ---- Two rates: ccdproc_darks.pair ---- */

typedef struct {
    /* One frame's standard deviation is not checked: it only has to be a number. */
    int lone;
    float growth, constant, bias, reach;
} Whole;

typedef struct {
    Whole whole[2];
    float shift, weight, upper, upper_growth, lower, lower_growth, tiny, width, beyond;
    int rounds, steps;
    /* Rates from which on, and up to which, deviates above a least one need a closer look. */
    float low[MOST_STEPS], least[MOST_STEPS];
} PairNumbers;

typedef struct {
    const float *rate[2], *deviation[2];
    const uint8_t *mask[2];
    float *contrast, *common, *deviate;
    uint8_t *whole, *special;
} PairArrays;

static inline uint8_t
is_finite(float x)
{
    return fabsf(x) <= 3.402823466e38f;
}

VECTORS static void
not_whole(const Whole *numbers, const float *restrict rate, const float *restrict deviation, uint8_t *restrict whole,
          Py_ssize_t n)
{
    const float growth = numbers->growth, constant = numbers->constant, bias = numbers->bias, reach = numbers->reach;
    if (numbers->lone) {
        for (Py_ssize_t i = 0; i < n; i++)
            whole[i] &= (uint8_t)(is_finite(rate[i]) & is_finite(deviation[i]));
        return;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        float own = deviation[i] * deviation[i];
        float positive = rate[i] < 0 ? 0 : rate[i];
        float miss = fabsf((positive * growth + constant) - own) - (own - bias) * reach;
        whole[i] &= (uint8_t)(miss <= 0);
    }
}

VECTORS static void
tile_of_pair(const PairNumbers *numbers, const float *restrict first, const float *restrict second,
             float *restrict contrast, float *restrict rate, float *restrict deviate, uint8_t *restrict whole,
             uint8_t *restrict special, Py_ssize_t n)
{
    const float shift = numbers->shift, weight = numbers->weight, tiny = numbers->tiny, width = numbers->width;
    const float upper = numbers->upper, upper_growth = numbers->upper_growth;
    const float lower = numbers->lower, lower_growth = numbers->lower_growth, beyond = numbers->beyond;
    for (Py_ssize_t i = 0; i < n; i++) {
        contrast[i] = (first[i] - shift) - second[i];
        rate[i] = contrast[i] * weight + second[i];
    }
    for (int round = 0; round < numbers->rounds; round++)
        for (Py_ssize_t i = 0; i < n; i++) {
            float trial = rate[i] < tiny ? tiny : rate[i];
            float variance = trial * lower_growth + lower;
            deviate[i] = variance;
            rate[i] = ((trial * upper_growth + upper) / variance) * contrast[i] + second[i];
        }
    for (Py_ssize_t i = 0; i < n; i++) {
        deviate[i] = contrast[i] / (sqrtf(deviate[i]) * width);
        whole[i] &= is_finite(deviate[i]);
        special[i] = (uint8_t)(fabsf(deviate[i]) > beyond) | (uint8_t)(whole[i] ^ 1);
    }
    for (int step = 0; step < numbers->steps; step++) {
        const float low = numbers->low[step], least = numbers->least[step];
        if (step + 1 < numbers->steps) {
            const float high = numbers->low[step + 1];
            for (Py_ssize_t i = 0; i < n; i++)
                special[i] |= (uint8_t)((fabsf(deviate[i]) > least) & (rate[i] >= low) & (rate[i] < high));
        }
        else
            for (Py_ssize_t i = 0; i < n; i++)
                special[i] |= (uint8_t)((fabsf(deviate[i]) > least) & (rate[i] >= low));
    }
}

static void
pair_of(const PairNumbers *numbers, const PairArrays *arrays, Py_ssize_t n)
{
    float contrast[TILE], rate[TILE], deviate[TILE];
    uint8_t whole[TILE], special[TILE];
    for (Py_ssize_t start = 0; start < n; start += TILE) {
        const Py_ssize_t number = n - start < TILE ? n - start : TILE;
        memset(whole, 1, number);
        for (int k = 0; k < 2; k++) {
            if (arrays->mask[k] != NULL)
                for (Py_ssize_t i = 0; i < number; i++)
                    whole[i] &= (uint8_t)(arrays->mask[k][start + i] == 0);
            not_whole(&numbers->whole[k], arrays->rate[k] + start, arrays->deviation[k] + start, whole, number);
        }
        tile_of_pair(numbers, arrays->rate[0] + start, arrays->rate[1] + start, contrast, rate, deviate, whole, special,
                     number);
        memcpy(arrays->contrast + start, contrast, number * sizeof(float));
        memcpy(arrays->common + start, rate, number * sizeof(float));
        memcpy(arrays->deviate + start, deviate, number * sizeof(float));
        memcpy(arrays->whole + start, whole, number);
        memcpy(arrays->special + start, special, number);
    }
}

PyDoc_STRVAR(pair_doc, "pair(n, images, numbers, steps, results): as ccdproc_darks.pair.Pair._passes, of n pixels.");

static PyObject *
pair(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t n;
    PyObject *in[6], *out[5];
    PairNumbers numbers;
    PyObject *steps;
    if (!PyArg_ParseTuple(args, "n(OOOOOO)((pffff)(pffff)fffffffffi)O!(OOOOO)", &n, &in[0], &in[1], &in[2], &in[3],
                          &in[4], &in[5], &numbers.whole[0].lone, &numbers.whole[0].growth, &numbers.whole[0].constant,
                          &numbers.whole[0].bias, &numbers.whole[0].reach, &numbers.whole[1].lone,
                          &numbers.whole[1].growth, &numbers.whole[1].constant, &numbers.whole[1].bias,
                          &numbers.whole[1].reach, &numbers.shift, &numbers.weight, &numbers.upper,
                          &numbers.upper_growth, &numbers.lower, &numbers.lower_growth, &numbers.tiny, &numbers.width,
                          &numbers.beyond, &numbers.rounds, &PyTuple_Type, &steps, &out[0], &out[1], &out[2], &out[3],
                          &out[4]))
        return NULL;
    numbers.steps = (int)PyTuple_Size(steps);
    if (numbers.steps > MOST_STEPS || numbers.rounds < 1) {
        PyErr_SetString(PyExc_ValueError, "too many steps, or no round");
        return NULL;
    }
    for (int k = 0; k < numbers.steps; k++)
        if (!PyArg_ParseTuple(PyTuple_GetItem(steps, k), "ff", &numbers.low[k], &numbers.least[k]))
            return NULL;
    Arrays held = {.number = 0};
    PairArrays arrays = {
        {array(&held, in[0], n, 4, 0), array(&held, in[1], n, 4, 0)},
        {array(&held, in[2], n, 4, 0), array(&held, in[3], n, 4, 0)},
        {array_or_none(&held, in[4], n, 1), array_or_none(&held, in[5], n, 1)},
        array(&held, out[0], n, 4, 1),
        array(&held, out[1], n, 4, 1),
        array(&held, out[2], n, 4, 1),
        array(&held, out[3], n, 1, 1),
        array(&held, out[4], n, 1, 1),
    };
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        pair_of(&numbers, &arrays, n);
        Py_END_ALLOW_THREADS
    }
    return ended(&held);
}

/* ---- One frame: ccdproc_darks.stack ---- */

VECTORS static void
swapped_tile(const uint32_t *restrict stored, uint32_t *restrict values, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        values[i] = stored[i] >> 24 | (stored[i] >> 8 & 0xff00) | (stored[i] << 8 & 0xff0000) | stored[i] << 24;
}

VECTORS static void
tile_of_counts(const float *restrict values, double scale, double level, const double *restrict bias, float saturation,
               double *restrict counts, uint8_t *restrict special, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        special[i] |= (uint8_t)(is_finite(values[i]) ^ 1) | (uint8_t)(values[i] >= saturation);
    if (bias != NULL)
        for (Py_ssize_t i = 0; i < n; i++)
            counts[i] = (double)values[i] * scale - bias[i];
    else
        for (Py_ssize_t i = 0; i < n; i++)
            counts[i] = (double)values[i] * scale - level;
}

PyDoc_STRVAR(counts_doc, "counts(n, values, swapped, saturation, scale, level, bias, counts, special): of one frame; pixels whose\n"
                         "sample is saturated or not a number become special, besides those that are.");

static PyObject *
counts(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t n;
    PyObject *in, *bias_in, *out[2];
    int swapped;
    double scale, level;
    float saturation;
    if (!PyArg_ParseTuple(args, "nOpfddOOO", &n, &in, &swapped, &saturation, &scale, &level, &bias_in, &out[0], &out[1]))
        return NULL;
    Arrays held = {.number = 0};
    const float *values = array(&held, in, n, 4, 0);
    const double *bias = array_or_none(&held, bias_in, n, 8);
    double *found = array(&held, out[0], n, 8, 1);
    uint8_t *special = array(&held, out[1], n, 1, 1);
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t start = 0; start < n; start += TILE) {
            const Py_ssize_t number = n - start < TILE ? n - start : TILE;
            const float *some = values + start;
            float native[TILE];
            if (swapped) {
                swapped_tile((const uint32_t *)some, (uint32_t *)native, number);
                some = native;
            }
            tile_of_counts(some, scale, level, bias == NULL ? NULL : bias + start, saturation, found + start,
                           special + start, number);
        }
        Py_END_ALLOW_THREADS
    }
    return ended(&held);
}

/* ---- Frames of 16-bit integers: ccdproc_darks.stack and ccdproc_darks.file_stack ---- */

/* When the highest sample may be an outlier: ccdproc_darks.suspicion, with both sides of its comparisons squared:
   neither is below zero, but for rounding, which costs no more than a look. */
typedef struct {
    double times, shift, middle, noise, least, per_other, least_above_others;
} Rule;

typedef struct {
    int frames, swapped, saturation, judged;
    uint16_t flip;
    int32_t zero;
    double scale, level;
    Rule rule;
} SumNumbers;

typedef struct {
    const double *bias;
    double *counts;
    uint8_t *special;
} SumArrays;

static inline uint16_t
swapped_bytes(uint16_t stored)
{
    return (uint16_t)(stored << 8 | stored >> 8);
}

VECTORS static void
tile_of_sums(const SumNumbers *numbers, const uint16_t *frames, Py_ssize_t stride, const double *restrict bias,
             double *restrict counts, uint8_t *restrict special, Py_ssize_t n)
{
    int32_t total[TILE], past[TILE];
    uint16_t highest[TILE], values[TILE];
    const uint16_t flip = numbers->flip;
    for (int k = 0; k < numbers->frames; k++) {
        const uint16_t *restrict stored = frames + k * stride;
        if (numbers->swapped)
            for (Py_ssize_t i = 0; i < n; i++)
                values[i] = swapped_bytes(stored[i]) ^ flip;
        else
            for (Py_ssize_t i = 0; i < n; i++)
                values[i] = stored[i] ^ flip;
        if (k == 0)
            for (Py_ssize_t i = 0; i < n; i++) {
                total[i] = values[i];
                highest[i] = values[i];
            }
        else
            for (Py_ssize_t i = 0; i < n; i++) {
                total[i] += values[i];
                highest[i] = values[i] > highest[i] ? values[i] : highest[i];
            }
    }
    const int32_t number = numbers->frames, zero = numbers->zero, saturation = numbers->saturation;
    const double divisor = number, scale = numbers->scale, level = numbers->level;
    for (Py_ssize_t i = 0; i < n; i++) {
        past[i] = number * highest[i] - total[i];
        special[i] |= (uint8_t)(highest[i] + zero >= saturation);
        counts[i] = (double)(total[i] + number * zero) / divisor * scale;
    }
    if (bias != NULL)
        for (Py_ssize_t i = 0; i < n; i++)
            counts[i] -= bias[i];
    else
        for (Py_ssize_t i = 0; i < n; i++)
            counts[i] -= level;
    if (!numbers->judged)
        return;
    const Rule rule = numbers->rule;
    for (Py_ssize_t i = 0; i < n; i++) {
        double excess = past[i] * rule.times + rule.shift, mean = counts[i] - rule.middle;
        double others = mean - excess * rule.per_other, square = excess * excess;
        double least = ((mean < 0 ? 0 : mean) + rule.noise) * rule.least;
        double least_above_others = ((others < 0 ? 0 : others) + rule.noise) * rule.least_above_others;
        special[i] |= (uint8_t)((square > least) & (square > least_above_others));
    }
}

/* Of frames that lie a stride apart. */
static void
sums_of(const SumNumbers *numbers, const uint16_t *frames, Py_ssize_t stride, const SumArrays *arrays, Py_ssize_t first,
        Py_ssize_t n)
{
    for (Py_ssize_t start = 0; start < n; start += TILE) {
        const Py_ssize_t place = first + start;
        tile_of_sums(numbers, frames + start, stride, arrays->bias == NULL ? NULL : arrays->bias + place,
                     arrays->counts + place, arrays->special + place, n - start < TILE ? n - start : TILE);
    }
}

/* Numbers and arrays as Python has them. */
#define SUM_FORMAT "(ipiiiddO)(OOO)"

typedef struct {
    int flip;
    PyObject *rule, *bias, *counts, *special;
} SumObjects;

#define SUM_ARGUMENTS(numbers, objects)                                                                                \
    &(numbers).frames, &(numbers).swapped, &(objects).flip, &(numbers).zero, &(numbers).saturation, &(numbers).scale,  \
        &(numbers).level, &(objects).rule, &(objects).bias, &(objects).counts, &(objects).special

/* What they are in C; with an exception where they are not what they should be. */
static SumArrays
sum_arrays(SumNumbers *numbers, const SumObjects *objects, Arrays *held, Py_ssize_t n)
{
    Rule *rule = &numbers->rule;
    numbers->flip = (uint16_t)objects->flip;
    numbers->judged = objects->rule != Py_None;
    if (numbers->frames < 1 || numbers->frames >= 32768)
        PyErr_Format(PyExc_ValueError, "%d frames, expected 1 to 32767", numbers->frames);
    else if (numbers->judged)
        PyArg_ParseTuple(objects->rule, "ddddddd", &rule->times, &rule->shift, &rule->middle, &rule->noise, &rule->least,
                         &rule->per_other, &rule->least_above_others);
    return (SumArrays){
        array_or_none(held, objects->bias, n, 8),
        array(held, objects->counts, n, 8, 1),
        array(held, objects->special, n, 1, 1),
    };
}

PyDoc_STRVAR(sums_doc, "sums(n, (frames, swapped, flip, zero, saturation, scale, level, rule), (bias, counts, special), stack):\n"
                       "the mean of equal exposures; pixels that may have samples to leave out become special, besides those that are.");

static PyObject *
sums(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t n;
    SumNumbers numbers;
    SumObjects objects;
    PyObject *in;
    if (!PyArg_ParseTuple(args, "n" SUM_FORMAT "O", &n, SUM_ARGUMENTS(numbers, objects), &in))
        return NULL;
    Arrays held = {.number = 0};
    const SumArrays arrays = sum_arrays(&numbers, &objects, &held, n);
    const uint16_t *frames = array(&held, in, n * numbers.frames, 2, 0);
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        sums_of(&numbers, frames, n, &arrays, 0, n);
        Py_END_ALLOW_THREADS
    }
    return ended(&held);
}

#ifndef _WIN32
typedef struct {
    int file;
    long long offset;
} File;

/* Whether so many bytes could be read from a place of a file. */
static int
is_read(File file, long long place, char *wanted, size_t missing)
{
    while (missing > 0) {
        const ssize_t got = pread(file.file, wanted, missing, (off_t)(file.offset + place));
        if (got == 0 || (got < 0 && errno != EINTR))
            return 0;
        if (got > 0) {
            wanted += got;
            place += got;
            missing -= (size_t)got;
        }
    }
    return 1;
}

/* Append the samples of special pixels to those picked, pixel by pixel; returns how many are there now. */
static Py_ssize_t
with_special(const SumNumbers *numbers, const uint16_t *frames, Py_ssize_t stride, const uint8_t *special, Py_ssize_t n,
             uint16_t *picked, Py_ssize_t found)
{
    /* From unsigned to the values' own bits. */
    const uint16_t flip = (uint16_t)(numbers->flip ^ (uint16_t)numbers->zero);
    const uint8_t *next = special;
    while ((next = memchr(next, 1, (size_t)(special + n - next))) != NULL) {
        const uint16_t *stored = frames + (next - special);
        uint16_t *values = picked + found * numbers->frames;
        for (int k = 0; k < numbers->frames; k++)
            values[k] = (numbers->swapped ? swapped_bytes(stored[k * stride]) : stored[k * stride]) ^ flip;
        found++;
        next++;
    }
    return found;
}

PyDoc_STRVAR(file_sums_doc, "file_sums(n, numbers, arrays, files, room, stack, picked): the same of files, a room of pixels at a\n"
                            "time; returns the number of pixels picked, or -1 where something cannot be read.");

static PyObject *
file_sums(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t n, room, found = 0;
    SumNumbers numbers;
    SumObjects objects;
    PyObject *in, *stack_in, *picked_in;
    if (!PyArg_ParseTuple(args, "n" SUM_FORMAT "O!nOO", &n, SUM_ARGUMENTS(numbers, objects), &PyTuple_Type, &in, &room,
                          &stack_in, &picked_in))
        return NULL;
    if (PyTuple_Size(in) != numbers.frames || room < 1) {
        PyErr_Format(PyExc_ValueError, "%zd files and room for %zd pixels, expected %d and 1 or more", PyTuple_Size(in),
                     room, numbers.frames);
        return NULL;
    }
    Arrays held = {.number = 0};
    const SumArrays arrays = sum_arrays(&numbers, &objects, &held, n);
    uint16_t *stack = array(&held, stack_in, room * numbers.frames, 2, 1);
    uint16_t *picked = array(&held, picked_in, n * numbers.frames, 2, 1);
    File *files = PyMem_Malloc((size_t)numbers.frames * sizeof(File));
    if (files == NULL)
        PyErr_NoMemory();
    for (int k = 0; k < numbers.frames && !PyErr_Occurred(); k++)
        PyArg_ParseTuple(PyTuple_GetItem(in, k), "iL", &files[k].file, &files[k].offset);
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t first = 0; first < n && found >= 0; first += room) {
            const Py_ssize_t number = n - first < room ? n - first : room;
            int right = 1;
            for (int k = 0; k < numbers.frames && right; k++)
                right = is_read(files[k], 2 * (long long)first, (char *)(stack + k * room), 2 * (size_t)number);
            if (right) {
                sums_of(&numbers, stack, room, &arrays, first, number);
                found = with_special(&numbers, stack, room, arrays.special + first, number, picked, found);
            }
            else
                found = -1;
        }
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(files);
    PyObject *none = ended(&held);
    Py_XDECREF(none);
    return none == NULL ? NULL : PyLong_FromSsize_t(found);
}
#endif

/* ---- One exposure time: ccdproc_darks.rate_job ---- */

VECTORS static void
rate_of_counts(const double *restrict counts, double per_second, float noise, float factor, float bias,
               float *restrict rate, float *restrict deviation, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        float count = (float)counts[i];
        float positive = count < 0 ? 0 : count;
        rate[i] = (float)(counts[i] * per_second);
        deviation[i] = sqrtf((positive + noise) * factor + bias);
    }
}

PyDoc_STRVAR(rate_doc, "rate(n, counts, per_second, noise, factor, bias, rate, deviation): as of RateJob._of_one.");

static PyObject *
rate(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t n;
    PyObject *in, *out[2];
    double per_second;
    float noise, factor, bias;
    if (!PyArg_ParseTuple(args, "nOdfffOO", &n, &in, &per_second, &noise, &factor, &bias, &out[0], &out[1]))
        return NULL;
    Arrays held = {.number = 0};
    const double *found = array(&held, in, n, 8, 0);
    float *result = array(&held, out[0], n, 4, 1), *deviation = array(&held, out[1], n, 4, 1);
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        rate_of_counts(found, per_second, noise, factor, bias, result, deviation, n);
        Py_END_ALLOW_THREADS
    }
    return ended(&held);
}

/* ---- Several exposure times: ccdproc_darks.whole_fit ---- */

#define FIT_TILE 256

/* Of the exposures; what they share is what its name says there, and nothing where it is not common. */
typedef struct {
    int exposures, rounds, common;
    double limit, tiny;
    double per_second[MOST_EXPOSURES], coefficient[MOST_EXPOSURES], growth[MOST_EXPOSURES], constant[MOST_EXPOSURES];
} FitNumbers;

/* In either precision: sums x^T C^-1 y of t and counts, of which the rate is tc / tt and its variance 1 / tt. */
#define SUMS(REAL, NAME)                                                                                              \
    VECTORS static void NAME(const FitNumbers *numbers, const REAL (*restrict rates)[FIT_TILE],                        \
                             const REAL *restrict trial, REAL *restrict tt, REAL *restrict tc, Py_ssize_t n)           \
    {                                                                                                                 \
        REAL common_t[FIT_TILE], common_c[FIT_TILE], common[FIT_TILE];                                                \
        const REAL tiny = (REAL)numbers->tiny, limit = (REAL)numbers->limit;                                          \
        for (int k = 0; k < numbers->exposures; k++) {                                                                \
            const REAL growth = (REAL)numbers->growth[k], constant = (REAL)numbers->constant[k];                      \
            const REAL per_second = (REAL)numbers->per_second[k];                                                     \
            const REAL *restrict one = rates[k];                                                                      \
            REAL weight[FIT_TILE];                                                                                    \
            for (Py_ssize_t i = 0; i < n; i++)                                                                        \
                weight[i] = 1 / ((trial[i] < tiny ? tiny : trial[i]) * growth + constant);                            \
            if (k == 0)                                                                                               \
                for (Py_ssize_t i = 0; i < n; i++) {                                                                  \
                    tt[i] = weight[i];                                                                                \
                    tc[i] = weight[i] * one[i];                                                                       \
                }                                                                                                     \
            else                                                                                                      \
                for (Py_ssize_t i = 0; i < n; i++) {                                                                  \
                    tt[i] += weight[i];                                                                               \
                    tc[i] += weight[i] * one[i];                                                                      \
                }                                                                                                     \
            if (!numbers->common)                                                                                     \
                continue;                                                                                             \
            for (Py_ssize_t i = 0; i < n; i++) {                                                                      \
                REAL once = weight[i] * per_second;                                                                   \
                common_t[i] = k == 0 ? once : common_t[i] + once;                                                     \
                common_c[i] = k == 0 ? once * one[i] : common_c[i] + once * one[i];                                   \
                common[i] = k == 0 ? once * per_second : common[i] + once * per_second;                               \
            }                                                                                                         \
        }                                                                                                             \
        if (numbers->common)                                                                                          \
            for (Py_ssize_t i = 0; i < n; i++) {                                                                      \
                REAL factor = common_t[i] / (common[i] + limit);                                                      \
                tt[i] -= factor * common_t[i];                                                                        \
                tc[i] -= factor * common_c[i];                                                                        \
            }                                                                                                         \
    }

SUMS(float, sums_single)
SUMS(double, sums_double)

VECTORS static void
tile_of_fit(const FitNumbers *numbers, const double *const *counts, Py_ssize_t start, float *restrict rate,
            float *restrict variance, Py_ssize_t n)
{
    double rates[MOST_EXPOSURES][FIT_TILE], precise[FIT_TILE], tt_double[FIT_TILE], tc_double[FIT_TILE];
    float rough[MOST_EXPOSURES][FIT_TILE], trial[FIT_TILE], tt[FIT_TILE], tc[FIT_TILE];
    for (int k = 0; k < numbers->exposures; k++) {
        const double *restrict count = counts[k] + start;
        const float coefficient = (float)numbers->coefficient[k];
        for (Py_ssize_t i = 0; i < n; i++) {
            rates[k][i] = count[i] * numbers->per_second[k];
            rough[k][i] = (float)rates[k][i];
            trial[i] = k == 0 ? rough[k][i] * coefficient : trial[i] + rough[k][i] * coefficient;
        }
    }
    /* The last one is in double precision where something is taken from a sum. */
    for (int round = numbers->common ? 1 : 0; round <= numbers->rounds; round++) {
        sums_single(numbers, (const float (*)[FIT_TILE])rough, trial, tt, tc, n);
        for (Py_ssize_t i = 0; i < n; i++)
            trial[i] = tc[i] / tt[i];
    }
    if (numbers->common) {
        for (Py_ssize_t i = 0; i < n; i++)
            precise[i] = trial[i];
        sums_double(numbers, (const double (*)[FIT_TILE])rates, precise, tt_double, tc_double, n);
        for (Py_ssize_t i = 0; i < n; i++)
            trial[i] = (float)(tc_double[i] / tt_double[i]);
    }
    memcpy(rate, trial, n * sizeof(float));
    sums_single(numbers, (const float (*)[FIT_TILE])rough, trial, tt, tc, n);
    for (Py_ssize_t i = 0; i < n; i++)
        variance[i] = 1 / tt[i];
}

PyDoc_STRVAR(fit_doc, "fit(n, counts, numbers, common, limit, tiny, rounds, rate, variance): as ccdproc_darks.whole_fit.whole_rate.");

static PyObject *
fit(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t n;
    PyObject *in, *each, *out[2];
    FitNumbers numbers;
    if (!PyArg_ParseTuple(args, "nO!O!pddiOO", &n, &PyTuple_Type, &in, &PyTuple_Type, &each, &numbers.common,
                          &numbers.limit, &numbers.tiny, &numbers.rounds, &out[0], &out[1]))
        return NULL;
    numbers.exposures = (int)PyTuple_Size(in);
    if (numbers.exposures < 1 || numbers.exposures > MOST_EXPOSURES || PyTuple_Size(each) != numbers.exposures) {
        PyErr_Format(PyExc_ValueError, "%d exposure times, expected 1 to %d", numbers.exposures, MOST_EXPOSURES);
        return NULL;
    }
    for (int k = 0; k < numbers.exposures; k++)
        if (!PyArg_ParseTuple(PyTuple_GetItem(each, k), "dddd", &numbers.per_second[k], &numbers.coefficient[k],
                              &numbers.growth[k], &numbers.constant[k]))
            return NULL;
    Arrays held = {.number = 0};
    const double *counts[MOST_EXPOSURES];
    for (int k = 0; k < numbers.exposures; k++)
        counts[k] = array(&held, PyTuple_GetItem(in, k), n, 8, 0);
    float *rate = array(&held, out[0], n, 4, 1), *variance = array(&held, out[1], n, 4, 1);
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t start = 0; start < n; start += FIT_TILE)
            tile_of_fit(&numbers, counts, start, rate + start, variance + start,
                        n - start < FIT_TILE ? n - start : FIT_TILE);
        Py_END_ALLOW_THREADS
    }
    return ended(&held);
}

static PyMethodDef methods[] = {
    {"counts", counts, METH_VARARGS, counts_doc},
    {"sums", sums, METH_VARARGS, sums_doc},
#ifndef _WIN32
    {"file_sums", file_sums, METH_VARARGS, file_sums_doc},
#endif
    {"rate", rate, METH_VARARGS, rate_doc},
    {"pair", pair, METH_VARARGS, pair_doc},
    {"fit", fit, METH_VARARGS, fit_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_loops", "Loops over pixels; see ccdproc_darks._compute.loops.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__loops(void)
{
    return PyModuleDef_Init(&definition);
}

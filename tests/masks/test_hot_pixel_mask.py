"""What hot_pixel_mask finds of what was planted."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty, bitfield_to_boolean_mask
from astropy.table import QTable
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import (
    DARK_FLAGS,
    MissingInformationWarning,
    ProportionalityLimit,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    simulate_dark,
)
from ccdproc_darks._compute.blocks import row_blocks
from ccdproc_darks._compute.workers import fill_images

from ..helpers import (
    ELECTRON_PER_SECOND,
    assert_same_image,
    dark,
    master_bias,
    mean_dark,
    noisy_darks,
    rate_image,
)
from ..strategies import seeds

SHAPE = (300, 400)
RATE, READ_NOISE = 0.05, 8.0
TIMES = (90.0, 1000.0)


def has(flags, name):
    return (flags.data & getattr(DARK_FLAGS, name)) != 0


@pytest.fixture(scope="module")
def planted():
    """Ten and twenty frames, and which pixels are what."""
    rng = np.random.default_rng(1)
    chosen = rng.choice(SHAPE[0] * SHAPE[1], 600, replace=False)
    kinds = dict(
        zip(("hot", "crooked", "saturated", "very hot", "masked", "dead"), chosen.reshape(6, 100), strict=True)
    )
    truth = np.full(SHAPE, RATE)
    truth.flat[kinds["hot"]] = np.geomspace(3, 30, 100)
    truth.flat[kinds["crooked"]] = np.geomspace(5, 30, 100)
    truth.flat[kinds["saturated"]] = 100.0
    truth.flat[kinds["very hot"]] = 2000.0
    bias = master_bias(rng, READ_NOISE, 20, SHAPE)
    rates = []
    for time, number in zip(TIMES, (10, 20), strict=True):
        actual = truth.copy()
        if time == TIMES[0]:
            # The short exposure reads a third higher.
            actual.flat[kinds["crooked"]] *= 1.35
        frame = mean_dark(rng, actual, time, number, READ_NOISE, SHAPE)
        frame.mask = np.zeros(SHAPE, bool)
        frame.mask.flat[kinds["masked"]] = True
        frame.data.flat[kinds["dead"]] = np.nan
        rates.append(dark_rate(frame, bias=bias, saturation=60000 * u.electron))
    return rates, kinds


def test_two_rates(planted):
    rates, kinds = planted
    flags = hot_pixel_mask(*rates)
    at = {name: {kind: has(flags, name).flat[pixels].mean() for kind, pixels in kinds.items()}
          for name in ("HOT", "NONLINEAR", "SATURATED", "UNRELIABLE_DARK", "DO_NOT_USE")}  # fmt: skip
    assert at["HOT"] == {"hot": 1, "crooked": 1, "saturated": 1, "very hot": 1, "masked": 0, "dead": 0}
    assert at["NONLINEAR"] == {"hot": 0, "crooked": 1, "saturated": 0, "very hot": 0, "masked": 0, "dead": 0}
    assert at["SATURATED"] == {"hot": 0, "crooked": 0, "saturated": 1, "very hot": 1, "masked": 0, "dead": 0}
    # A hot pixel that is proportional is not masked: a scaled dark removes it.
    assert at["DO_NOT_USE"] == {"hot": 0, "crooked": 1, "saturated": 1, "very hot": 1, "masked": 1, "dead": 1}
    assert at["UNRELIABLE_DARK"]["masked"] == 0

    good = np.ones(SHAPE, bool)
    good.flat[np.concatenate(list(kinds.values()))] = False
    assert has(flags, "HOT")[good].sum() <= 6
    assert has(flags, "NONLINEAR")[good].sum() <= 6
    assert not has(flags, "SATURATED")[good].any()
    # Noise of 0.02 electron/s hides a tenth of 0.05; but good pixels are not hot.
    assert flags.meta["NNOTEST"] > 0.99 * good.sum()
    assert not (has(flags, "UNRELIABLE_DARK") & ~has(flags, "HOT")).any()
    bright = kinds["hot"][np.geomspace(3, 30, 100) > 10]
    assert not has(flags, "UNRELIABLE_DARK").flat[bright].any()

    for key, name in {"NHOT": "HOT", "NNONLIN": "NONLINEAR", "NSATUR": "SATURATED", "NUNRELI": "UNRELIABLE_DARK",
                      "NMASKED": "DO_NOT_USE"}.items():  # fmt: skip
        assert flags.meta[key] == has(flags, name).sum()
    np.testing.assert_array_equal(flags.mask, has(flags, "DO_NOT_USE"))


def test_one_rate(planted):
    rates, kinds = planted
    flags = hot_pixel_mask(rates[1])
    hot = has(flags, "HOT")
    for kind in ("hot", "crooked", "saturated", "very hot"):
        assert hot.flat[kinds[kind]].all(), kind
        assert flags.mask.flat[kinds[kind]].all(), kind
    for kind in ("masked", "dead"):
        assert not hot.flat[kinds[kind]].any()
        assert flags.mask.flat[kinds[kind]].all()
    assert set(np.unique(flags.data)) <= {0, 1, 2**11 + 1}
    assert hot.sum() <= 400 + 6


def test_threshold(planted):
    rates, kinds = planted
    flags = hot_pixel_mask(*rates, threshold=10 * ELECTRON_PER_SECOND)
    truth = np.geomspace(3, 30, 100)
    hot = has(flags, "HOT").flat[kinds["hot"]]
    assert hot[truth > 10.5].all()
    assert not hot[truth < 9.5].any()
    assert flags.meta["DKTHRESH"] == 10
    assert "DKTYPIC" not in flags.meta
    # 60 electron/s at the most is known of what saturates in 1000 s, but the short exposure knows better.
    assert has(flags, "HOT").flat[kinds["saturated"]].all()


def test_lower_limit_above_the_threshold():
    """Saturated in every exposure: hot where the limit says so, unknown where it does not."""
    rates = [rate_image([[5000.0, 0.1]], time, saturation=1000 * u.electron) for time in (10.0, 100.0)]
    for threshold, hot in ((99, True), (101, False)):
        flags = hot_pixel_mask(*rates, threshold=threshold * ELECTRON_PER_SECOND)
        assert has(flags, "HOT").tolist() == [[hot, False]]
        assert flags.mask.tolist() == [[True, False]]
        one = hot_pixel_mask(rates[0], threshold=threshold * ELECTRON_PER_SECOND)
        assert has(one, "HOT").tolist() == [[hot, False]]
        assert one.mask.tolist() == [[True, False]]


@pytest.mark.filterwarnings("ignore:all pixels (are|of the result are) masked")
def test_every_pixel_is_saturated():
    """None tells what is typical: whatever has collected anything is hot, however little is known of it."""
    rates = [rate_image(np.full((3, 4), 50.0), time, saturation=20 * u.electron) for time in (10.0, 100.0)]
    for flags in (hot_pixel_mask(*rates), hot_pixel_mask(rates[1])):
        assert has(flags, "HOT").all()
        assert flags.mask.all()
        assert flags.meta["DKTHRESH"] == 0


def test_tolerance(planted):
    """With tolerance 0.5 a departure of 0.35 is not worth a flag."""
    rates, kinds = planted
    assert not has(hot_pixel_mask(*rates, tolerance=0.5), "NONLINEAR").flat[kinds["crooked"]].any()


@pytest.mark.parametrize("offset", ["common", None, "pixel"])
def test_curvature_of_three_exposures(offset):
    rng = np.random.default_rng(2)
    truth = np.full((200, 200), 1.0)
    truth[0] = 20.0
    truth[1] = 20.0
    rates = []
    for time in (100.0, 300.0, 1000.0):
        actual = truth.copy()
        actual[0] *= 1 - 0.3 * time / 1000
        rates.append(dark_rate(mean_dark(rng, actual, time, 10, 5.0, truth.shape), bias=0 * u.electron))
    flags = hot_pixel_mask(*rates, offset=offset)
    assert has(flags, "NONLINEAR")[0].all()
    assert has(flags, "NONLINEAR")[1:].sum() <= 6


def test_offset_is_no_curvature():
    """Of pixels with offsets of their own; with a common one they are flagged."""
    rng = np.random.default_rng(3)
    rates = []
    for time in (100.0, 300.0, 1000.0):
        frame = mean_dark(rng, 5.0, time, 10, 5.0, (100, 100))
        frame.data[50] += 500
        rates.append(dark_rate(frame, bias=0 * u.electron))
    assert has(hot_pixel_mask(*rates), "NONLINEAR")[50].all()
    free = hot_pixel_mask(*rates, offset="pixel")
    assert has(free, "NONLINEAR").sum() <= 6


class TestCcdproc:
    """In the next step of ccdproc."""

    @pytest.fixture
    def flags(self, planted):
        return hot_pixel_mask(*planted[0])

    def test_mask_of_a_science_frame(self, flags):
        science = CCDData(np.ones(SHAPE), unit="adu", mask=np.zeros(SHAPE, bool))
        science.mask |= flags.mask
        np.testing.assert_array_equal(science.mask, flags.mask)
        assert flags.data.dtype == np.uint32
        assert flags.mask.dtype == bool

    def test_bit_field(self, flags, planted):
        # ccdproc's sense: True where a bit that is not ignored is set.
        flagged = ccdproc.bitfield_to_boolean_mask(flags)
        np.testing.assert_array_equal(flagged, flags.data != 0)
        # Hot pixels and those that must not be used: not the good ones, though hardly one of them could be tested.
        np.testing.assert_array_equal(flagged, has(flags, "HOT") | flags.mask)
        assert flagged.sum() <= 600 + 12
        np.testing.assert_array_equal(ccdproc.bitfield_to_boolean_mask(flags, ignore_bits="~1"), flags.mask)
        hot = ccdproc.bitfield_to_boolean_mask(flags, ignore_bits=f"~{DARK_FLAGS.HOT}")
        np.testing.assert_array_equal(hot, has(flags, "HOT"))
        known = ccdproc.bitfield_to_boolean_mask(flags, ignore_bits=DARK_FLAGS.UNRELIABLE_DARK | DARK_FLAGS.HOT)
        np.testing.assert_array_equal(known, (flags.data & (1 + 2 + 2**16)) != 0)
        named = bitfield_to_boolean_mask(flags.data, ignore_flags="~NONLINEAR", flag_name_map=DARK_FLAGS)
        np.testing.assert_array_equal(named, has(flags, "NONLINEAR"))

    def test_subtract_a_scaled_dark(self, planted):
        """rate times exposure is the dark of a science frame; what is masked in it is masked in the result."""
        rates, kinds = planted
        master = rates[1].multiply(300 * u.s)
        assert master.unit == u.electron
        science = CCDData(np.full(SHAPE, 1000.0), unit="electron", meta={"exposure": 300.0})
        science.data.flat[kinds["hot"]] += 300 * np.geomspace(3, 30, 100)
        master.meta = {"exposure": 300.0}
        done = ccdproc.subtract_dark(science, master, exposure_time="exposure", exposure_unit=u.s)
        assert done.unit == u.electron
        clean = done.data.flat[kinds["hot"]] - 1000
        assert np.abs(clean).max() < 300 * 5 * np.sqrt(30 / 20000 + 64 / 20 / 1e6) + 20
        assert done.mask.flat[kinds["very hot"]].all()
        assert not done.mask.flat[kinds["hot"]].any()

    def test_a_combined_dark(self):
        """ccdproc.combine's average, and the frames that went into it, give the same rate."""
        frames = [simulate_dark((50, 60), exposure=100 * u.s, rate=1 * ELECTRON_PER_SECOND, read_noise=5 * u.electron,
                                gain=2 * u.electron / u.adu, bias=300 * u.adu, dtype="float64", rng=seed)
                  for seed in range(6)]  # fmt: skip
        combined = ccdproc.combine(frames, method="average", dtype=float)
        expected = dark_rate(frames, bias=300 * u.adu, clip=None, dtype="float64")
        measured = dark_rate(combined, bias=300 * u.adu, n_combined=6, dtype="float64")
        assert_same_image(measured, expected, rtol=1e-9)
        combined.meta["NCOMBINE"] = 6
        assert_same_image(dark_rate(combined, bias=300 * u.adu, dtype="float64"), expected, rtol=1e-9)
        del combined.meta["NCOMBINE"]
        combined.meta["combined"] = True
        with pytest.warns(MissingInformationWarning, match=r"^darks\[0\] is combined, but nothing tells"):
            dark_rate(combined, bias=300 * u.adu)

    def test_uncertainty_of_a_combined_dark(self):
        """Scatter of ddof 0, corrected where the number is known: the mean variance is the true one."""
        rng = np.random.default_rng(4)
        shape = (300, 300)
        frames = [dark(rng.normal(1000, 20, shape), read_noise=None, unit="electron") for _ in range(4)]
        combined = ccdproc.combine(frames, method="average", dtype=float)
        measured = dark_rate(combined, n_combined=4, dtype="float64")
        assert measured.meta["DKNOISE"] == "uncertainty"
        typical = np.sqrt(np.mean(measured.uncertainty.array**2)) * 100
        assert typical > 10 * 0.98


@given(seeds, st.floats(0.1, 3))
def test_masks_only_grow(seed, factor):
    """A higher threshold, and a larger tolerance, flag a part of what lower ones do."""
    rng = np.random.default_rng(seed)
    rates = [rate_image(rng.uniform(0, 10, (6, 7)), time) for time in (10.0, 100.0)]
    few = hot_pixel_mask(*rates, threshold=factor * 2 * ELECTRON_PER_SECOND, tolerance=0.2)
    many = hot_pixel_mask(*rates, threshold=factor * ELECTRON_PER_SECOND, tolerance=0.1)
    for name in ("HOT", "NONLINEAR"):
        assert (has(few, name) <= has(many, name)).all()
    assert (few.mask <= many.mask).all()


@given(seeds)
def test_masked_input_is_masked_output(seed):
    rng = np.random.default_rng(seed)
    rates = [rate_image(rng.uniform(0, 10, (6, 7)), time) for time in (10.0, 100.0)]
    before = hot_pixel_mask(*rates, offset=None, threshold=5 * ELECTRON_PER_SECOND)
    hit = rng.random((6, 7)) < 0.2
    rates[1].mask = rates[1].mask | hit
    after = hot_pixel_mask(*rates, offset=None, threshold=5 * ELECTRON_PER_SECOND)
    assert after.mask[hit].all()
    # The level of significance follows the number of pixels compared: fewer false positives cost less.
    assert (after.mask[~hit] >= before.mask[~hit]).all()


@given(seeds, st.permutations(range(3)))
@pytest.mark.filterwarnings("ignore:all pixels (are|of the result are) masked")
def test_order_does_not_matter(seed, order):
    rng = np.random.default_rng(seed)
    rates = [rate_image(rng.uniform(0, 10, (4, 5)), time) for time in (10.0, 100.0, 300.0)]
    first, second = hot_pixel_mask(*rates), hot_pixel_mask(*[rates[index] for index in order])
    assert_same_image(first, second)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_small_images(shape):
    rates = [rate_image(np.full(shape, 2.0), time) for time in (10.0, 100.0)]
    flags = hot_pixel_mask(*rates)
    assert flags.shape == shape
    assert not flags.mask.any()
    assert not hot_pixel_mask(rates[0]).mask.any()


@pytest.mark.filterwarnings("ignore:all pixels (are|of the result are) masked")
def test_nothing_usable():
    rates = [rate_image(np.full((2, 2), np.nan), time) for time in (10.0, 100.0)]
    for flags in (hot_pixel_mask(*rates), hot_pixel_mask(rates[0])):
        assert flags.mask.all()
        assert flags.meta["NHOT"] == 0


def test_large_images_are_cut_in_blocks(pixels_per_block, planted):
    rates, _ = planted
    complete = hot_pixel_mask(*rates)
    pixels_per_block(5000)
    assert_same_image(hot_pixel_mask(*rates), complete)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("background", [None, 0.01 * ELECTRON_PER_SECOND], ids=["", "background"])
def test_a_block_takes_no_more_memory_than_it_says(monkeypatch, planted, number, background):
    """As ``mem_limit`` counts it; nor is it a tenth of that, or blocks would be smaller than they need be."""
    rates, grown = planted[0][:number], []

    def traced(job, outputs, execution):
        tracemalloc.start()
        try:
            counted = fill_images(job, outputs, execution)
            grown.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        block = next(row_blocks(outputs[0].shape, job.memory()))
        said = job.memory() * (block.stop - block.start) * outputs[0].shape[1]
        assert 0.1 * said < grown[0] < said
        return counted

    monkeypatch.setattr("ccdproc_darks.masks.hot_pixel_mask.fill_images", traced)
    with ThreadPoolExecutor(1) as executor:
        hot_pixel_mask(*rates, background=background, executor=executor)
    assert len(grown) == 1


def test_above_the_limit_all_pixels_are_nonlinear(planted):
    rates, kinds = planted
    plain = hot_pixel_mask(*rates)
    flags = hot_pixel_mask(*rates, limit=10 * ELECTRON_PER_SECOND)
    assert flags.meta["DKLIMIT"] == 10
    truth = np.geomspace(3, 30, 100)
    nonlinear = has(flags, "NONLINEAR").flat[kinds["hot"]]
    assert nonlinear[truth > 10.5].all()
    assert not nonlinear[truth < 9.5].any()
    assert flags.mask.flat[kinds["hot"]][truth > 10.5].all()
    others = {"tolerance": 0.1, "confidence": 0.95, "curve": QTable()}
    found = ProportionalityLimit(limit=10 * ELECTRON_PER_SECOND, interval=[9, 11] * ELECTRON_PER_SECOND, **others)
    np.testing.assert_array_equal(hot_pixel_mask(*rates, limit=found).data, flags.data)
    for nothing in (np.inf, np.nan):
        none = ProportionalityLimit(
            limit=nothing * ELECTRON_PER_SECOND, interval=[0, np.inf] * ELECTRON_PER_SECOND, **others
        )
        same = hot_pixel_mask(*rates, limit=none)
        np.testing.assert_array_equal(same.data, plain.data)
        assert "DKLIMIT" not in same.meta


@pytest.mark.parametrize(
    ("limit", "error"), [(4.0, TypeError), (4 * u.electron, u.UnitsError), (-1 * ELECTRON_PER_SECOND, ValueError)]
)
def test_bad_limit(planted, limit, error):
    with pytest.raises(error, match=r"^limit must be"):
        hot_pixel_mask(*planted[0], limit=limit)


def scatter_image(values):
    """As of dark_scatter."""
    return CCDData(np.array(values, float), unit="", meta={"DKSTAT": "scatter"})


class TestTelegraph:
    @pytest.mark.parametrize("number", [1, 2])
    def test_found_and_masked(self, number):
        """Of one or two exposure times; the pixels of a row switch."""
        rng = np.random.default_rng(5)
        frames = []
        for seconds in (50.0, 200.0)[:number]:
            frames.append(noisy_darks(rng, 0.2, seconds, 8, 4.0, (60, 80)))
            for frame in frames[-1][::2]:
                frame.data[7] += 3 * seconds
        rates = [dark_rate(darks, clip=None) for darks in frames]
        scatter = [dark_scatter(darks) for darks in frames]
        plain = hot_pixel_mask(*rates, threshold=20 * ELECTRON_PER_SECOND)
        flags = hot_pixel_mask(*rates, scatter=scatter, threshold=20 * ELECTRON_PER_SECOND)
        telegraph = has(flags, "TELEGRAPH")
        assert telegraph[7].all()
        assert np.delete(telegraph, 7, axis=0).sum() <= 5
        assert flags.meta["NTELEGR"] == telegraph.sum()
        assert flags.mask[7].all()
        np.testing.assert_array_equal(flags.mask, plain.mask | telegraph)
        others = flags.data & ~np.uint32(DARK_FLAGS.TELEGRAPH | DARK_FLAGS.DO_NOT_USE)
        np.testing.assert_array_equal(others, plain.data & ~np.uint32(DARK_FLAGS.DO_NOT_USE))
        assert "NTELEGR" not in plain.meta
        assert not has(plain, "TELEGRAPH").any()

    def test_false_positives_are_those_of_all_images(self):
        """One good pixel in all of them together."""
        rate = rate_image(np.ones((10, 10)), 100.0)
        values = np.zeros((10, 10))
        values[0, 0] = 2.45
        for number, flagged in ((1, 1), (4, 0)):
            # P(2.45) = 1 / 140.
            images = [scatter_image(values)] + [scatter_image(np.zeros((10, 10)))] * (number - 1)
            assert hot_pixel_mask(rate, scatter=images).meta["NTELEGR"] == flagged

    def test_no_images(self):
        rate = rate_image(np.ones((3, 4)), 100.0)
        assert "NTELEGR" not in hot_pixel_mask(rate, scatter=[]).meta


class TestFalseDiscoveryRate:
    def test_of_pixels_that_are_not_proportional(self):
        """A tenth of those flagged are good ones, and more are found than with one false positive."""
        rng = np.random.default_rng(6)
        shape, planted = (300, 400), np.zeros((300, 400), bool)
        planted[:5] = True
        rates = []
        for time in TIMES:
            actual = np.full(shape, 2.0)
            if time == TIMES[0]:
                actual[planted] += np.geomspace(0.1, 1.5, planted.sum())
            rates.append(dark_rate(mean_dark(rng, actual, time, 10, READ_NOISE, shape), bias=0 * u.electron))
        few = has(hot_pixel_mask(*rates, tolerance=1e-6), "NONLINEAR")
        for fdr in (0.1, 0.3):
            flags = hot_pixel_mask(*rates, fdr=fdr, tolerance=1e-6)
            found = has(flags, "NONLINEAR")
            assert found[~planted].sum() / found.sum() == pytest.approx(fdr, abs=4 * np.sqrt(fdr / found.sum()))
            assert found[planted].sum() > 1.1 * few[planted].sum()
            assert (few <= found).all()
            assert flags.meta["DKFDR"] == fdr
            assert "DKFALSE" not in flags.meta
        assert "DKFDR" not in hot_pixel_mask(*rates).meta

    def test_of_hot_and_telegraph_pixels(self):
        rng = np.random.default_rng(7)
        shape = (200, 300)
        truth = np.full(shape, 0.1)
        truth[0] += np.linspace(0.05, 0.5, 300)
        rate = dark_rate(mean_dark(rng, truth, 100.0, 10, 5.0, shape), bias=0 * u.electron)
        values = rng.normal(0, 1, shape)
        values[1] += 4
        flags = hot_pixel_mask(rate, scatter=scatter_image(values), fdr=0.1)
        for name, row in (("HOT", 0), ("TELEGRAPH", 1)):
            found = has(flags, name)
            assert found[row].sum() > 200
            false = found.sum() - found[row].sum()
            assert false / found.sum() == pytest.approx(0.1, abs=4 * np.sqrt(0.1 / found.sum()))

    def test_nothing_found(self):
        """The deviate is infinite, which no header holds; the power is that of one false positive."""
        rates = [rate_image(np.full((20, 20), 5.0), time) for time in (10.0, 100.0)]
        flags = hot_pixel_mask(*rates, fdr=0.01)
        assert "DKSIGMA" not in flags.meta
        assert not flags.mask.any()
        assert flags.meta["NNOTEST"] == hot_pixel_mask(*rates).meta["NNOTEST"]

    def test_two_answers_to_one_question(self):
        rates = [rate_image(np.ones((3, 4)), time) for time in (10.0, 100.0)]
        for given_rates in (rates, rates[:1]):
            with pytest.raises(ValueError, match=r"^fdr=0\.05 and false_positives=3.* are two answers to one question"):
                hot_pixel_mask(*given_rates, fdr=0.05, false_positives=3)


@pytest.fixture(scope="module")
def glow():
    """Of an amplifier, in a corner of the sensor."""
    y, x = np.indices(SHAPE)
    return 0.05 + 2 * np.exp(-np.hypot(y, x) / 120)


@pytest.fixture(scope="module", params=[1, 2], ids=["one rate", "two rates"])
def glowing(glow, request):
    """Rates of a sensor with a hot pixel, on top of its glow, every 20 rows and columns; and which these are."""
    rng = np.random.default_rng(8)
    hot = np.zeros(SHAPE, bool)
    hot[10::20, 10::20] = True
    sets = ((200.0, 10), (1000.0, 20))[-request.param :]
    return [dark_rate(mean_dark(rng, glow + hot, time, number, 3.0, SHAPE)) for time, number in sets], hot


class TestGlow:
    @pytest.mark.parametrize("threshold", [None, 0.5 * ELECTRON_PER_SECOND])
    @pytest.mark.parametrize("kind", [u.Quantity, CCDData])
    def test_with_an_image_of_it(self, glowing, glow, threshold, kind):
        rates, planted = glowing
        flags = hot_pixel_mask(*rates, background=kind(glow, unit=ELECTRON_PER_SECOND), threshold=threshold)
        hot, warm = has(flags, "HOT"), has(flags, "WARM")
        assert hot[planted].all()
        assert hot[~planted].sum() <= 6
        assert not (hot & warm).any()
        corner = ~planted & (glow > 1.2)
        assert warm[corner].all()
        assert not warm[glow < 0.07].any()
        assert flags.meta["NWARM"] == warm.sum()
        # Warm pixels are as good as any.
        assert not flags.mask[warm & ~has(flags, "NONLINEAR")].any()
        # Together they are what is hot without a background.
        if threshold is not None:
            plain = has(hot_pixel_mask(*rates, threshold=threshold), "HOT")
            np.testing.assert_array_equal(hot | warm, plain)

    @pytest.mark.parametrize("threshold", [None, 0.5 * ELECTRON_PER_SECOND])
    def test_found_from_the_rates(self, glowing, glow, threshold):
        pytest.importorskip("photutils")
        rates, planted = glowing
        flags = hot_pixel_mask(*rates, background="local", threshold=threshold)
        hot, warm = has(flags, "HOT"), has(flags, "WARM")
        assert hot[planted].all()
        # A steep glow is followed as closely as it is smooth.
        assert hot[~planted].sum() < 0.005 * warm.sum()
        assert warm[~planted & (glow > 1.2)].mean() > 0.97

    def test_one_number(self):
        """Of a sensor that glows evenly."""
        rate = rate_image([[1.0, 1.4, 1.6, 9.0]], 100.0)
        flags = hot_pixel_mask(rate, background=60 * u.electron / u.min, threshold=0.5 * ELECTRON_PER_SECOND)
        assert has(flags, "HOT").tolist() == [[False, False, True, True]]
        assert has(flags, "WARM").tolist() == [[True, True, False, False]]

    @pytest.mark.filterwarnings("ignore:all pixels (are|of the result are) masked")
    def test_without_one(self):
        flags = hot_pixel_mask(rate_image([[1.0, 9.0]], 100.0), threshold=0.5 * ELECTRON_PER_SECOND)
        assert not has(flags, "WARM").any()
        assert "NWARM" not in flags.meta

    @pytest.mark.parametrize("background", ["local", 0.1 * ELECTRON_PER_SECOND])
    @pytest.mark.filterwarnings("ignore:all pixels (are|of the result are) masked")
    def test_log(self, background):
        """As it was asked for."""
        if isinstance(background, str):
            pytest.importorskip("photutils")
        rate = rate_image(np.ones((40, 40)), 100.0)
        assert f"background={background}, " in hot_pixel_mask(rate, background=background).meta["DKMASK"]


@pytest.mark.filterwarnings("ignore::ccdproc_darks.NoUsablePixelWarning")  # of images of a few pixels
@given(seeds, st.floats(0.01, 0.4))
def test_masks_only_grow_with_what_is_looked_for(seed, fdr):
    """Scatter adds pixels to a mask, a higher false discovery rate too; a background takes hot ones away."""
    rng = np.random.default_rng(seed)
    rates = [rate_image(rng.uniform(0, 10, (6, 7)), time, number=2) for time in (10.0, 100.0)]
    options = {"threshold": 4 * ELECTRON_PER_SECOND, "offset": None}
    plain = hot_pixel_mask(*rates, fdr=fdr, **options)
    for more in ({"scatter": scatter_image(rng.normal(0, 3, (6, 7)))}, {"fdr": fdr * 2}):
        flags = hot_pixel_mask(*rates, **{"fdr": fdr, **options, **more})
        assert (plain.mask <= flags.mask).all()
        assert (has(plain, "NONLINEAR") <= has(flags, "NONLINEAR")).all()
    background = rng.uniform(0, 5, (6, 7)) * ELECTRON_PER_SECOND
    flags = hot_pixel_mask(*rates, fdr=fdr, background=background, **options)
    assert (has(flags, "HOT") <= has(plain, "HOT")).all()
    np.testing.assert_array_equal(has(flags, "HOT") | has(flags, "WARM"), has(plain, "HOT"))
    np.testing.assert_array_equal(flags.mask, plain.mask)


@pytest.mark.parametrize("fdr", [None, 0.1])
@pytest.mark.parametrize("threshold", [None, 2 * ELECTRON_PER_SECOND])
def test_all_options_on_large_images(pixels_per_block, fdr, threshold):
    rng = np.random.default_rng(9)
    background, truth, scatter = np.full((40, 30), 0.5), np.full((40, 30), 0.5), rng.normal(0, 1, (40, 30))
    background[0] += 4.0
    truth[0] += 4.0
    truth[1] += 9.0
    scatter[2] += 9.0
    rates = []
    for time, factor in ((10.0, 2.0), (100.0, 1.0)):
        actual = truth.copy()
        actual[1, :9] *= factor
        rates.append(dark_rate(mean_dark(rng, actual, time, 10, 3.0, truth.shape)))
    options = {"scatter": [scatter_image(scatter)] * 2, "fdr": fdr, "background": background * ELECTRON_PER_SECOND,
               "threshold": threshold, "null": "empirical"}  # fmt: skip
    complete = hot_pixel_mask(*rates, **options)
    for name, number in (("HOT", 30), ("TELEGRAPH", 30), ("NONLINEAR", 9)):
        assert number <= has(complete, name).sum() <= number + 12, name
    # Of a discovery in ten that is false, one is in the glow.
    assert (has(complete, "WARM") | has(complete, "HOT"))[0].all()
    assert 28 <= has(complete, "WARM").sum() <= 42
    pixels_per_block(100)
    assert_same_image(hot_pixel_mask(*rates, **options), complete)


@pytest.fixture(scope="module")
def noisy():
    """Rates of a sensor of 3 electron with noisy pixels in the first row, and the map."""
    rng = np.random.default_rng(12)
    shape = (150, 200)
    sigma = 3 * np.exp(0.1 * rng.normal(size=shape))
    sigma[0] = 30
    scatter = sigma * np.sqrt(rng.chisquare(49, size=shape) / 49)
    noise = CCDData(scatter, unit="electron", uncertainty=StdDevUncertainty(scatter / np.sqrt(98)))
    rates = []
    for time in (60.0, 600.0):
        counts = rng.poisson(0.05 * time * 10, shape) / 10 + rng.normal(size=shape) * sigma / np.sqrt(10)
        frame = CCDData(counts, unit="electron", meta={"NCOMBINE": 10, "EXPTIME": time})
        rates.append(dark_rate(frame, bias=0 * u.electron, read_noise=3 * u.electron))
    return rates, noise


class TestReadNoiseOfEachPixel:
    """A map of it, with which the rates are compared."""

    def test_noisy_pixels_are_flagged_and_not_masked(self, noisy):
        rates, noise = noisy
        flags = hot_pixel_mask(*rates, read_noise=noise)
        found = has(flags, "UNRELIABLE_ERROR")
        assert found[0].all()
        assert found[1:].sum() <= 6
        assert flags.meta["NNOISY"] == found.sum()
        assert flags.mask.sum() <= 6
        assert flags.meta["NHOT"] <= 6

    def test_without_it(self, noisy):
        """The noise of these pixels is taken for departures, and none is known to be noisy."""
        flags = hot_pixel_mask(*noisy[0])
        assert "NNOISY" not in flags.meta
        assert not has(flags, "UNRELIABLE_ERROR").any()
        assert has(flags, "NONLINEAR")[0].sum() > 50

    def test_of_a_single_rate(self, noisy):
        rates, noise = noisy
        flags = hot_pixel_mask(rates[1], read_noise=noise)
        assert has(flags, "UNRELIABLE_ERROR")[0].all()
        assert "NNOTEST" not in flags.meta


def test_hot_pixels_that_could_not_be_tested_are_not_masked(planted):
    """Of two rates: they are flagged. Of a single one nothing could be tested, and all that are hot are masked."""
    rates, _ = planted
    flags = hot_pixel_mask(*rates, threshold=0.3 * ELECTRON_PER_SECOND, tolerance=0.001)
    only = has(flags, "UNRELIABLE_DARK") & ~has(flags, "SATURATED")
    assert only.sum() > 90
    assert not flags.mask[only].any()
    flags = hot_pixel_mask(rates[1], threshold=0.3 * ELECTRON_PER_SECOND)
    assert flags.mask[has(flags, "HOT")].all()


class TestFlagsThatAreMasked:
    """``mask=`` chooses the flags that make the mask, and changes no other flag."""

    @pytest.fixture
    def rates(self, planted):
        return planted[0]

    @pytest.fixture
    def without_sample(self, planted):
        """Pixels that have no usable sample at all, or none for another reason than saturation."""
        pixels = np.zeros(SHAPE, bool)
        for kind in ("very hot", "masked", "dead"):
            pixels.flat[planted[1][kind]] = True
        return pixels

    def test_the_default(self, rates):
        for some, names in ((rates, ("NONLINEAR", "TELEGRAPH", "SATURATED")), (rates[:1], ["HOT", "TELEGRAPH"])):
            plain, chosen = hot_pixel_mask(*some), hot_pixel_mask(*some, mask=names)
            np.testing.assert_array_equal(chosen.data, plain.data)
            np.testing.assert_array_equal(chosen.mask, plain.mask)
            assert "DKMASKBY" not in plain.meta
            assert chosen.meta["DKMASKBY"] == sum(getattr(DARK_FLAGS, name) for name in names)

    @pytest.mark.parametrize("names", ["HOT", "UNRELIABLE_DARK", ("HOT", "NONLINEAR"), ()])
    def test_chosen(self, rates, without_sample, names):
        plain, chosen = hot_pixel_mask(*rates), hot_pixel_mask(*rates, mask=names)
        names = (names,) if isinstance(names, str) else names
        bits = sum(getattr(DARK_FLAGS, name) for name in names)
        np.testing.assert_array_equal(chosen.data >> 1, plain.data >> 1)
        np.testing.assert_array_equal(chosen.mask, (plain.data & bits > 0) | without_sample)
        np.testing.assert_array_equal(chosen.mask, chosen.data & 1 == 1)
        assert chosen.meta["NMASKED"] == chosen.mask.sum()
        np.testing.assert_array_equal(ccdproc.bitfield_to_boolean_mask(chosen, ignore_bits="~1"), chosen.mask)

    def test_of_amplifiers(self):
        """Each has the flags that were chosen."""
        camera = {"gain": 1.5 * u.electron / u.adu, "read_noise": 10 * u.electron, "bias": 1000 * u.adu}
        darks = [
            simulate_dark((40, 60), exposure=1000 * u.s, rng=seed, hot_fraction=0.02, **camera) for seed in range(5)
        ]
        rate = dark_rate(darks, bias=1000 * u.adu, amplifiers=["[1:30, :]", "[31:60, :]"])
        assert hot_pixel_mask(rate).mask.sum() > 20
        assert hot_pixel_mask(rate, mask="TELEGRAPH").mask.sum() == 0

    def test_no_flag(self, rates):
        with pytest.raises(
            ValueError, match=r"mask must name flags among .*, got 'DO_NOT_USE': it tells what is masked"
        ):
            hot_pixel_mask(*rates, mask=["DO_NOT_USE"])
        with pytest.raises(TypeError, match="mask must be the name of a flag, or a sequence of names"):
            hot_pixel_mask(*rates, mask=np.zeros((3, 3), bool))

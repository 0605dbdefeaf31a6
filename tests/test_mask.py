"""What hot_pixel_mask finds of what was planted."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, bitfield_to_boolean_mask
from astropy.table import QTable
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import DARK_FLAGS, ProportionalityLimit, dark_rate, hot_pixel_mask, simulate_dark

from .helpers import ELECTRON_PER_SECOND, assert_same_image, dark, master_bias, mean_dark, rate_image
from .strategies import seeds

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
    assert at["UNRELIABLE_DARK"]["masked"] == 1

    good = np.ones(SHAPE, bool)
    good.flat[np.concatenate(list(kinds.values()))] = False
    assert has(flags, "HOT")[good].sum() <= 6
    assert has(flags, "NONLINEAR")[good].sum() <= 6
    assert not has(flags, "SATURATED")[good].any()
    # Noise of 0.02 electron/s hides a tenth of 0.05.
    assert has(flags, "UNRELIABLE_DARK")[good].mean() > 0.99
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
        whole = ccdproc.bitfield_to_boolean_mask(flags)
        np.testing.assert_array_equal(whole, flags.data != 0)
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
        with pytest.warns(UserWarning, match=r"^darks\[0\] is combined, but nothing tells"):
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


def test_nothing_usable():
    rates = [rate_image(np.full((2, 2), np.nan), time) for time in (10.0, 100.0)]
    for flags in (hot_pixel_mask(*rates), hot_pixel_mask(rates[0])):
        assert flags.mask.all()
        assert flags.meta["NHOT"] == 0


def test_large_images_are_cut_in_blocks(monkeypatch, planted):
    rates, _ = planted
    whole = hot_pixel_mask(*rates)
    monkeypatch.setattr("ccdproc_darks.blocks._SAMPLES_PER_BLOCK", 10000)
    assert_same_image(hot_pixel_mask(*rates), whole)


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

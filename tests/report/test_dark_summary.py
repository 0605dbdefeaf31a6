"""Numbers of a sensor, against its truth."""

import pickle
from itertools import chain

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable

from ccdproc_darks import (
    DARK_FLAGS,
    NONLINEAR_KINDS,
    Amplifier,
    DarkSequence,
    Sensor,
    dark_rate,
    dark_summary,
    hot_pixel_mask,
    master_bias,
    nonlinear_kind,
    proportionality_limit,
)
from ccdproc_darks.rates.typical_rate import disagreement, typical_rate
from ccdproc_darks.simulation import DepletionEdgePixels, HotPixels, OffsetPixels

from ..helpers import rate_image

RATE = u.electron / u.s
BIAS = 1000 * u.adu
TIMES = (60, 200, 900)


def frames(sensor, times, number=10):
    every = list(DarkSequence(sensor, [(number, seconds * u.s) for seconds in times], rng=1))
    return [every[first : first + number] for first in range(0, len(every), number)]


def value(summary, quantity, column="rate"):
    found = summary.loc[quantity][column]
    return found.unmasked.value if isinstance(found, u.Quantity) and hasattr(found, "unmasked") else found


def is_masked(summary, quantity, column="rate"):
    return bool(summary[column].mask[list(summary["quantity"]).index(quantity)])


@pytest.fixture(scope="module")
def sensor():
    """Half of the scatter in short exposures is noise; all pixels are proportional."""
    hot = HotPixels(fraction=0.01, above=1 * RATE, maximum=50 * RATE)
    return Sensor(shape=(150, 160), rate=0.1 * RATE, dsnu=0.02 * RATE, gain=1.5 * u.electron / u.adu, seed=5,
                  read_noise=5 * u.electron, bias=BIAS, defects=[hot])  # fmt: skip


@pytest.fixture(scope="module")
def darks(sensor):
    return frames(sensor, TIMES)


@pytest.fixture(scope="module")
def rates(darks):
    return [dark_rate(equal, bias=BIAS) for equal in darks]


@pytest.fixture(scope="module")
def summary(rates, darks):
    return dark_summary(*rates, frames=list(chain(*darks)), bias=BIAS)


@pytest.fixture(scope="module")
def truth(sensor):
    return sensor.true_rate().data


def test_typical_rates(summary, truth):
    for name in ("typical rate", *(f"typical rate, {seconds} s" for seconds in TIMES)):
        assert value(summary, name) == pytest.approx(np.median(truth), abs=4 * value(summary, name, "error"))
        assert 0 < value(summary, name, "error") < 0.01
    assert value(summary, "typical rate", "error") < value(summary, "typical rate, 60 s", "error")


def test_rates_from_the_mean_and_from_the_variance(summary, truth):
    error = value(summary, "mean rate", "error")
    assert value(summary, "mean rate") == pytest.approx(truth.mean(), abs=4 * error)
    assert error < 0.001 * truth.mean()
    error = value(summary, "rate from the variance", "error")
    assert value(summary, "rate from the variance") == pytest.approx(0.1, abs=4 * error)
    assert error < 0.01
    symbols = dict(zip(summary["quantity"], summary["emva_1288"], strict=True))
    assert symbols["mean rate"] == "mu_I.mean"
    assert symbols["rate from the variance"] == "mu_I.var"


@pytest.mark.parametrize("exposures", [slice(0, 1), slice(1, 2), slice(2, 3), slice(0, 3)])
def test_nonuniformity_without_the_noise(rates, truth, exposures):
    """Of the shortest exposure, noise doubles the variance; of the longest, it is a fiftieth."""
    some = rates[exposures]
    found = dark_summary(*some)
    error = value(found, "DSNU", "error")
    assert value(found, "DSNU") == pytest.approx(truth.std(), abs=4 * error)
    assert error < 0.003 * truth.std()
    good = truth < 0.5
    assert value(found, "DSNU of typical pixels") == pytest.approx(truth[good].std(), rel=0.05)
    if exposures == slice(0, 1):
        assert rates[0].data[good].std() > 1.3 * truth[good].std()


@pytest.mark.parametrize("dsnu", [0.0, 0.004, 0.02])
def test_nonuniformity_of_a_sensor_without_hot_pixels(dsnu):
    """It is right within its own error, also where it is far below the noise (0.027 electron/s), or zero."""
    sensor = Sensor(shape=(200, 200), rate=0.1 * RATE, dsnu=dsnu * RATE, read_noise=5 * u.electron, bias=BIAS)
    found = dark_summary(dark_rate(frames(sensor, [60])[0], bias=BIAS))
    expected, error = sensor.true_rate().data.std(), value(found, "DSNU", "error")
    if dsnu == 0.02:
        assert value(found, "DSNU") == pytest.approx(expected, abs=3 * error)
        assert error < 0.02 * expected
    else:
        assert value(found, "DSNU") < expected + 3 * max(error, 0.0015)


def test_percentiles(summary, truth):
    for percent in (95, 99.9):
        name = f"{percent} % of pixels"
        assert value(summary, name) == pytest.approx(np.percentile(truth, percent), rel=0.02)
    assert value(summary, "50 % of pixels") == pytest.approx(np.median(truth), rel=0.01)


@pytest.mark.parametrize("above", [1, 4, 10])
def test_hot_pixels(summary, truth, above):
    name = f"above {above} electron/s"
    assert value(summary, name) == above
    assert value(summary, name, "pixels") == pytest.approx(np.count_nonzero(truth > above), abs=2)
    assert value(summary, name, "fraction") == pytest.approx(100 * value(summary, name, "pixels") / truth.size)


def test_flags_are_those_of_the_mask(summary, rates):
    mask = hot_pixel_mask(*rates)
    assert value(summary, "hot") == mask.meta["DKTHRESH"]
    for name, flag in {"hot": "HOT", "saturated": "SATURATED", "not proportional": "NONLINEAR", "masked": "DO_NOT_USE",
                       "hot, not testable": "UNRELIABLE_DARK"}.items():  # fmt: skip
        assert value(summary, name, "pixels") == np.count_nonzero(mask.data & DARK_FLAGS[flag])
    assert value(summary, "not hot, not testable", "pixels") == mask.meta["NNOTEST"]
    assert value(summary, "typical rate") == mask.meta["DKTYPIC"]
    # The two exposure times may disagree by more than their errors: both errors are then too small.
    factor = disagreement([typical_rate(rate) for rate in rates])
    assert value(summary, "typical rate", "error") == pytest.approx(mask.meta["DKTYPERR"] * factor)
    assert "telegraph" not in summary["quantity"]


def test_proportional_sensor_has_no_limit(summary, rates):
    limit = proportionality_limit(*rates)
    assert value(summary, "proportionality limit") == np.inf
    assert value(summary, "recommended cut") == limit.interval[0].value
    assert summary.meta["limit_interval_electron_per_s"] == limit.interval.value.tolist()
    assert "no limit found" in summary.loc["proportionality limit"]["meaning"]


def test_what_is_given_is_taken(rates, darks):
    mask = hot_pixel_mask(*rates, threshold=3 * RATE)
    found = dark_summary(*rates, mask=mask, kinds=nonlinear_kind(*rates, mask=mask),
                         limit=proportionality_limit(*rates, tolerance=0.3))  # fmt: skip
    assert value(found, "hot") == 3
    assert value(found, "hot", "pixels") == mask.meta["NHOT"] == value(found, "hot", "pixels")
    assert "within 30 %" in found.loc["proportionality limit"]["meaning"]
    assert value(found, "typical rate") == pytest.approx(0.098, abs=0.001)


@pytest.fixture(scope="module")
def bent_rates():
    """Of a sensor whose pixels are not all proportional."""
    hot = HotPixels(fraction=0.1, above=0.5 * RATE, maximum=60 * RATE)
    defects = (
        hot,
        DepletionEdgePixels(charge=[1e4, 6e4] * u.electron),
        OffsetPixels(fraction=0.001, offset=900 * u.electron),
    )
    sensor = Sensor(shape=(120, 120), rate=0.01 * RATE, gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron,
                  bias=BIAS, defects=defects)  # fmt: skip
    return [dark_rate(equal, bias=BIAS) for equal in frames(sensor, (30, 90, 300, 1000))]


def test_limit_and_cut(bent_rates):
    limit, found = proportionality_limit(*bent_rates), dark_summary(*bent_rates)
    assert value(found, "proportionality limit") == limit.limit.value
    assert value(found, "recommended cut") == limit.interval[0].value
    assert value(found, "recommended cut", "pixels") >= value(found, "proportionality limit", "pixels") > 10
    assert f"{limit.interval[0].value:.3g} to" in found.loc["proportionality limit"]["meaning"]


def test_kinds(bent_rates):
    found = dark_summary(*bent_rates)
    kinds = nonlinear_kind(*bent_rates)
    for kind in NONLINEAR_KINDS:
        name = f"kind: {kind.name.lower().replace('_', ' ')}"
        if kind != NONLINEAR_KINDS.PROPORTIONAL:
            assert value(found, name, "pixels") == np.count_nonzero(kinds.data == kind)
    assert value(found, "kind: bends", "pixels") > 30
    numbers = [row["pixels"] for row in found if row["quantity"].startswith("kind: ")]
    assert sum(numbers) == value(found, "not proportional", "pixels")


def test_two_exposure_times_tell_no_kinds(bent_rates):
    names = dark_summary(*bent_rates[1:3])["quantity"]
    assert not [name for name in names if name.startswith("kind: ")]
    assert "proportionality limit" in names


def test_a_single_rate(rates, truth):
    found = dark_summary(rates[-1])
    assert value(found, "typical rate") == pytest.approx(np.median(truth), rel=0.01)
    for name in ("not proportional", "hot, not testable", "not hot, not testable"):
        assert is_masked(found, name, "pixels")
        assert "two exposure times" in found.loc[name]["meaning"]
    assert is_masked(found, "proportionality limit")
    assert value(found, "recommended cut") == value(found, "hot")
    assert is_masked(found, "rate from the variance")
    assert "frames=" in found.loc["rate from the variance"]["meaning"]
    assert found.meta["exposures_s"] == [900.0]
    assert found.meta["frames"] == [10]


def test_one_rate_of_all_exposure_times_with_their_mask(rates, darks):
    mask = hot_pixel_mask(*rates)
    found = dark_summary(dark_rate(list(chain(*darks)), bias=BIAS), mask=mask)
    assert value(found, "typical rate") == mask.meta["DKTYPIC"]
    assert value(found, "hot", "pixels") == mask.meta["NHOT"]
    assert value(found, "not hot, not testable", "pixels") == mask.meta["NNOTEST"]


def test_saturated_pixels_count_with_their_lower_limit():
    values = np.full((20, 20), 0.5)
    values[3, 4] = 50.0
    rate = rate_image(values, 1000.0, saturation=20000 * u.electron)
    found = dark_summary(rate, mask=hot_pixel_mask(rate, threshold=2 * RATE))
    assert found.meta["pixels"] == 400
    assert [value(found, f"above {above} electron/s", "pixels") for above in (4, 10)] == [1, 1]
    assert value(found, "saturated", "pixels") == 1
    assert value(found, "mean rate") == pytest.approx(0.5)


def test_no_pixel_can_be_used():
    rate = rate_image(np.full((20, 20), 50.0), 1000.0, saturation=20000 * u.electron)
    found = dark_summary(rate, mask=hot_pixel_mask(rate_image(np.ones((20, 20)), 90.0), threshold=2 * RATE))
    assert value(found, "saturated", "pixels") == found.meta["pixels"] == 400
    for name in ("typical rate", "mean rate", "DSNU"):
        assert is_masked(found, name)
    assert value(found, "50 % of pixels") == pytest.approx(20.0)


def test_optical_black_that_the_camera_subtracts(sensor, darks):
    """The level tells nothing of the typical rate, and the variance tells it."""
    ordinary = Sensor(shape=(150, 160), rate=0.1 * RATE, gain=1.5 * u.electron / u.adu, read_noise=5 * u.electron,
                      bias=BIAS)  # fmt: skip
    found = []
    for equal in frames(ordinary, (0, 900)):
        for frame in equal:
            frame.data = (frame.data + 1000 - np.median(frame.data)).astype("uint16")
            frame.meta["EXPTIME"] = float(frame.meta["EXPTIME"])
        found.append(equal)
    biases, subtracted = found
    rate = dark_rate(subtracted, bias=master_bias(biases), optical_black=0 * RATE)
    table = dark_summary(rate, frames=subtracted, bias=biases)
    assert value(table, "typical rate") == pytest.approx(0, abs=0.005)
    error = value(table, "rate from the variance", "error")
    assert value(table, "rate from the variance") == pytest.approx(0.1, abs=4 * error)
    assert error < 0.01


def test_frames_that_cannot_tell(rates, darks):
    found = dark_summary(rates[-1], frames=darks[-1], bias=BIAS)
    assert is_masked(found, "rate from the variance")
    assert "two exposure times" in found.loc["rate from the variance"]["meaning"]


def test_amplifiers(darks, rates, truth):
    halves = [Amplifier("[1:80, :]", read_noise=5 * u.electron), Amplifier("[81:160, :]", read_noise=5 * u.electron)]
    two = [dark_rate(equal, bias=BIAS, amplifiers=halves) for equal in darks]
    found, expected = dark_summary(*two), dark_summary(*rates)
    for name in ("typical rate", "mean rate", "DSNU", "DSNU of typical pixels"):
        assert value(found, name) == pytest.approx(value(expected, name), rel=0.02)
    assert found.meta["pixels"] == truth.size
    assert value(found, "above 1 electron/s", "pixels") == value(expected, "above 1 electron/s", "pixels")


def test_written_and_read_back(summary, tmp_path):
    summary.write(tmp_path / "summary.ecsv")
    read = QTable.read(tmp_path / "summary.ecsv")
    assert read["rate"].unit == RATE
    assert read["fraction"].unit == u.percent
    assert read["pixels"].dtype.kind == "i"
    for name in summary.colnames:
        assert np.array_equal(getattr(read[name], "mask", False), getattr(summary[name], "mask", False))
    read.add_index("quantity")
    assert value(read, "DSNU") == value(summary, "DSNU")
    assert dict(read.meta) == summary.meta


def test_fractions_are_of_all_pixels(rates):
    """Two thirds of the sensor have no rate."""
    parts = [rate.copy() for rate in rates[1:]]
    for rate in parts:
        rate.mask = np.zeros(rate.shape, bool) if rate.mask is None else rate.mask.copy()
        rate.mask[:100] = True
        rate.data[:100] = rate.uncertainty.array[:100] = np.nan
    found = dark_summary(*parts)
    for name in ("masked", "hot", "not hot, not testable", "above 1 electron/s"):
        assert value(found, name, "fraction") == pytest.approx(100 * value(found, name, "pixels") / 24000)
    assert 66 < value(found, "masked", "fraction") < 67
    assert found.meta["pixels"] == 8000


def test_rates_of_another_unit(rates):
    in_hours = [rate.convert_unit_to(u.electron / u.hour) for rate in rates[1:]]
    found, expected = dark_summary(*in_hours), dark_summary(*rates[1:])
    for column in ("rate", "error"):
        np.testing.assert_allclose(
            found[column].filled(0).to_value(RATE), expected[column].filled(0).to_value(RATE), rtol=1e-3
        )


def test_rates_are_not_changed(rates):
    before = pickle.dumps([(rate.data, rate.mask, dict(rate.meta)) for rate in rates])
    dark_summary(*rates)
    assert pickle.dumps([(rate.data, rate.mask, dict(rate.meta)) for rate in rates]) == before


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"limit": 3 * RATE}, TypeError, "limit must be a result of proportionality_limit, got Quantity"),
        ({"bias": BIAS}, ValueError, "bias is that of frames"),
        ({"mask": np.zeros((150, 160), bool)}, TypeError, "mask must be CCDData"),
        ({"kinds": np.zeros((150, 160))}, TypeError, "kinds must be CCDData, a result of nonlinear_kind, got ndarray"),
        ({"kinds": CCDData(np.zeros((150, 160)), unit="")}, ValueError, "kinds must be a result of nonlinear_kind"),
        ({"frames": CCDData(np.zeros((3, 4)), unit="adu")}, ValueError, r"shape of the rates, \(150, 160\); frames.*"),
    ],
)
def test_refused(rates, options, error, message):
    with pytest.raises(error, match=message):
        dark_summary(*rates[:2], **options)


def test_refused_shapes(rates):
    small = hot_pixel_mask(rate_image(np.ones((5, 6)), 90.0), threshold=1 * RATE)
    with pytest.raises(ValueError, match=r"mask must have the shape of the rates, \(150, 160\), got \(5, 6\)"):
        dark_summary(rates[0], mask=small)
    with pytest.raises(ValueError, match="at least one rate is needed"):
        dark_summary()

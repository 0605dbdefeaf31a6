"""World coordinate systems: as astropy reads them, and without changing the warning filters of other threads."""

import copy
import threading
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.wcs import WCS

from ccdproc_darks import (
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    repeatability,
)
from ccdproc_darks._interface import world_coordinates
from ccdproc_darks._interface.world_coordinates import completed_dates, copied_wcs, cut_wcs, take_wcs

from ..helpers import dark

SHAPE = (12, 20)
CELESTIAL = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 20.0, "CRPIX1": 5.0, "CRPIX2": 6.0,
    "CDELT1": -1e-4, "CDELT2": 1e-4, "CUNIT1": "deg", "CUNIT2": "deg",
}  # fmt: skip
SIP = {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-6, "B_0_2": 2e-6, "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"}
USUAL = [
    {}, SIP, {"DATE-OBS": "2019-09-06T19:45:51"}, {"DATE-OBS": "06/09/19"}, {"EQUINOX": 2000.0, "RADESYS": "FK5"},
    {"CROTA2": 3.0}, {"LONPOLE": 180.0, "WCSAXES": 2, "EPOCH": 1950.0}, {"CUNIT1": "degrees"},
    {"CD1_1": 1e-4, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 1e-4},
]  # fmt: skip
UNUSUAL = [
    {"RADECSYS": "FK5"}, {"PV1_1": 1.0, "PV1_5": 2.0, **SIP}, {"CRPIX1": "abc"}, {"EQUINOX": "J2000"}, {"PV2_1": 1.0},
    {"DATE-OBS": 2019}, {"WCSAXES": 3, "CTYPE3": "FREQ"}, {"CRVAL1": True}, {"CTYPE1": "RA---XXX"},
    {"CTYPE1": "LINEAR"},
]  # fmt: skip


def header(**keys):
    return fits.Header({"SIMPLE": True, "BITPIX": 16, "NAXIS": 2, "NAXIS1": 20, "NAXIS2": 12} | CELESTIAL | keys)


def as_astropy_reads(given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return WCS(given)
        except Exception:
            return None


@contextmanager
def filters_kept():
    """Nothing within it may change the filters, as warnings.catch_warnings does."""

    def catch_warnings(*args, **options):
        raise AssertionError("the filters of all threads are changed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "catch_warnings", catch_warnings)
        yield


@pytest.mark.parametrize("keys", USUAL + UNUSUAL)
def test_as_astropy_reads_it(keys):
    expected, found = as_astropy_reads(header(**keys)), take_wcs(header(**keys))
    assert (found is None) == (expected is None)
    if found is not None:
        assert found.wcs.compare(expected.wcs)
        assert repr(found.to_header(relax=True)) == repr(expected.to_header(relax=True))
        assert (found.sip is None) == (expected.sip is None)


@pytest.mark.parametrize("keys", USUAL)
def test_usual_headers_change_no_filter(keys):
    with filters_kept():
        found = take_wcs(header(**keys))
    assert found is not None


def test_absurd_orders():
    assert take_wcs(header(A_ORDER=10**9)) is None
    assert take_wcs(header(WCSAXES=-1)) is None


def test_keys_are_taken_out():
    given = header(OBJECT="dark")
    take_wcs(given)
    assert set(given) == {"SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "OBJECT"}


@pytest.mark.parametrize("dates", [
    (("DATE-OBS", "2019-09-06T19:45:51"),), (("DATE-OBS", "06/09/19"),), (("DATE-OBS", "nonsense"),),
    (("DATE-OBS", "2019-09-06"), ("MJD-OBS", 12345.0)),
])  # fmt: skip
def test_dates(dates):
    with filters_kept():
        found = completed_dates(dates)
    trial = fits.Header({"NAXIS": 2, "NAXIS1": 1, "NAXIS2": 1})
    trial.update(dates)
    assert found == dict(as_astropy_reads(trial).to_header())


@pytest.mark.parametrize("keys", USUAL)
def test_copy(keys):
    wcs = take_wcs(header(**keys))
    with filters_kept():
        found = copied_wcs(wcs)
    expected = copy.deepcopy(wcs)
    assert set(vars(found)) == set(vars(expected))
    assert found.wcs.compare(expected.wcs)
    assert found.pixel_shape == expected.pixel_shape == (20, 12)
    np.testing.assert_array_equal(found.all_pix2world([[3, 4]], 0), wcs.all_pix2world([[3, 4]], 0))
    found.wcs.crval = [1, 2]
    assert list(wcs.wcs.crval) == list(as_astropy_reads(header(**keys)).wcs.crval)
    assert copied_wcs(None) is None


class Other(WCS):
    """A class of the user's."""


def test_copy_of_another_class():
    other = Other(header())
    assert type(copied_wcs(other)) is Other
    assert copied_wcs(other).wcs is not other.wcs


def frames(seconds=100.0):
    darks = [dark(np.random.default_rng(n).normal(10, 3, SHAPE), seconds, DATE="2019-09-06") for n in range(4)]
    for frame in darks:
        frame.wcs = WCS(header())
    return darks


def results():
    darks = frames()
    rates = [dark_rate(darks), dark_rate(frames(10.0))]
    yield darks, dark_rate(darks)
    biases = frames(0.0)
    yield biases, master_bias(biases)
    yield darks, dark_scatter(darks)
    yield darks, repeatability(darks)
    yield rates, compare_dark_rates(*rates)
    yield rates, hot_pixel_mask(*rates)


def test_results_share_nothing_with_their_input():
    with filters_kept():
        made = list(results())
    for given, result in made:
        result.wcs.wcs.crval = [1, 2]
        assert all(list(image.wcs.wcs.crval) == [10, 20] for image in given)
        result.meta["EGAIN"] = 99.0
        assert all(image.meta["EGAIN"] == 2.0 for image in given)


def test_threads_leave_the_filters_as_they_were(tmp_path):
    paths = []
    for number, frame in enumerate(frames()):
        paths.append(tmp_path / f"{number}.fits")
        frame.write(paths[-1])
    before, failed = list(warnings.filters), []

    def work():
        try:
            for _ in range(10):
                dark_rate(paths, gain=2 * u.electron / u.adu)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert list(warnings.filters) == before


def test_the_lock_is_left(monkeypatch):
    """Also where a header cannot be read."""
    monkeypatch.setattr(world_coordinates, "WCS", None)
    for _ in range(2):
        assert take_wcs(header(RADECSYS="FK5")) is None


@pytest.mark.parametrize("slices", [np.s_[2:10:1, 3:20:1], np.s_[0:12:3, 1:20:2]])
@pytest.mark.parametrize("header", [CELESTIAL, CELESTIAL | SIP])
def test_of_a_part(header, slices):
    """A pixel of the part has the coordinates that it has in the image, and the image keeps its own."""
    wcs = WCS(fits.Header({"NAXIS": 2, "NAXIS1": 20, "NAXIS2": 12} | header))
    before = wcs.wcs.crpix.tolist()
    part = cut_wcs(wcs, slices)
    row, column = (one.start + 2 * one.step for one in slices)
    if slices[0].step == 1:
        assert part.pixel_to_world(2, 2).separation(wcs.pixel_to_world(column, row)).arcsec < 1e-6
    assert part.wcs.crpix.tolist() == wcs[slices].wcs.crpix.tolist()
    assert wcs.wcs.crpix.tolist() == before


def test_of_no_part():
    assert cut_wcs(None, np.s_[0:2:1, 0:3:1]) is None
    wcs = WCS(fits.Header({"NAXIS": 2, "NAXIS1": 20, "NAXIS2": 12} | CELESTIAL))
    assert cut_wcs(wcs, np.s_[10:2:-1, 0:3:1]) is None

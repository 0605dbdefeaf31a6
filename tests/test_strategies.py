"""The generators make what they promise, and reach the awkward cases."""

import itertools
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from ccdproc_darks import simulate_dark
from ccdproc_darks.frames.file_frame import FileFrame

from . import strategies
from .helpers import full_mask

# The first that is found will do, not the simplest.
QUICK = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])


def reaches(strategy, *conditions):
    """Each of the conditions holds for some example."""
    unmet = dict(enumerate(conditions))

    def look(example):
        for number in [number for number, condition in unmet.items() if condition(example)]:
            del unmet[number]
        return not unmet

    find(strategy, look, settings=QUICK)


@given(st.data())
def test_frame_sets(data):
    number = data.draw(st.integers(1, 3))
    frames = data.draw(strategies.frame_sets(exposure_times=number))
    assert len({frame.meta["EXPTIME"] for frame in frames}) == number
    assert len({frame.shape for frame in frames}) == 1
    assert len({(frame.meta["EGAIN"], frame.meta["RDNOISE"]) for frame in frames}) == 1
    times = sorted({frame.meta["EXPTIME"] for frame in frames})
    assert all(b / a > 1.1 for a, b in itertools.pairwise(times))
    assert len({frame.uncertainty is None for frame in frames}) == 1


def test_frame_sets_reach_the_awkward_cases():
    reaches(
        strategies.frame_sets(max_frames=2),
        lambda frames: any(np.isnan(frame.data).any() for frame in frames),
        lambda frames: any(frame.mask is not None and frame.mask.any() for frame in frames),
        lambda frames: frames[0].uncertainty is not None,
        lambda frames: frames[0].shape == (1, 1),
    )


@given(strategies.images((2, 3), -5, 10))
def test_images(image):
    assert image.shape == (2, 3)
    assert image.min() >= -5
    assert image.max() <= 10


class TestHeaders:
    @given(strategies.headers())
    def test_numbers_are_numbers_whatever_their_type(self, header):
        for key in ("EXPTIME", "EXPOSURE", "EGAIN", "RDNOISE", "SATURATE", "CCD-TEMP", "NCOMBINE"):
            if key in header:
                assert np.isfinite(float(header[key]))
        assert {"EXPTIME", "EXPOSURE"} & set(header)
        assert float(header.get("EXPTIME", header.get("EXPOSURE"))) == float(
            header.get("EXPOSURE", header.get("EXPTIME"))
        )

    @given(strategies.headers())
    def test_a_header_of_fits_is_written_and_read_without_a_warning(self, header):
        if not isinstance(header, fits.Header):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            back = fits.Header.fromstring(header.tostring())
        assert [(card.keyword, card.value) for card in back.cards] == [
            (card.keyword, fits.Card.fromstring(card.image).value) for card in header.cards
        ]

    def test_reach_the_awkward_cases(self):
        reaches(
            strategies.headers(),
            lambda header: isinstance(header, dict),
            lambda header: isinstance(header, dict) and any(isinstance(value, list) for value in header.values()),
            lambda header: isinstance(header.get("EXPTIME"), int),
            lambda header: isinstance(header.get("EXPOSURE"), str) and "EXPTIME" not in header,
            lambda header: type(header["EGAIN"]) is np.float64,
            lambda header: "RDNOISE" not in header,
            lambda header: float(header.get("CCD-TEMP", 0)) < -30,
            lambda header: isinstance(header, fits.Header) and "HISTORY" in header,
            lambda header: any(len(key) > 8 for key in header),
            lambda header: any(isinstance(value, str) and len(value) > 68 for value in header.values()),
            lambda header: any(value is None for value in header.values()),
            lambda header: isinstance(header, fits.Header) and any(card.comment for card in header.cards),
        )


class TestFrames:
    @given(strategies.frames())
    def test_frames(self, frame):
        assert frame.data.ndim == 2
        assert frame.unit.to_string() in ("adu", "electron")
        assert frame.mask is None or frame.mask.shape == frame.shape
        if frame.uncertainty is not None:
            kind = frame.uncertainty.uncertainty_type
            expected = {"std": 10.0, "var": 100.0, "ivar": 0.01}[kind]
            np.testing.assert_allclose(frame.uncertainty.array, expected)

    def test_reach_the_awkward_cases(self):
        names = map("".join, itertools.product("<>", ["u2", "i2", "i4", "f4", "f8"]))
        reaches(
            strategies.frames(),
            *(lambda frame, name=name: frame.data.dtype == np.dtype(name) for name in names),
            *(
                lambda frame, kind=kind: getattr(frame.uncertainty, "uncertainty_type", None) == kind
                for kind in ("std", "var", "ivar")
            ),
            lambda frame: np.isnan(frame.data).any(),
            lambda frame: frame.data.dtype.kind == "u" and (frame.data == 65535).any(),
            lambda frame: frame.mask is not None and frame.mask.any() and not frame.mask.all(),
            lambda frame: frame.wcs is not None,
            lambda frame: frame.unit.to_string() == "electron",
            lambda frame: 1 in frame.shape,
        )


class TestFiles:
    @pytest.mark.parametrize("form", strategies.FORMS)
    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
    def test_a_file_holds_what_was_written(self, tmp_path, form, data):
        whole = strategies.frames(style=strategies.CardStyle()).filter(
            lambda frame: form not in ("scaled", "blank") or frame.data.dtype.name in ("int16", "uint16")
        )
        frame = data.draw(whole.filter(lambda frame: form != "blank" or frame.data.dtype.name == "int16"))
        stored = strategies.write_frame(frame, tmp_path / f"{len(list(tmp_path.iterdir())):04d}", form)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # By itself astropy takes the mask for the frame where that is compressed.
            read = CCDData.read(stored.path, hdu=int(form in ("extension", "fz")))
        np.testing.assert_array_equal(read.data, stored.values)
        np.testing.assert_array_equal(full_mask(read), full_mask(frame))
        ours = FileFrame(stored.path)
        np.testing.assert_array_equal(ours.rows(slice(None)).values, stored.values)
        assert ours.has_deviation == (frame.uncertainty is not None)

    def test_reach_all_forms(self, tmp_path):
        reaches(
            strategies.stored_frames(tmp_path),
            *(lambda stored, form=form: stored.form == form for form in strategies.FORMS),
        )


class TestSensors:
    @given(strategies.sensors(), strategies.seeds)
    def test_sensors_give_frames(self, sensor, seed):
        frame = simulate_dark(sensor, exposure=100 * u.s, rng=seed)
        assert frame.shape == sensor.shape
        assert frame.data.max() <= 65535

    def test_reach_all_parts(self):
        parts = ("glow", "full_well", "linearity_limit", "cosmic_rays", "temperature", "temperature_model")
        numbers = ("dsnu", "read_noise_spread", "column_pattern", "bias_drift")
        reaches(
            strategies.sensors(),
            *(lambda sensor, part=part: getattr(sensor, part) is None for part in parts),
            *(lambda sensor, part=part: getattr(sensor, part) is not None for part in parts),
            *(lambda sensor, part=part: getattr(sensor, part) == 0 for part in numbers),
            *(lambda sensor, part=part: getattr(sensor, part) > 0 for part in numbers),
            lambda sensor: len({type(defect) for defect in sensor.defects}) >= 3,
        )


class TestNights:
    @given(strategies.nights())
    def test_frames_belong_together_and_are_not_equal(self, night):
        frames = [*night.biases, *night.darks, night.light]
        assert len({frame.shape for frame in frames}) == 1
        assert len({frame.data.dtype.newbyteorder("=") for frame in frames}) == 1
        for key in ("EGAIN", "RDNOISE", "SATURATE", "CCD-TEMP", "INSTRUME", "XBINNING"):
            assert len({frame.meta.get(key) for frame in frames}) == 1
        for first, second in itertools.combinations(frames, 2):
            assert not np.array_equal(first.data, second.data)

    @given(strategies.nights(steady=True))
    def test_steady_sensors(self, night):
        assert night.sensor.bias_drift == 0
        assert night.sensor.read_noise_spread == 0
        assert night.sensor.glow is None

    def test_reach_the_awkward_cases(self):
        reaches(
            strategies.nights(max_frames=3),
            lambda night: len({float(dark.meta.get("EXPTIME", 0)) for dark in night.darks}) == 3,
            lambda night: len(night.darks) == 1,
            lambda night: any((dark.data >= float(dark.meta.get("SATURATE", np.inf))).any() for dark in night.darks),
            lambda night: any(np.isnan(dark.data).any() for dark in night.darks),
            lambda night: np.all([full_mask(dark) for dark in night.darks], axis=0).any(),
            lambda night: any(not dark.data.dtype.isnative for dark in night.darks),
            lambda night: night.darks[0].uncertainty is not None,
            lambda night: "RDNOISE" not in night.darks[0].meta,
            lambda night: isinstance(night.darks[0].meta, dict),
        )


@pytest.mark.filterwarnings("ignore::ccdproc_darks.NoUsablePixelWarning")  # of images of a few pixels
class TestRates:
    @given(strategies.rate_sets())
    def test_rates_are_of_different_exposures_and_have_an_uncertainty(self, rates):
        times = [rate.meta["DKEXPMAX"] for rate in rates]
        assert times == sorted(set(times))
        assert all(rate.uncertainty is not None for rate in rates)

    def test_reach_the_awkward_cases(self):
        reaches(
            strategies.rate_sets(),
            lambda rates: len(rates) == 3,
            lambda rates: any(rate.mask.any() for rate in rates),
            lambda rates: any((rate.data < 0).any() for rate in rates),
        )

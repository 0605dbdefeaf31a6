"""Parameters of sensors and defects in other words, and those that make no sense."""

import dataclasses

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import Sensor, simulate_dark
from ccdproc_darks.simulation import (
    AmplifierGlow,
    CosmicRays,
    DepletionEdgePixels,
    HotPixels,
    LowFullWellPixels,
    NoisyPixels,
    OffsetPixels,
    TelegraphPixels,
    TelegraphReadNoise,
)
from ccdproc_darks.temperature import DoublingDarkCurrent

from ..helpers import ELECTRON_PER_SECOND

HOT = HotPixels(fraction=0.01, above=1 * ELECTRON_PER_SECOND, maximum=1000 * ELECTRON_PER_SECOND)
TELEGRAPH = {"dwell_low": 10 * u.s, "dwell_high": 30 * u.s}


def sensor(**options):
    return Sensor(**{"shape": (300, 400), **options})


def test_ranges_and_fractions_in_other_words():
    first = DepletionEdgePixels(charge=(100 * u.electron, 200 * u.electron), share=[0.1, 0.5], fraction=50 * u.percent)
    second = DepletionEdgePixels(charge=[100, 200] * u.electron, share=(0.1, 0.5), fraction=0.5)
    options = {"exposure": 100 * u.s}
    np.testing.assert_array_equal(
        sensor(defects=[first]).true_rate(**options).data, sensor(defects=[second]).true_rate(**options).data
    )


class TestBadParameters:
    """Each is a clear error, that names the parameter."""

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            (
                {"rate": -1 * ELECTRON_PER_SECOND},
                ValueError,
                r"^rate must be zero or positive .* got -1.0 electron / s",
            ),
            ({"rate": np.nan * ELECTRON_PER_SECOND}, ValueError, r"^rate must be finite, got nan electron / s"),
            ({"rate": 0.01}, TypeError, r"^rate must be a Quantity in electron / s, got 0.01 without a unit"),
            ({"rate": 3 * u.adu}, u.UnitsError, r"^rate must be a Quantity in electron / s, got 3.0 adu"),
            ({"dsnu": -1 * ELECTRON_PER_SECOND}, ValueError, r"^dsnu must be zero or positive"),
            (
                {"rate": 0 * ELECTRON_PER_SECOND, "dsnu": 1 * ELECTRON_PER_SECOND},
                ValueError,
                r"^dsnu must be 0 where the rate is, got 1.0 electron / s",
            ),
            ({"shape": (0, 5)}, ValueError, r"^shape must be two positive whole numbers .* got \(0, 5\)"),
            ({"shape": (2.5, 5)}, ValueError, r"^shape must be two positive whole numbers .* got \(2.5, 5\)"),
            ({"shape": None}, TypeError, r"^shape must be given as \(rows, columns\)"),
            ({"shape": 5}, TypeError, r"^shape must be \(rows, columns\), got 5"),
            ({"seed": -1}, ValueError, r"^seed must not be negative, got -1"),
            ({"seed": 1.5}, TypeError, r"^seed must be a whole number, got 1.5"),
            ({"defects": ["hot"]}, TypeError, r"^defects must be a list of HotPixels, .* got 'hot' in it"),
            ({"defects": [HotPixels]}, TypeError, r"^defects must be a list of HotPixels, .* got <class .* in it"),
            ({"defects": HOT}, TypeError, r"^defects must be a list of HotPixels, .* got HotPixels\("),
            ({"defects": None}, TypeError, r"^defects must be a list of HotPixels, .* got None"),
            ({"name": "Kühler"}, ValueError, r"^name must be plain ASCII text, .* got 'Kühler'"),
            ({"name": 5}, ValueError, r"^name must be plain ASCII text, .* got 5"),
            ({"glow": 3}, TypeError, r"^glow must be None or a AmplifierGlow, got 3"),
            ({"gain": 0 * u.electron / u.adu}, ValueError, r"^gain must be positive"),
            ({"read_noise": -1 * u.electron}, ValueError, r"^read_noise must be zero or positive"),
            ({"read_noise_spread": -1}, ValueError, r"^read_noise_spread must be from 0 to 5, got -1"),
            ({"row_noise": -1 * u.electron}, ValueError, r"^row_noise must be zero or positive"),
            ({"row_noise": 1}, TypeError, r"^row_noise must be a Quantity in electron, got 1 without a unit"),
            ({"column_noise": 1 * u.adu}, u.UnitsError, r"^column_noise must be a Quantity in electron, got 1.0 adu"),
            ({"bias": np.inf * u.adu}, ValueError, r"^bias must be finite"),
            ({"column_pattern": 3}, TypeError, r"^column_pattern must be a Quantity in adu"),
            ({"bias_drift": -3 * u.adu}, ValueError, r"^bias_drift must be zero or positive"),
            (
                {"bias": 1000 * u.adu, "full_well": 800 * u.adu},
                ValueError,
                r"^full_well must be above the bias level, got 800.0 adu with a bias of 1000 adu",
            ),
            (
                {"shape": None, "bias": [[100, 1000, 1000]] * u.adu, "full_well": 500 * u.adu},
                ValueError,
                r"^full_well must be above the bias level, got 500.0 adu with a bias of 1000 adu",
            ),
            ({"full_well": 0 * u.electron}, ValueError, r"^full_well must be positive"),
            ({"full_well": np.nan * u.electron}, ValueError, r"^full_well must be finite"),
            (
                {"full_well": 5 * u.electron, "linearity_limit": 6 * u.electron},
                ValueError,
                r"^linearity_limit must be below the full well, got 6 electron with a full well of 5 electron",
            ),
            ({"linearity_limit": 6 * u.electron}, TypeError, r"^full_well must be given .* a linearity_limit"),
            (
                {"bias": 1000 * u.adu, "saturation": 900 * u.adu},
                ValueError,
                r"^saturation must be above the bias level, got 900.0 adu with a bias of 1000 adu",
            ),
            ({"cosmic_rays": CosmicRays()}, TypeError, r"^pixel_size must be given"),
            ({"pixel_size": 0 * u.um}, ValueError, r"^pixel_size must be positive"),
            ({"temperature": -10}, TypeError, r"^temperature must be a Quantity in deg_C or K, got -10"),
            ({"temperature": -300 * u.deg_C}, ValueError, r"^temperature must be positive"),
            ({"temperature_model": DoublingDarkCurrent()}, TypeError, r"^temperature must be given"),
            (
                {"temperature": 0 * u.deg_C, "temperature_model": "hot"},
                TypeError,
                r"^temperature_model must be None or a Model, got 'hot'",
            ),
        ],
    )
    def test_sensor(self, options, error, message):
        with pytest.raises(error, match=message):
            sensor(**options)

    @pytest.mark.parametrize(
        ("make", "error", "message"),
        [
            (lambda: dataclasses.replace(HOT, fraction=1.5), ValueError, r"^HotPixels fraction must be from 0 to 1"),
            (lambda: dataclasses.replace(HOT, fraction=np.nan), ValueError, r"^HotPixels fraction must be from 0 to 1"),
            (lambda: dataclasses.replace(HOT, above=3), TypeError, r"^HotPixels above must be a Quantity in"),
            (
                lambda: dataclasses.replace(HOT, above=5e3 * ELECTRON_PER_SECOND),
                ValueError,
                r"^HotPixels maximum must not be below above=5000.0 electron / s, got 1000.0 electron / s",
            ),
            (lambda: dataclasses.replace(HOT, slope=-1), ValueError, r"^HotPixels slope must be from 0 to 100, got -1"),
            (
                lambda: DepletionEdgePixels(charge=0.5 * u.electron),
                ValueError,
                r"^DepletionEdgePixels charge must be from 1 to 1e\+15 electron, got 0.5 electron",
            ),
            (
                lambda: DepletionEdgePixels(charge=5 * u.electron, share=1.5),
                ValueError,
                r"^DepletionEdgePixels share must be from 0 to 1, got 1.5",
            ),
            (
                lambda: DepletionEdgePixels(charge=5 * u.electron, share=0.5 * u.s),
                TypeError,
                r"^DepletionEdgePixels share must be a plain number, got 0.5 s",
            ),
            (
                lambda: DepletionEdgePixels(charge=5 * u.electron, share=(0.8, 0.5)),
                ValueError,
                r"^DepletionEdgePixels share must have its lowest number first, got \(0.8, 0.5\)",
            ),
            (
                lambda: OffsetPixels(offset=1e20 * u.electron),
                ValueError,
                r"^OffsetPixels offset must be up to 1e\+15 electron, got 1e\+20 electron",
            ),
            (
                lambda: TelegraphPixels(amplitude=1 * ELECTRON_PER_SECOND, dwell_low=1e-9 * u.s, dwell_high=1 * u.s),
                ValueError,
                r"^TelegraphPixels dwell_low must be from 1e-06 to 1e\+15 s, got 1e-09 s",
            ),
            (
                lambda: OffsetPixels(offset=[9, 3] * u.electron),
                ValueError,
                r"^OffsetPixels offset must have its lowest number first, got \[9. 3.\] electron",
            ),
            (
                lambda: OffsetPixels(offset=[1, 2, 3] * u.electron),
                ValueError,
                r"^OffsetPixels offset must be one number or a lowest and a highest, got an array of shape \(3,\)",
            ),
            (lambda: OffsetPixels(offset=0 * u.electron), ValueError, r"^OffsetPixels offset must be positive"),
            (
                lambda: LowFullWellPixels(full_well=-5 * u.electron),
                ValueError,
                r"^LowFullWellPixels full_well must be positive",
            ),
            (
                lambda: TelegraphPixels(amplitude=1 * ELECTRON_PER_SECOND, dwell_low=0 * u.s, dwell_high=1 * u.s),
                ValueError,
                r"^TelegraphPixels dwell_low must be positive",
            ),
            (
                lambda: TelegraphPixels(amplitude=1 * u.electron, **TELEGRAPH),
                u.UnitsError,
                r"^TelegraphPixels amplitude must be a Quantity in electron / s, got 1.0 electron",
            ),
            (
                lambda: OffsetPixels(offset=1 * u.electron, above=-1 * ELECTRON_PER_SECOND),
                ValueError,
                r"^OffsetPixels above must be zero or positive",
            ),
            (
                lambda: AmplifierGlow(rate=1 * ELECTRON_PER_SECOND, scale=0),
                ValueError,
                r"^AmplifierGlow scale must be finite and above 0, got 0",
            ),
            (
                lambda: AmplifierGlow(rate=1 * ELECTRON_PER_SECOND, scale=10, corner="middle"),
                ValueError,
                r"^AmplifierGlow corner must be one of 'lower left', .* got 'middle'",
            ),
            (
                lambda: NoisyPixels(fraction=2, above=3 * u.electron, maximum=9 * u.electron),
                ValueError,
                r"^NoisyPixels fraction must be from 0 to 1, got 2",
            ),
            (
                lambda: NoisyPixels(fraction=0.1, above=30 * u.electron, maximum=9 * u.electron),
                ValueError,
                r"^NoisyPixels maximum must not be below above=30.0 electron, got 9.0 electron",
            ),
            (
                lambda: NoisyPixels(fraction=0.1, above=3 * u.electron, maximum=9 * u.electron, slope=-1),
                ValueError,
                r"^NoisyPixels slope must be from 0 to 100, got -1",
            ),
            (
                lambda: TelegraphReadNoise(fraction=0.1, amplitude=5),
                TypeError,
                r"^TelegraphReadNoise amplitude must be a Quantity in electron, got 5 without a unit",
            ),
            (
                lambda: TelegraphReadNoise(fraction=0.1, amplitude=[9, 3] * u.electron),
                ValueError,
                r"^TelegraphReadNoise amplitude must have its lowest number first, got \[9. 3.\] electron",
            ),
            (
                lambda: TelegraphReadNoise(fraction=0.1, amplitude=5 * u.electron, occupancy=1.5),
                ValueError,
                r"^TelegraphReadNoise occupancy must be from 0 to 1, got 1.5",
            ),
            (
                lambda: TelegraphReadNoise(fraction=0.1, amplitude=5 * u.electron, occupancy=(0.5, 0.1)),
                ValueError,
                r"^TelegraphReadNoise occupancy must have its lowest number first, got \(0.5, 0.1\)",
            ),
            (
                lambda: TelegraphReadNoise(fraction=1, amplitude=5 * u.electron, correlated_double_sampling="no"),
                TypeError,
                r"^TelegraphReadNoise correlated_double_sampling must be True or False, got 'no'",
            ),
            (lambda: CosmicRays(rate=1 / u.s), u.UnitsError, r"^CosmicRays rate must be a Quantity in"),
            (lambda: CosmicRays(depth=-1 * u.um), ValueError, r"^CosmicRays depth must be positive"),
        ],
    )
    def test_defects(self, make, error, message):
        with pytest.raises(error, match=message):
            make()

    def test_temperature_without_a_model(self):
        camera = sensor(temperature=-10 * u.deg_C)
        with pytest.raises(ValueError, match=r"^temperature must be the sensor's own \(-10.0 deg_C\), as it has no"):
            simulate_dark(camera, exposure=1 * u.s, temperature=0 * u.deg_C)

    def test_hot_pixels_colder_than_the_rest(self):
        camera = sensor(rate=2000 * ELECTRON_PER_SECOND, defects=[HOT])
        with pytest.raises(ValueError, match=r"^HotPixels maximum must be above the rate of the sensor \(2000 elec"):
            camera.true_rate()

    @pytest.mark.parametrize("amplitude", [0, -1])
    def test_a_model_that_gives_nothing(self, amplitude):
        model = DoublingDarkCurrent(
            amplitude=amplitude * ELECTRON_PER_SECOND, doubling=6 * u.K, reference_temperature=273.15 * u.K
        )
        camera = sensor(temperature=-10 * u.deg_C, temperature_model=model)
        with pytest.raises(ValueError, match=r"^temperature_model must give a dark current above zero"):
            camera.true_rate(temperature=0 * u.deg_C)

    @pytest.mark.parametrize("value", [0 * u.s, -1 * u.s, np.nan * u.s])
    def test_exposure_of_a_truth(self, value):
        with pytest.raises(ValueError, match=r"^exposure must be"):
            sensor().true_rate(exposure=value)

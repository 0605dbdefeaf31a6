"""Amplifiers: each section of an image is measured with its own gain and read noise; the truth is known."""

import string
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import (
    DARK_FLAGS,
    Amplifier,
    BiasWarning,
    FrameLevelWarning,
    MissingInformationWarning,
    NoiseWarning,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    proportionality_limit,
    repeatability,
)
from ccdproc_darks.rates.amplifiers import _OWN, AmplifierSections

from ..helpers import assert_same_image

GAIN, E = u.electron / u.adu, u.electron
SHAPE = (160, 200)
# Section; its rows and columns; gain, read noise, bias level (adu).
QUADRANTS = [
    ("[1:100, 1:80]", np.s_[:80, :100], 1.5, 4.0, 500),
    ("[101:200, 1:80]", np.s_[:80, 100:], 2.0, 8.0, 560),
    ("[1:100, 81:160]", np.s_[80:, :100], 1.1, 6.0, 480),
    ("[101:200, 81:160]", np.s_[80:, 100:], 3.0, 15.0, 1000),
]
HALVES = [("[1:120, :]", np.s_[:, :120], 0.8, 3.0, 300), ("[200:121, *]", np.s_[:, 120:], 2.4, 11.0, 900)]
CAMERAS = {"quadrants": QUADRANTS, "halves": HALVES}
HOT = 60
KEYS = {"GAIN1": 0.8, "GAIN2": 2.4, "RDNOIS1": 3.0, "RDNOIS2": 11.0, "AMPSEC1": "[1:120,1:160]",
        "AMPSEC2": "[121:200,1:160]"}  # fmt: skip


def true_rate(seed=3, typical=0.05):
    rng = np.random.default_rng(seed)
    rate = np.full(SHAPE, typical)
    rate.flat[rng.choice(rate.size, HOT, replace=False)] = rng.uniform(1.0, 20.0, HOT)
    return rate


def raw(camera, seconds, seed, keys=(), rate=None):
    """A frame of a camera, with keys of its own in the header."""
    rng = np.random.default_rng(seed)
    electrons = rng.poisson((true_rate() if rate is None else rate) * seconds)
    values = np.zeros(SHAPE)
    for _, place, gain, noise, level in camera:
        values[place] = (electrons[place] + rng.normal(0, noise, electrons[place].shape)) / gain + level
    meta = fits.Header({"EXPTIME": float(seconds), "IMAGETYP": "Dark Frame" if seconds else "Bias Frame", **dict(keys)})
    return CCDData(np.clip(np.rint(values), 0, 65535).astype("u2"), unit="adu", meta=meta)


def levels(camera):
    """Noiseless master bias."""
    values = np.zeros(SHAPE)
    for _, place, _, _, level in camera:
        values[place] = level
    return CCDData(values, unit="adu", uncertainty=StdDevUncertainty(np.full(SHAPE, 1e-6)))


def frames(camera, seconds, number, seed, **options):
    return [raw(camera, seconds, [seed, index], **options) for index in range(number)]


def amplifiers(camera):
    return [Amplifier(section, gain * GAIN, noise * E) for section, _, gain, noise, _ in camera]


@pytest.fixture(scope="module", params=CAMERAS)
def measured(request):
    """Camera, bias, and rates of two exposure times."""
    camera = CAMERAS[request.param]
    bias = master_bias(frames(camera, 0, 25, 1), amplifiers=amplifiers(camera))
    darks = {seconds: frames(camera, seconds, 8, seconds) for seconds in (100, 600)}
    rates = [dark_rate(darks[time], bias=bias, amplifiers=amplifiers(camera)) for time in darks]
    return camera, bias, darks, rates


class TestKnownTruth:
    def test_rates_and_uncertainties(self, measured):
        camera, _, _, rates = measured
        for rate in rates:
            for _, place, *_ in camera:
                deviates = (rate.data[place] - true_rate()[place]) / rate.uncertainty.array[place]
                assert abs(deviates.mean()) < 0.1
                assert deviates.std() == pytest.approx(1, abs=0.03)
            assert not rate.mask.any()

    def test_uncertainty_by_its_formula(self, measured):
        camera, _, _, rates = measured
        for _, place, gain, noise, _ in camera:
            variance = (0.05 * 600 + noise**2 + gain**2 / 12) / 8 + noise**2 / 25
            typical = np.median(rates[1].uncertainty.array[place])
            assert typical == pytest.approx(np.sqrt(variance) / 600, rel=0.02)

    def test_same_as_a_section_by_itself(self, measured):
        camera, bias, darks, rates = measured
        for _, place, gain, noise, _ in camera:
            alone = dark_rate([dark[place] for dark in darks[600]], bias=bias[place], gain=gain * GAIN,
                              read_noise=noise * E)  # fmt: skip
            np.testing.assert_array_equal(rates[1].data[place], alone.data)
            np.testing.assert_array_equal(rates[1].uncertainty.array[place], alone.uncertainty.array)

    def test_comparison(self, measured):
        """The significance of good pixels is normal in each amplifier, also where only the bias limits."""
        camera, _, _, rates = measured
        for statistic in ("significance", "difference"):
            result = compare_dark_rates(*rates, statistic=statistic)
            for _, place, *_ in camera:
                part = result.data[place] if statistic == "significance" else (
                    result.data[place] / result.uncertainty.array[place])  # fmt: skip
                assert part.std() == pytest.approx(1, abs=0.03)

    def test_mask(self, measured):
        """Hot pixels are found in each amplifier; of 32000 good pixels one may be flagged."""
        _, bias, darks, rates = measured
        scatter = dark_scatter(darks[600], bias=bias, amplifiers=amplifiers(measured[0]))
        mask = hot_pixel_mask(*rates, scatter=scatter)
        hot = (mask.data & DARK_FLAGS.HOT) > 0
        true = true_rate() > 0.5
        assert hot[true].all()
        assert np.count_nonzero(hot & ~true) <= 4
        assert mask.meta["NHOT"] == np.count_nonzero(hot)
        assert mask.meta["NMASKED"] == np.count_nonzero(mask.mask)
        assert mask.meta["DKFALSE"] == pytest.approx(1.0)
        assert max(mask.meta["NNONLIN"], mask.meta["NTELEGR"]) <= 4
        assert mask.meta["DKTHREB"] > mask.meta["DKTHREA"]
        alone = hot_pixel_mask(rates[1])
        assert np.array_equal((alone.data & DARK_FLAGS.HOT) > 0, alone.data == DARK_FLAGS.HOT | DARK_FLAGS.DO_NOT_USE)

    def test_false_positives(self):
        """Thirty are asked for, of sensors without a hot pixel, in proportion to the pixels of each amplifier."""
        found = np.zeros(2)
        rate = np.full(SHAPE, 0.02)
        for seed in range(4):
            darks = frames(HALVES, 300, 4, 50 + seed, rate=rate)
            bias = master_bias(frames(HALVES, 0, 20, 70 + seed), amplifiers=amplifiers(HALVES))
            mask = hot_pixel_mask(dark_rate(darks, bias=bias, amplifiers=amplifiers(HALVES)), false_positives=30)
            found += [np.count_nonzero(mask.mask[place]) for _, place, *_ in HALVES]
        for number, expected in zip(found, (4 * 30 * 0.6, 4 * 30 * 0.4), strict=True):
            assert abs(number - expected) < 4 * np.sqrt(expected)

    def test_halves_of_equal_frames(self, measured):
        camera, bias, darks, _ = measured
        result = repeatability(darks[600], bias=bias, amplifiers=amplifiers(camera))
        assert result.meta["NBEYOND"] <= 5
        for _, place, *_ in camera:
            assert result.data[place].std() == pytest.approx(1, abs=0.03)

    def test_limit(self, measured):
        """As of the sections one by one, together."""
        limit = proportionality_limit(*measured[3])
        assert np.isnan(limit.limit) or limit.interval[1] > 10 * u.electron / u.s

    def test_saturation(self):
        """The level is one in adu; the lower limits in electron/s are not."""
        rate = true_rate()
        rate[10, 10], rate[10, 150] = 1e4, 1e4
        darks = frames(QUADRANTS, 100, 5, 9, rate=rate)
        result = dark_rate(darks, bias=levels(QUADRANTS), amplifiers=amplifiers(QUADRANTS), saturation=60000 * u.adu)
        assert result.mask[10, 10]
        assert result.mask[10, 150]
        assert result.data[10, 10] == pytest.approx(59500 * 1.5 / 100)
        assert result.data[10, 150] == pytest.approx(59440 * 2.0 / 100)
        assert np.count_nonzero(result.mask) == 2

    def test_what_one_amplifier_shows(self):
        """Optical black subtracted, and saturation, of one of them: the meta tells of which."""
        camera = [(*HALVES[0][:2], 0.8, 3.0, 300), (*HALVES[1][:2], 0.8, 3.0, 900)]
        rate = true_rate(typical=0.1)
        rate[:8, 121] = 100.0
        darks = []
        for frame in frames(camera, 60, 5, 4, rate=rate) + frames(camera, 600, 5, 9, rate=rate):
            values = frame.data - np.where(np.arange(200) < 120, 0.0, 0.1 * frame.meta["EXPTIME"] / 0.8)
            darks.append(CCDData(np.clip(np.rint(values), 0, 30000).astype("u2"), unit="adu", meta=frame.meta))
        with pytest.warns(BiasWarning, match="amplifier B: the camera subtracts its optical black"):
            result = dark_rate(darks, bias=levels(camera), amplifiers=amplifiers(camera))
        assert "DKBLACKA" not in result.meta
        assert result.meta["DKBLACKB"] == pytest.approx(0.1, rel=0.1)
        assert (result.meta["DKSSRCA"], result.meta["DKSSRCB"]) == ("ADC", "found")
        parts = [AmplifierSections.of_meta(result, "").part(result, number).meta for number in (0, 1)]
        assert ["DKBLACK" in meta for meta in parts] == [False, True]
        assert [meta["DKSATSRC"] for meta in parts] == ["ADC", "found"]

    def test_hit_by_cosmic_rays(self):
        """A hit of 200 electron is rejected where the read noise is 4, and not where it is 60."""
        camera = [QUADRANTS[0], (*QUADRANTS[1][:3], 60.0, 560), *QUADRANTS[2:]]
        darks = frames(camera, 100, 6, 11)
        darks[2].data[20, 20] += int(200 / 1.5)
        darks[2].data[20, 120] += int(200 / 2.0)
        result = dark_rate(darks, bias=levels(camera), amplifiers=amplifiers(camera))
        clean = dark_rate(darks[:2] + darks[3:], bias=levels(camera), amplifiers=amplifiers(camera))
        assert result.data[20, 20] == pytest.approx(clean.data[20, 20], rel=1e-6)
        assert result.data[20, 120] > clean.data[20, 120]


class TestKeysOfTheHeader:
    @pytest.mark.parametrize("names", [("GAIN", "RDNOIS"), ("EGAIN", "RDNOISE")])
    def test_numbered(self, names):
        keys = dict(KEYS)
        for number in "12":
            keys[f"{names[0]}{number}"] = keys.pop(f"GAIN{number}")
            keys[f"{names[1]}{number}"] = keys.pop(f"RDNOIS{number}")
        darks = frames(HALVES, 100, 4, 5, keys=keys)
        result = dark_rate(darks, bias=300 * u.adu, amplifiers=["AMPSEC1", "AMPSEC2"])
        expected = dark_rate(darks, bias=300 * u.adu, amplifiers=amplifiers(HALVES))
        assert_same_image(result, expected)
        assert (result.meta["DKNOISE"], expected.meta["DKNOISE"]) == ("argument", "argument")

    def test_own_keys(self):
        keys = {"G_LEFT": 0.8, "G_RIGHT": 2.4, "RDNOISE": 7.0}
        darks = frames(HALVES, 100, 4, 5, keys=keys)
        pair = [Amplifier("[1:120, :]", "G_LEFT"), Amplifier("[121:200, :]", "G_RIGHT")]
        # The frames refute that read noise.
        meta = dark_rate(darks, bias=300 * u.adu, amplifiers=pair, check_headers=False).meta
        assert (meta["DKGAINA"], meta["DKGAINB"], meta["DKRDNOI"]) == (0.8, 2.4, 7.0)
        assert "DKRDNA" not in meta

    def test_refuted_key_names_the_way_out(self):
        darks = frames(HALVES, 100, 4, 5, keys=KEYS | {"RDNOIS2": 50.0})
        sections = ["[1:120, :]", "[121:200, :]"]
        with pytest.raises(ValueError, match=r"amplifier B .* RDNOIS2 is 50 .* as Amplifier\(section, gain"):
            dark_rate(darks, bias=levels(HALVES), amplifiers=sections)
        sections[1] = Amplifier(sections[1], read_noise=11 * E)
        assert dark_rate(darks, bias=levels(HALVES), amplifiers=sections).meta["DKRDNB"] == 11

    def test_of_the_call(self):
        darks = frames(HALVES, 100, 4, 5, rate=np.full(SHAPE, 1e-4))
        result = dark_rate(darks, bias=levels(HALVES), amplifiers=["[1:120, :]", "[121:200, :]"], gain=1.7 * GAIN)
        assert result.meta["DKGAIN"] == 1.7
        # Measured, each by itself.
        assert result.meta["DKRDNA"] == pytest.approx(3.0 * 1.7 / 0.8, rel=0.05)
        assert result.meta["DKRDNB"] == pytest.approx(11.0 * 1.7 / 2.4, rel=0.05)


class TestOverscan:
    """Twenty columns at either side; the level of each amplifier drifts from frame to frame."""

    def cut(self, seconds, seed):
        rng = np.random.default_rng(seed)
        whole = raw(HALVES, seconds, seed)
        values = np.zeros((160, 240))
        values[:, 20:220] = whole.data
        for columns, (_, _, gain, noise, level) in zip((np.s_[:20], np.s_[220:]), HALVES, strict=True):
            values[:, columns] = np.rint(rng.normal(level, noise / gain, (160, 20)))
        values[:, :140] += rng.integers(-20, 20)
        values[:, 140:] += rng.integers(-20, 20)
        return CCDData(values.astype("u2"), unit="adu", meta={**whole.meta, "BIASSEC1": "[1:20, :]"})

    def test_rates(self):
        pair = [
            Amplifier("[21:140, :]", 0.8 * GAIN, 3 * E, overscan="BIASSEC1"),
            Amplifier("[141:220, :]", 2.4 * GAIN, 11 * E, overscan="[221:240, :]"),
        ]
        darks = [self.cut(600, [4, index]) for index in range(6)]
        bias = master_bias([self.cut(0, [5, index]) for index in range(20)], amplifiers=pair)
        result = dark_rate(darks, bias=bias, amplifiers=pair)
        assert result.shape == (160, 240)
        assert np.array_equal(result.mask[0], [True] * 20 + [False] * 200 + [True] * 20)
        for place in (np.s_[:, 20:140], np.s_[:, 140:220]):
            assert np.median(result.data[place]) == pytest.approx(0.05, abs=0.002)
        mask = hot_pixel_mask(result)
        assert np.array_equal(mask.data[:, :20], np.full((160, 20), DARK_FLAGS.DO_NOT_USE))
        assert mask.meta["NMASKED"] == np.count_nonzero(mask.mask)

    def test_of_the_call(self):
        with pytest.raises(ValueError, match=r"^amplifiers have sections and overscans of their own: leave out over"):
            dark_rate(frames(HALVES, 100, 2, 1), amplifiers=["[1:100, :]"], trim="[1:120, :]")


class TestFilesAndWorkers:
    def write(self, folder, image, name):
        path = folder / name
        image.write(path)
        return path

    def test_files_threads_processes_and_little_memory(self, tmp_path):
        darks = frames(QUADRANTS, 100, 4, 5)
        paths = [self.write(tmp_path, dark, f"{number}.fits") for number, dark in enumerate(darks)]
        bias = master_bias(frames(QUADRANTS, 0, 5, 1), amplifiers=amplifiers(QUADRANTS))
        place = self.write(tmp_path, bias, "bias.fits")
        expected = dark_rate(darks, bias=bias, amplifiers=amplifiers(QUADRANTS))
        for options in ({}, {"mem_limit": 2**20}):
            result = dark_rate(paths, bias=place, amplifiers=amplifiers(QUADRANTS), **options)
            assert_same_image(result, expected)
        with ProcessPoolExecutor(2) as pool:
            assert_same_image(dark_rate(paths, bias=place, amplifiers=amplifiers(QUADRANTS), executor=pool), expected)

    def test_read_back(self, tmp_path, measured):
        _, _, _, rates = measured
        read = [CCDData.read(self.write(tmp_path, rate, f"{number}.fits")) for number, rate in enumerate(rates)]
        for one, other in zip(read, rates, strict=True):
            assert one.meta["DKAMPS"] == other.meta["DKAMPS"]
            assert one.meta["DKRDNB"] == other.meta["DKRDNB"]
        first, second = (compare_dark_rates(*pair, statistic="significance") for pair in (read, rates))
        np.testing.assert_array_equal(first.data, second.data)
        first, second = (hot_pixel_mask(*pair) for pair in (read, rates))
        np.testing.assert_array_equal(first.data, second.data)

    def test_frames_are_not_changed(self):
        darks = frames(HALVES, 100, 3, 5)
        before = [(dark.data.copy(), dark.meta.copy()) for dark in darks]
        dark_rate(darks, bias=300 * u.adu, amplifiers=amplifiers(HALVES))
        for dark, (data, meta) in zip(darks, before, strict=True):
            np.testing.assert_array_equal(dark.data, data)
            assert dark.meta == meta


class TestMeta:
    def test_keys_of_amplifiers_are_no_other_keys(self):
        """Whatever the letter."""
        keys = [f"{begin}{letter}" for begin in _OWN.values() for letter in string.ascii_uppercase]
        keys += [f"DKASEC{letter}" for letter in string.ascii_uppercase]
        assert len(set(keys)) == len(keys)
        ours = {*_OWN, "DKRATE", "DKBIAS", "DKSCATTR", "DKCOMPAR", "DKREPEAT", "DKMASK", "DKAMPS", "DKTOTAL", "DKNEXP",
                "DKEXPMIN", "DKEXPMAX", "DKTEMP", "DKVERS", "DKSTAT", "DKNCOMP", "DKNULL", "DKOFFSET", "DKLIMIT",
                "DKFALSE", "DKFDR", "DKTOLER", "DKBIASID", "DKRNMAP"}  # fmt: skip
        assert not ours.intersection(keys)
        assert max(map(len, keys)) <= 8

    def test_part_has_its_own_keys(self, measured):
        camera, _, _, rates = measured
        sections = AmplifierSections.of_meta(rates[0], "rate")
        for number, (_, place, gain, noise, _) in enumerate(camera):
            part = sections.part(rates[0], number)
            assert part.meta["DKGAIN"] == gain
            assert part.meta["DKRDNOI"] == noise
            assert part.meta["DKBIASER"] == pytest.approx(noise / 5, rel=0.03)
            assert not any(key.startswith(("DKASEC", "DKAMPS", "DKGAINA")) for key in part.meta)
            np.testing.assert_array_equal(part.data, rates[0].data[place])

    def test_all_is_logged(self, measured):
        assert "amplifiers=<" in measured[3][0].meta["DKRATE"]

    def test_different_ones(self, measured):
        _, bias, darks, rates = measured
        with pytest.warns(NoiseWarning, match="read noise differs by"):
            other = dark_rate(darks[600], bias=bias, amplifiers=[Amplifier("[:, :]", 1 * GAIN, 5 * E)])
        for function in (compare_dark_rates, hot_pixel_mask, proportionality_limit):
            with pytest.raises(ValueError, match=r"^rates must have the same amplifiers: DKAMPS and the sections"):
                function(rates[0], other)

    def test_a_rate_that_was_cut(self, measured):
        with pytest.raises(ValueError, match=r"^rates\[0\]: its meta does not tell the sections of its amplifiers"):
            hot_pixel_mask(measured[3][0][:50, :50])


class TestWarnings:
    def test_of_one_amplifier_names_it(self):
        darks = frames(HALVES, 100, 5, 5)
        darks[3].data[:, 120:] += 30
        with pytest.warns(FrameLevelWarning, match=r"^amplifier B: darks\[3\] sits \+\d"):
            dark_rate(darks, bias=300 * u.adu, amplifiers=amplifiers(HALVES))

    def test_of_all_is_said_once(self):
        darks = frames(HALVES, 100, 2, 5)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dark_rate(darks, bias=300 * u.adu, gain=1 * GAIN, amplifiers=["[1:120, :]", "[121:200, :]"])
        assert [(warning.category, str(warning.message)[:13]) for warning in caught] == [
            (MissingInformationWarning, "no read noise")
        ]
        assert caught[0].filename == __file__

    def test_read_noise_of_some(self):
        """Without it, their pixels would look like saturated ones."""
        darks = frames(HALVES, 100, 2, 5)
        pair = [amplifiers(HALVES)[0], Amplifier("[121:200, :]", gain=2.4 * GAIN)]
        with pytest.raises(ValueError, match=r"^amplifier B has no read noise, so that its pixels have no uncertainty"):
            dark_rate(darks, bias=300 * u.adu, amplifiers=pair)

    def test_errors_name_the_amplifier(self):
        darks = frames(HALVES, 100, 2, 5)
        pair = [amplifiers(HALVES)[0], Amplifier("[121:200, :]")]
        with pytest.raises(ValueError, match=r"^amplifier B \[121:200, 1:160\]: gain is needed for frames in adu"):
            dark_rate(darks, bias=300 * u.adu, amplifiers=pair)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ("[1:120, :]", TypeError, r"^amplifiers must be a list of Amplifier, or of FITS sections, got '\[1:120"),
        ([3], TypeError, r"^amplifiers must be a list of Amplifier, or of FITS sections, got a int"),
        ([], ValueError, r"^amplifiers must have 1 to 26 sections, got 0"),
        ([Amplifier(None)], TypeError, r"^amplifiers\[0\].section must be a FITS section such as"),
        (["[1:120, :]", "[120:200, :]"], ValueError, r"^amplifiers\[1\].section, \[120:200, 1:160\], overlaps"),
        (["[1:201, :]"], ValueError, r"^amplifiers\[0\].section is \[1:201,:\], outside the image"),
        (["[1:120:2, :]"], ValueError, r"^amplifiers\[0\].section must have all rows and columns between its ends"),
        (["AMPSEC9"], ValueError, r"^amplifiers\[0\].section: darks\[0\] has no key 'AMPSEC9' in its header"),
        ([Amplifier("[1:120, :]", overscan=3)], TypeError, r"^amplifiers\[0\].overscan must be a FITS section"),
    ],
)
def test_what_is_wrong_is_named(given, error, text):
    with pytest.raises(error, match=text):
        dark_rate(frames(HALVES, 100, 2, 5), amplifiers=given)


def test_bias_of_another_shape():
    bias = CCDData(np.ones((10, 10)), unit="adu")
    with pytest.raises(ValueError, match=r"^bias has the shape \(10, 10\), the darks have \(160, 200\)"):
        dark_rate(frames(HALVES, 100, 2, 5), bias=bias, amplifiers=amplifiers(HALVES))

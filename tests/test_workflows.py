"""Legal workflows of ccdproc and this package, in any order: nothing raises, nothing is lost, nothing is changed."""

import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import ccdproc
import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from ccdproc_darks import (
    BiasWarning,
    DarkWarning,
    FrameLevelWarning,
    MissingInformationWarning,
    NoiseWarning,
    NoUsablePixelWarning,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    proportionality_limit,
    repeatability,
)

from .helpers import ELECTRON_PER_SECOND, STRUCTURAL, assert_same_image, full_mask, share_memory, snapshot
from .strategies import FORMS, is_storable, nights, write_frame

# What each docstring promises of meta, whatever the frames.
KEYS = {
    "dark_rate": {"DKEXPMIN", "DKEXPMAX", "DKNEXP", "DKTOTAL", "NCOMBINE", "DKNOISE", "DKBIASER", "DKLOST", "DKVERS"},
    "master_bias": {"NCOMBINE", "DKVERS"},
    "compare_dark_rates": {"DKSTAT", "DKOFFSET", "DKNULL", "DKOFF1", "DKOFF2", "DKWIDTH", "DKNCOMP", "DKVERS"},
    "hot_pixel_mask": {"DKTHRESH", "DKTOLER", "NHOT", "NNONLIN", "NSATUR", "NUNRELI", "NMASKED", "DKVERS"},
    "dark_scatter": {"DKSTAT", "DKEXPMIN", "DKEXPMAX", "NCOMBINE", "DKRDNOI", "DKVERS"},
    "repeatability": {"DKSTAT", "DKOFFSET", "DKWIDTH", "DKSIGMA", "NBEYOND", "DKFALSE", "DKVERS"},
}
LOG_KEYS = {"dark_rate": "DKRATE", "master_bias": "DKBIAS", "compare_dark_rates": "DKCOMPAR",
            "hot_pixel_mask": "DKMASK", "dark_scatter": "DKSCATTR", "repeatability": "DKREPEAT"}  # fmt: skip
OVERSCAN = 2
SECONDS = ("EXPTIME", "EXPOSURE")

add_keywords = st.sampled_from(
    [True, True, False, None, "CHECKED", {"CHECKED": "by me", "CHECKS": 2}, ccdproc.Keyword("CHECKED", u.s, value=3.0)]
)
computing = st.fixed_dictionaries(
    {"executor": st.booleans(), "mem_limit": st.sampled_from([None, 2**26, 64 * u.Mbyte])}
)
forms = st.lists(st.sampled_from(FORMS[:3]), min_size=1, max_size=3)
rate_options = st.fixed_dictionaries({
    "dtype": st.sampled_from(["float32", "float64"]),
    "clip": st.sampled_from([5.0, 3.0, None]),
    "add_keyword": add_keywords,
})  # fmt: skip
ways = st.sampled_from(["memory", "memory", "files", "mixture", "collection"])


@dataclass(eq=False)
class Frames:
    """Frames of one night that went through the same steps; ``stages`` are these steps, ``doubts`` what they excuse."""

    frames: list
    stages: tuple = ()
    doubts: frozenset = frozenset()
    kind: str = "darks"

    def after(self, frames, *stages, doubts=()):
        """The frames after further steps."""
        return replace(self, frames=frames, stages=(*self.stages, *stages), doubts=self.doubts | set(doubts))

    @property
    def region(self):
        """Steps that make frames differ by region and level."""
        return tuple(stage for stage in self.stages if stage in ("trimmed", "overscan"))

    def of_one_time(self, number):
        """The frames of one exposure time."""
        times = sorted({seconds_of(frame) for frame in self.frames})
        time = times[number % len(times)]
        return replace(self, frames=[frame for frame in self.frames if seconds_of(frame) == time])


@dataclass(eq=False)
class Rate:
    """A rate, and where it is from."""

    image: CCDData
    region: tuple
    doubts: frozenset = field(default_factory=frozenset)

    @property
    def seconds(self):
        """Exposure time (s)."""
        return self.image.meta["DKEXPMAX"]


def seconds_of(frame):
    """Exposure time in the header, whatever its key and type."""
    return float(next(frame.meta[key] for key in SECONDS if key in frame.meta))


def unusable(frame):
    """Pixels of a frame that are masked or not finite."""
    return full_mask(frame) | ~np.isfinite(frame.data)


def with_deviation(frame):
    """A frame with its uncertainty as a standard deviation: ccdproc subtracts no other than of its own class."""
    if frame.uncertainty is None:
        return frame
    frame = frame.copy()
    frame.uncertainty = frame.uncertainty.represent_as(StdDevUncertainty)
    return frame


def written_wcs(image):
    """The world coordinates of an image as a text, or None. WCS.to_header_string would parse that text as a header."""
    return None if image.wcs is None else (image.wcs.wcs.to_header(), image.wcs.pixel_shape)


def same_places(first, second):
    """Whether two world coordinate systems give each pixel the same place."""
    corners = np.array([[0.0, 0.0], [7.0, 0.0], [0.0, 9.0]])
    np.testing.assert_allclose(first.all_pix2world(corners, 0), second.all_pix2world(corners, 0), rtol=1e-12)
    return list(first.wcs.ctype) == list(second.wcs.ctype)


class Workflows(RuleBasedStateMachine):
    """A night's frames, and all that is made from them."""

    darks, fits = Bundle("darks"), Bundle("fits")
    masters, rates, scatters, masks = Bundle("masters"), Bundle("rates"), Bundle("scatters"), Bundle("masks")
    science = Bundle("science")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.pool = ThreadPoolExecutor(2)
        self.files = 0
        self.known = []
        self.comparable = False  # whether there are rates of two exposure times

    def teardown(self):
        """Leave nothing behind."""
        self.pool.shutdown()
        self.folder.cleanup()

    @initialize(target=darks, night=nights())
    def observe(self, night):
        self.night, sensor = night, night.sensor
        self.level = u.Quantity(sensor.bias)
        self.noise_known = "RDNOISE" not in night.style.unknown
        doubts = set()
        if sensor.bias_drift > 0:
            doubts |= {FrameLevelWarning, NoiseWarning, BiasWarning}
        if sensor.read_noise_spread > 0 or len(sensor.defects) > 1 or sensor.linearity_limit is not None:
            doubts.add(NoiseWarning)
        self.doubts = frozenset(doubts)
        for frame in (*night.darks, *night.biases, night.light):
            self.keep(frame)
        return Frames(night.darks, doubts=self.doubts)

    @initialize(target=scatters)
    def no_scatter(self):
        """A bundle that is empty would end the example where one of it may be given."""
        return None

    @initialize(target=masters)
    def no_master(self):
        return None

    # What holds after every step

    @invariant()
    def no_image_changes(self):
        """Data, mask, uncertainty, meta and WCS of every frame and result are what they were when it was made."""
        for image, before, wcs in self.known:
            assert snapshot(image) == before
            assert written_wcs(image) == wcs

    def keep(self, image):
        """An image that must not change any more."""
        self.known.append((image, snapshot(image), written_wcs(image)))
        return image

    def quietly(self, function, *args, **options):
        """Result of a function of ccdproc or astropy, whose warnings and log entries are not ours."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.keep(function(*args, **options))

    def call(self, function, *args, excused=(), inputs=(), **options):
        """Result of a function of this package, with all that must hold of any result."""
        add_keyword = options.get("add_keyword", True)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = function(*args, **options)
        for warning in caught:
            assert issubclass(warning.category, DarkWarning), warning
            nothing_left = warning.category is NoUsablePixelWarning and full_mask(result).all()
            assert nothing_left or warning.category in excused, warning
        self.keep(result)
        name, meta = function.__name__, result.meta
        assert KEYS[name] <= set(meta), KEYS[name] - set(meta)
        given = {key for image in inputs for key in image.meta}
        assert all(len(key) <= 8 for key in set(meta) - given - {key.upper() for key in given})
        assert all(np.isfinite(value) for value in meta.values() if isinstance(value, float))
        logged = add_keyword is True and ccdproc.conf.auto_logging
        assert str(meta.get(LOG_KEYS[name], "")).startswith(f"{name}: ") == logged
        if add_keyword and add_keyword is not True:
            assert "CHECKED" in meta
        assert result.mask.shape == result.shape
        assert result.mask.dtype == bool
        for image in inputs:
            assert not share_memory(result, image)
            assert result.meta is not image.meta
        self.read_back(result)
        return result, {warning.category for warning in caught}

    def read_back(self, result):
        """A result as FITS gives it back: all of it, without a warning."""
        path = Path(self.folder.name) / f"result_{self.files:04d}.fits"
        self.files += 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result.write(path)
            back = CCDData.read(path)
        assert_same_image(back, result)
        lost = set(result.meta) ^ set(back.meta)
        assert not lost - STRUCTURAL, lost
        for key in set(result.meta) & set(back.meta) - {"", "HISTORY", "COMMENT"} - STRUCTURAL:
            assert back.meta[key] == result.meta[key], key
            # The WCS that astropy writes has its own remarks on dates.
            assert key.startswith(("DATE-", "MJD-")) or back.meta.comments[key] == result.meta.comments[key], key
        for key in ("HISTORY", "COMMENT"):
            assert list(result.meta.get(key, [])) == list(back.meta.get(key, []))
        if result.wcs is not None:
            assert same_places(back.wcs, result.wcs)
        return back

    # How arguments are given

    def options(self, chosen):
        """Options of the computing."""
        return {"executor": self.pool if chosen["executor"] else None, "mem_limit": chosen["mem_limit"]}

    def noise(self, explicit):
        """The read noise as an option: needed where no header tells it."""
        return {"read_noise": self.night.read_noise * u.electron} if explicit else {}

    def given(self, frames, way, forms):
        """Frames as the user may give them: in memory, as files, as a collection of files, or some of each."""
        if way == "memory" or not all(map(is_storable, frames)):
            return list(frames)
        folder = Path(tempfile.mkdtemp(dir=self.folder.name))
        found = []
        for number, frame in enumerate(frames):
            if way == "mixture" and number % 2:
                found.append(frame)
                continue
            # An image in an extension has its keys there, and a collection reads those of the first HDU.
            form = forms[number % len(forms)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(write_frame(frame, folder / f"frame_{number:04d}", form).path)
        if way == "collection":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ccdproc.ImageFileCollection(folder)
        return found

    # Steps of ccdproc

    def reduced(self, frame, stages):
        """A frame of the whole sensor, taken through the steps of a region."""
        for stage in stages:
            if stage == "overscan":
                frame = self.quietly(ccdproc.subtract_overscan, frame, overscan=frame[:, :OVERSCAN], overscan_axis=1,
                                     median=True)  # fmt: skip
            else:
                frame = self.quietly(ccdproc.trim_image, frame[:, OVERSCAN:])
        return frame

    @rule(target=darks, darks=darks, overscan=st.booleans())
    def cut_overscan(self, darks, overscan):
        if darks.stages:
            return multiple()
        stages = ("overscan", "trimmed") if overscan else ("trimmed",)
        doubts = {BiasWarning, NoiseWarning, FrameLevelWarning} if overscan else ()
        return darks.after([self.reduced(frame, stages) for frame in darks.frames], *stages, doubts=doubts)

    @rule(target=darks, darks=darks, master=masters)
    def subtract_bias(self, darks, master):
        if "bias" in darks.stages or darks.frames[0].unit != u.adu:
            return multiple()
        master = self.reduced(master or self.combined_biases(), darks.region)
        deviated = with_deviation(master)
        frames = [self.quietly(ccdproc.subtract_bias, with_deviation(frame), deviated) for frame in darks.frames]
        for before, after in zip(darks.frames, frames, strict=True):
            np.testing.assert_array_equal(full_mask(after), full_mask(before) | full_mask(master))
        # What is left of the uncertainty is the error of the bias alone; SATURATE still includes the bias.
        return darks.after(frames, "bias", doubts=[NoiseWarning])

    @rule(target=darks, darks=darks)
    def gain_correct(self, darks):
        if darks.frames[0].unit != u.adu:
            return multiple()
        gain = self.night.sensor.gain
        return darks.after([self.quietly(ccdproc.gain_correct, frame, gain) for frame in darks.frames], "gain")

    @rule(target=darks, darks=darks)
    def create_deviation(self, darks):
        if darks.frames[0].unit != u.adu or darks.frames[0].uncertainty is not None or "combined" in darks.stages:
            return multiple()
        gain, noise = self.night.sensor.gain, self.night.read_noise * u.electron
        frames = [
            self.quietly(ccdproc.create_deviation, frame, gain=gain, readnoise=noise, disregard_nan=True)
            for frame in darks.frames
        ]
        return darks.after(frames, "deviation", doubts=[NoiseWarning])

    @rule(target=darks, darks=darks, number=st.integers(0, 2), counted=st.booleans())
    def combine(self, darks, number, counted):
        frames = darks.of_one_time(number).frames
        if len(frames) < 3 or "combined" in darks.stages:
            return multiple()
        combined = self.combined(frames, counted)
        return darks.after([combined], "combined", *([] if counted else ["uncounted"]))

    @rule(target=darks, darks=darks, name=st.sampled_from(["add", "subtract", "multiply", "divide"]))
    def arithmetic(self, darks, name):
        neutral = 0.0 * darks.frames[0].unit if name in ("add", "subtract") else 1.0
        frames = [
            self.quietly(getattr(frame, name), neutral, handle_meta="first_found", handle_mask=np.logical_or)
            for frame in darks.frames
        ]
        return darks.after(frames, "arithmetic")

    @rule(target=darks, darks=darks, form=st.sampled_from(["plain", "gz", "fz", "extension"]))
    def store(self, darks, form):
        if not all(map(is_storable, darks.frames)):
            return multiple()
        paths = self.given(darks.frames, "files", [form])
        # By itself astropy takes the mask for the frame where that is compressed.
        return darks.after([self.quietly(CCDData.read, path, hdu=int(form in ("extension", "fz"))) for path in paths])

    # Steps of this package

    @rule(target=masters, way=ways, chosen=computing, dtype=st.sampled_from(["float32", "float64"]),
          add_keyword=add_keywords, clip=st.sampled_from([5.0, 3.0, None]))  # fmt: skip
    def make_master_bias(self, way, chosen, dtype, add_keyword, clip):
        frames = self.night.biases
        options = dict(dtype=dtype, clip=clip, add_keyword=add_keyword, **self.options(chosen))
        excused = self.doubts & {FrameLevelWarning}
        result, _ = self.call(
            master_bias, self.given(frames, way, ["plain", "gz"]), excused=excused, inputs=frames, **options
        )
        assert result.unit == u.adu
        assert result.meta["NCOMBINE"] == len(frames)
        np.testing.assert_array_equal(result.mask, np.all([unusable(frame) for frame in frames], axis=0))
        assert np.isnan(result.data[result.mask]).all()
        return result

    @rule(target=masters)
    def combine_biases(self):
        return self.combined_biases()

    def combined_biases(self):
        """The master bias of ccdproc."""
        return self.combined(self.night.biases, counted=True)

    def combined(self, frames, counted):
        """Frames as ccdproc combines them; where they are not ``counted``, nothing tells their number."""
        # Of other classes, ccdproc gives the class of the frames to what is a standard deviation.
        frames = [with_deviation(frame) for frame in frames]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            combined = ccdproc.combine(frames, method="average", dtype="float64")
        if counted:
            combined.meta["NCOMBINE"] = len(frames)
        elif "NCOMBINE" in combined.meta:
            del combined.meta["NCOMBINE"]  # of a single frame
        return self.keep(combined)

    @rule(target=rates, darks=darks, master=masters, way=ways, forms=forms, chosen=computing, options=rate_options,
          explicit=st.booleans())  # fmt: skip
    def rate_each_time(self, darks, master, way, forms, chosen, options, explicit):
        sets = [darks.of_one_time(number) for number in range(len({seconds_of(frame) for frame in darks.frames}))]
        made = [self.make_rate(one, master, way, forms, chosen, explicit, options) for one in sets]
        if any(rate.image.uncertainty is None for rate in made):
            return multiple()
        self.comparable |= len(made) > 1
        return made

    @initialize(target=rates, darks=darks)
    def first_rates(self, darks):
        """Rates from the start on, so that there is something to compare in most examples."""
        sets = [darks.of_one_time(number) for number in range(len({seconds_of(frame) for frame in darks.frames}))]
        options = {"dtype": "float32", "clip": 5.0}
        made = [
            self.make_rate(one, None, "memory", [], {"executor": False, "mem_limit": None}, True, options)
            for one in sets
        ]
        self.comparable = len(made) > 1
        return made

    @rule(target=fits, darks=darks, master=masters, way=ways, forms=forms, chosen=computing, options=rate_options,
          explicit=st.booleans(), free=st.booleans())  # fmt: skip
    def fit_all_times(self, darks, master, way, forms, chosen, options, explicit, free):
        if free and len({seconds_of(frame) for frame in darks.frames}) > 1:
            options = {**options, "offset": "pixel"}
        rate = self.make_rate(darks, master, way, forms, chosen, explicit, options)
        return rate if rate.image.uncertainty is not None else multiple()

    def make_rate(self, darks, master, way, forms, chosen, explicit, options):
        """`Rate` of darks, checked."""
        frames, excused = darks.frames, set(darks.doubts)
        bias = self.bias_of(darks, master)
        options = {"bias": bias, **options, **self.noise(explicit)}
        if "offset" in options:
            excused |= {NoiseWarning, BiasWarning}
        if not (explicit or self.noise_known):
            excused |= {MissingInformationWarning, NoiseWarning}
        uncounted = "uncounted" in darks.stages
        if uncounted:
            excused.add(MissingInformationWarning)
        if isinstance(bias, u.Quantity) and self.night.sensor.column_pattern > 0:
            excused |= {BiasWarning, NoiseWarning}
        inputs = [*frames, *([bias] if isinstance(bias, CCDData) else [])]
        given = self.given(frames, way, forms)
        rate, told = self.call(dark_rate, given, excused=excused, inputs=inputs, **options, **self.options(chosen))
        # ccdproc says that a frame is combined in a header alone, not in a dict.
        assert MissingInformationWarning in told or not (uncounted and frames[0].meta.get("combined"))
        self.check_rate(rate, frames, bias, options)
        if given != frames or chosen["executor"]:
            again, _ = self.call(dark_rate, frames, excused=excused, inputs=inputs, **options)
            assert_same_image(again, rate)
        return Rate(rate, darks.region, frozenset(excused) - {MissingInformationWarning})

    def bias_of(self, darks, master):
        """What is to be subtracted from darks: a master bias of their region, its level, or nothing."""
        if "bias" in darks.stages:
            return None
        if "overscan" in darks.stages and master is None:
            return 0 * u.adu
        return self.level if master is None else self.reduced(master, darks.region)

    def check_rate(self, rate, frames, bias, options):
        """Unit, mask and meta of a rate."""
        meta = rate.meta
        assert rate.unit == ELECTRON_PER_SECOND
        assert rate.dtype == options["dtype"]
        times = [seconds_of(frame) for frame in frames]
        combined = [int(float(frame.meta.get("NCOMBINE", 1))) for frame in frames]
        assert (meta["DKEXPMIN"], meta["DKEXPMAX"], meta["DKNEXP"]) == (min(times), max(times), len(set(times)))
        assert meta["NCOMBINE"] == sum(combined)
        np.testing.assert_allclose(meta["DKTOTAL"], np.dot(times, combined))
        assert meta["DKGAIN"] == self.night.sensor.gain.value
        assert ("DKRDNOI" in meta) == (meta["DKNOISE"] not in ("none", "uncertainty"))
        assert (rate.uncertainty is None) == (meta["DKNOISE"] == "none")
        # SET-TEMP is taken where there is no other.
        assert ("DKTEMP" in meta) == any(key in frames[0].meta for key in ("CCD-TEMP", "SET-TEMP"))
        bad_bias = unusable(bias) if isinstance(bias, CCDData) else False
        bad = np.array([unusable(frame) for frame in frames])
        if meta["DKNOISE"] == "uncertainty":
            bad |= [~np.isfinite(frame.uncertainty.array) for frame in frames]
        over = np.array([frame.data >= meta.get("DKSATUR", np.inf) for frame in frames])
        good = ~(bad | over | bad_bias)
        if options.get("offset") == "pixel":
            seen = [good[np.array(times) == time].any(axis=0) for time in sorted(set(times))]
            assert rate.mask[np.sum(seen, axis=0) < 2].all()
        else:
            np.testing.assert_array_equal(rate.mask, ~good.any(axis=0))
        limited = ~good.any(axis=0) & (over & ~bad & ~bad_bias).any(axis=0)
        assert np.isnan(rate.data[rate.mask & ~limited]).all()
        assert np.isfinite(rate.data[~rate.mask]).all()
        if rate.uncertainty is not None:
            assert np.isnan(rate.uncertainty.array[rate.mask]).all()
            assert (rate.uncertainty.array[~rate.mask] > 0).all() or meta["DKNOISE"] == "uncertainty"

    def together(self, groups):
        """Rates of different exposure times and one region, which are compared in one call; none where there is one."""
        rates, kept = [rate for group in groups for rate in group], {}
        region = rates[0].region
        for rate in rates:
            if rate.region == region:
                kept.setdefault(rate.seconds, rate)
            elif (rate.region, region) == ((), ("trimmed",)):
                kept.setdefault(rate.seconds, replace(rate, image=self.reduced(rate.image, region), region=region))
        return list(kept.values())

    @rule(target=rates, rates=rates)
    def store_rates(self, rates):
        return [replace(rate, image=self.keep(self.read_back(rate.image))) for rate in rates]

    @precondition(lambda self: self.comparable)
    @rule(rates=st.lists(rates, min_size=1, max_size=3), statistic=st.sampled_from(
        ["difference", "significance", "ratio", "offset"]), offset=st.sampled_from(["common", None, "pixel"]),
        null=st.sampled_from(["theoretical", "empirical"]), chosen=computing, add_keyword=add_keywords)  # fmt: skip
    def compare(self, rates, statistic, offset, null, chosen, add_keyword):
        rates = self.together(rates)
        if len(rates) < 2:
            return
        if offset == "pixel" and (len(rates) < 3 or statistic == "offset"):
            offset = "common"
        images = [rate.image for rate in rates]
        excused = set().union(*(rate.doubts for rate in rates))
        result, _ = self.call(
            compare_dark_rates, *images, statistic=statistic, offset=offset, null=null, add_keyword=add_keyword,
            excused=excused, inputs=images, **self.options(chosen),
        )  # fmt: skip
        units = {"difference": ELECTRON_PER_SECOND, "offset": u.electron}
        assert result.unit == units.get(statistic, u.dimensionless_unscaled)
        usable = np.sum([~full_mask(image) for image in images], axis=0)
        assert result.mask[usable < 2].all()
        assert statistic == "ratio" or offset == "pixel" or not result.mask[usable >= 2].any()
        assert np.isnan(result.data[result.mask]).all()
        assert np.isfinite(result.data[~result.mask]).all()
        assert result.meta["DKNCOMP"] == np.count_nonzero(~result.mask)
        assert result.meta["NCOMBINE"] == sum(image.meta["NCOMBINE"] for image in images)

    @rule(target=masks, fit=fits, scatter=scatters, add_keyword=add_keywords)
    def mask_of_a_fit(self, fit, scatter, add_keyword):
        return self.checked_mask([fit], scatter, {"add_keyword": add_keyword})

    @rule(target=masks, rates=st.lists(rates, min_size=1, max_size=3), scatter=scatters,
          threshold=st.none() | st.just(1 * ELECTRON_PER_SECOND), background=st.sampled_from([None, "local", "image"]),
          fdr=st.none() | st.just(0.01), limited=st.booleans(), chosen=computing, add_keyword=add_keywords)  # fmt: skip
    def make_mask(self, rates, scatter, threshold, background, fdr, limited, chosen, add_keyword):
        rates, limit = self.together(rates), None
        if background == "image":
            background = CCDData(np.full(rates[0].image.shape, 0.01), unit=ELECTRON_PER_SECOND)
        if limited and len(rates) > 1:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                limit = proportionality_limit(*(rate.image for rate in rates))
            assert str(limit)
        options = dict(threshold=threshold, background=background, fdr=fdr, limit=limit, add_keyword=add_keyword)
        return self.checked_mask(rates, scatter, {**options, **self.options(chosen)})

    def checked_mask(self, rates, scatter, options):
        """Mask of rates of one region, and of a scatter where that is of the same."""
        images, region = [rate.image for rate in rates], rates[0].region
        if scatter is not None and scatter.region == region:
            options["scatter"] = scatter.image
        excused = set().union(*(rate.doubts for rate in rates))
        mask, _ = self.call(hot_pixel_mask, *images, excused=excused, inputs=images, **options)
        assert mask.unit == u.dimensionless_unscaled
        assert mask.dtype == np.uint32
        for image in images:
            assert mask.mask[full_mask(image)].all()
        np.testing.assert_array_equal(mask.mask, ccdproc.bitfield_to_boolean_mask(mask, ignore_bits="~1"))
        assert mask.meta["NMASKED"] == np.count_nonzero(mask.mask)
        return Rate(mask, region)

    @rule(target=scatters, darks=darks, master=masters, number=st.integers(0, 2), way=ways,
          chosen=computing, add_keyword=add_keywords)  # fmt: skip
    def scatter(self, darks, master, number, way, chosen, add_keyword):
        darks = darks.of_one_time(number)
        if len(darks.frames) < 4:
            return multiple()
        frames, bias = darks.frames, self.bias_of(darks, master)
        inputs = [*frames, *([bias] if isinstance(bias, CCDData) else [])]
        excused = set(darks.doubts)
        if isinstance(bias, u.Quantity) and self.night.sensor.column_pattern > 0:
            excused |= {BiasWarning, NoiseWarning}
        result, _ = self.call(
            dark_scatter, self.given(frames, way, ["plain"]), bias=bias, add_keyword=add_keyword, excused=excused,
            inputs=inputs, **self.noise(True), **self.options(chosen),
        )  # fmt: skip
        assert result.unit == u.dimensionless_unscaled
        assert result.meta["NCOMBINE"] == len(frames)
        usable = np.sum([~unusable(frame) for frame in frames], axis=0)
        assert result.mask[usable < 4].all()
        assert np.isfinite(result.data[~result.mask]).all()
        return Rate(result, darks.region)

    @rule(darks=darks, master=masters, number=st.integers(0, 2), way=ways, chosen=computing,
          add_keyword=add_keywords)  # fmt: skip
    def compare_halves(self, darks, master, number, way, chosen, add_keyword):
        darks = darks.of_one_time(number)
        if len(darks.frames) < 2:
            return
        frames, bias = darks.frames, self.bias_of(darks, master)
        inputs = [*frames, *([bias] if isinstance(bias, CCDData) else [])]
        excused = {*darks.doubts, NoUsablePixelWarning}
        if isinstance(bias, u.Quantity) and self.night.sensor.column_pattern > 0:
            excused |= {BiasWarning, NoiseWarning}
        result, _ = self.call(
            repeatability, self.given(frames, way, ["plain"]), bias=bias, add_keyword=add_keyword, excused=excused,
            inputs=inputs, **self.noise(True), **self.options(chosen),
        )  # fmt: skip
        assert result.unit == u.dimensionless_unscaled
        for half in (frames[::2], frames[1::2]):
            assert result.mask[np.all([unusable(frame) for frame in half], axis=0)].all()

    # Science frames

    @rule(target=science, rates=rates, master=masters, scale=st.booleans())
    def calibrate(self, rates, master, scale):
        """A light without bias and dark: the dark is a rate times the light's exposure time."""
        rate = rates[-1]
        light = self.reduced(self.night.light, rate.region)
        bias = with_deviation(self.reduced(master or self.combined_biases(), rate.region))
        light = self.quietly(ccdproc.subtract_bias, with_deviation(light), bias)
        light = self.quietly(ccdproc.gain_correct, light, self.night.sensor.gain)
        time, seconds = seconds_of(light), (1.0 if scale else seconds_of(light)) * u.s
        dark = self.quietly(rate.image.multiply, seconds, handle_meta="first_found")
        assert dark.unit == u.electron
        done = self.quietly(
            ccdproc.subtract_dark, light, dark, dark_exposure=seconds, data_exposure=time * u.s, exposure_unit=u.s,
            scale=scale,
        )  # fmt: skip
        assert done.unit == u.electron
        np.testing.assert_array_equal(full_mask(done), full_mask(light) | full_mask(rate.image))
        np.testing.assert_allclose(done.data, light.data - rate.image.data * time, rtol=1e-5, atol=1e-3)
        return Rate(done, rate.region)

    @rule(light=consumes(science), mask=masks)
    def mask_science(self, light, mask):
        if light.region != mask.region:
            return
        image = light.image.copy()
        image.mask = full_mask(image) | ccdproc.bitfield_to_boolean_mask(mask.image)
        assert image.mask[full_mask(mask.image)].all()
        assert image.mask[full_mask(light.image)].all()
        if not isinstance(image.meta, fits.Header):
            return
        path = Path(self.folder.name) / f"science_{self.files:04d}.fits"
        self.files += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.write(path)
            assert_same_image(CCDData.read(path), image)


# A step takes some tens of milliseconds.
Workflows.TestCase.settings = settings(stateful_step_count=30 if settings.default.derandomize else 60)
TestWorkflows = Workflows.TestCase

"""Who does the work, and within what memory: never what comes out."""

import gzip
import multiprocessing
import os
import shutil
import signal
import threading
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import compare_dark_rates, dark_rate, dark_scatter, hot_pixel_mask, master_bias, repeatability
from ccdproc_darks._compute.blocks import Block, BlockJob
from ccdproc_darks._compute.workers import Execution, fill_images, gather_summaries
from ccdproc_darks._interface.progress import watching
from ccdproc_darks.frames.file_frame import FileFrame

SHAPE = (60, 50)
GAIN, LEVEL = 1.5, 1000.0
#: Exposure times (s) of eleven sets: as many as it takes for numpy to add up a column of them in another order.
ELEVEN = tuple(10.0 * 1.5**number for number in range(11))
#: 9 blocks of 7 rows, the last of fewer.
FEW_PIXELS = 7 * 50


# Whole numbers of ADU with hot pixels, cosmic rays, and pixels that saturate.


def raw(seconds, seed, read_noise=10.0, shape=SHAPE, **options):
    """A raw dark, uint16, in adu."""
    rng = np.random.default_rng(seed)
    rate = np.full(shape, 0.02)
    rate[::7, ::5], rate[3::20, 3::20], rate[2::40, 2::30] = 1.5, 40.0, 5000.0
    electrons = rng.poisson(rate * seconds) + rng.normal(0, read_noise, shape)
    struck = rng.random(shape) < 0.004
    electrons[struck] += rng.exponential(3000, np.count_nonzero(struck))
    adu = np.clip(np.rint(electrons / GAIN + LEVEL), 0, 65535).astype(np.uint16)
    meta = {"EXPTIME": float(seconds), "EGAIN": GAIN, "RDNOISE": read_noise}
    return CCDData(adu, unit="adu", meta=meta, **options)


def masked(seconds, seed, share=0.05, shape=SHAPE):
    """The same with a mask."""
    return raw(seconds, seed, shape=shape, mask=np.random.default_rng(seed + 1000).random(shape) < share)


def uncertain(seconds, seed):
    """The same in electron, floating-point, with an uncertainty, and no other read noise."""
    frame = raw(seconds, seed)
    data = (frame.data.astype(np.float32) - np.float32(LEVEL)) * np.float32(GAIN)
    deviation = np.sqrt(np.maximum(data, 0) + 100.0).astype(np.float32)
    data[5, 5], data[40, 6] = np.nan, np.inf
    return CCDData(data, unit="electron", uncertainty=StdDevUncertainty(deviation), meta={"EXPTIME": float(seconds)})


def sets(make, **numbers_of_frames):
    """Frames of several exposure times: ``t100=3`` are three of 100 s."""
    times = {float(name[1:]): number for name, number in numbers_of_frames.items()}
    return [make(time, int(17 * time) + number) for time in times for number in range(times[time])]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Writes frames as files, each list once, and tells their paths."""
    folder, known = tmp_path_factory.mktemp("frames"), {}

    def write(name, frames, packed=False):
        if name not in known:
            known[name] = [folder / f"{name}-{number}.fits" for number in range(len(frames))]
            for path, frame in zip(known[name], frames, strict=True):
                frame.write(path)
            if packed:
                for path in known[name]:
                    with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb", compresslevel=1) as file:
                        shutil.copyfileobj(plain, file)
                known[name] = [path.with_name(path.name + ".gz") for path in known[name]]
        return known[name]

    return write


BIAS = {"bias": LEVEL * u.adu}
TWO = {"t90": 4, "t600": 5}


def biases(number, read_noise=10.0):
    return [raw(0, 5000 + index, read_noise) for index in range(number)]


def a_master_bias():
    return master_bias(biases(9), add_keyword=None)


def rates(times, number, read_noise=10.0, **options):
    options = {**BIAS, **options}
    return [
        dark_rate([raw(t, int(31 * t) + n, read_noise) for n in range(number)], add_keyword=None, **options)
        for t in times
    ]


# What is done, by a name: a function of the fixture ``written`` that returns one of executor and mem_limit.


def _rate(**settings):
    def of(make_frames, in_files=False, packed=False, bias=None, name=""):
        def prepare(written):
            frames = make_frames()
            options = {**BIAS, **settings, "add_keyword": None}
            if in_files:
                frames = written(name, frames, packed)
            if bias == "memory":
                options["bias"] = a_master_bias()
            if bias == "file":
                (options["bias"],) = written("master", [a_master_bias()])
            return lambda **how: dark_rate(frames, **options, **how)

        return prepare

    return of


def _of_rates(function, make_rates, **options):
    def prepare(written):
        images = make_rates()
        return lambda **how: function(*images, add_keyword=None, **options, **how)

    return prepare


def _scatter():
    return dark_scatter(sets(raw, t300=8), add_keyword=None, **BIAS)


WORK = {
    "rate of files": _rate()(lambda: sets(raw, **TWO), in_files=True, name="two"),
    "rate of packed files": _rate()(lambda: sets(raw, t90=3), in_files=True, packed=True, name="packed"),
    "rate of masked files": _rate()(lambda: sets(masked, t90=5), in_files=True, name="masked"),
    "rate of uncertain files": _rate(bias=None)(lambda: sets(uncertain, t90=9), in_files=True, name="uncertain"),
    "rate of files, bias in a file": _rate()(lambda: sets(raw, t90=20), in_files=True, bias="file", name="twenty"),
    "rate of files, bias in memory": _rate()(lambda: sets(raw, **TWO), in_files=True, bias="memory", name="two"),
    "rate in memory": _rate()(lambda: sets(raw, **TWO)),
    "rate in memory, bias in a file": _rate()(lambda: sets(raw, **TWO), bias="file"),
    "rate in memory, bias in memory": _rate(dtype="float64")(lambda: sets(masked, **TWO), bias="memory"),
    "rate of masked frames": _rate()(lambda: sets(masked, **TWO)),
    "rate of uncertain frames": _rate(bias=None)(lambda: sets(uncertain, **TWO)),
    "rate of eleven exposures": _rate()(lambda: [raw(t, int(t) + n) for t in ELEVEN for n in range(2)]),
    "rate of eleven exposures, masked": _rate(dtype="float64")(lambda: [masked(t, int(t)) for t in ELEVEN]),
    "rate of eleven exposures, R = 0.5": _rate()(lambda: [raw(t, int(t), 0.5) for t in ELEVEN]),
    "rate with free offsets": _rate(offset="pixel", bias=0 * u.adu, dtype="float64")(lambda: sets(raw, **TWO)),
    "rate with free offsets, eleven": _rate(offset="pixel", bias=None)(lambda: [masked(t, int(t)) for t in ELEVEN]),
    "rate, R = 0.5": _rate()(lambda: [raw(t, int(t) + n, 0.5) for t in (90, 600) for n in range(3)]),
    "rate of unequal frames": _rate(clip=4.0, saturation=30000 * u.adu, n_combined=4, check_headers=False)(
        lambda: sets(raw, t90=6)
    ),
    **{
        f"{statistic} of two": _of_rates(compare_dark_rates, lambda: rates((90, 900), 5), statistic=statistic)
        for statistic in ("difference", "significance", "ratio", "offset")
    },
    "significance of two, float64": _of_rates(
        compare_dark_rates, lambda: rates((90, 900), 5, dtype="float64"), statistic="significance", null="empirical"
    ),
    "significance of two, R = 0.5": _of_rates(
        compare_dark_rates, lambda: rates((90, 900), 5, 0.5), statistic="significance"
    ),
    "significance of eleven": _of_rates(compare_dark_rates, lambda: rates(ELEVEN, 3), statistic="significance"),
    "significance of eleven, R = 0.5": _of_rates(
        compare_dark_rates, lambda: rates(ELEVEN, 3, 0.5), statistic="significance", offset=None
    ),
    "difference of eleven, free offsets": _of_rates(compare_dark_rates, lambda: rates(ELEVEN, 3), offset="pixel"),
    "offset of eleven": _of_rates(compare_dark_rates, lambda: rates(ELEVEN, 3), statistic="offset"),
    "mask of one": _of_rates(hot_pixel_mask, lambda: rates((600,), 5)),
    "mask of two": _of_rates(hot_pixel_mask, lambda: rates((90, 900), 5)),
    "mask of two, R = 0.5": _of_rates(hot_pixel_mask, lambda: rates((90, 900), 5, 0.5), fdr=0.01),
    "mask of two, fdr": _of_rates(hot_pixel_mask, lambda: rates((90, 900), 5), fdr=0.01),
    "mask of two, scatter": lambda written: (
        lambda images, scatter: lambda **how: hot_pixel_mask(*images, scatter=scatter, add_keyword=None, **how)
    )(rates((90, 900), 5), _scatter()),
    "mask of two, local background": _of_rates(hot_pixel_mask, lambda: rates((90, 900), 5), background="local"),
    "mask of eleven": _of_rates(
        hot_pixel_mask, lambda: rates(ELEVEN, 3), fdr=0.01, threshold=0.1 * u.electron / u.s
    ),
    "scatter": lambda written: (
        lambda frames: lambda **how: dark_scatter(frames, add_keyword=None, **BIAS, **how)
    )(sets(masked, t300=9)),
    "scatter of files, R = 0.5": lambda written: (
        lambda files: lambda **how: dark_scatter(files, dtype="float64", add_keyword=None, **BIAS, **how)
    )(written("faint", [raw(300, number, 0.5) for number in range(9)])),
    "master bias of files": lambda written: (
        lambda files: lambda **how: master_bias(files, add_keyword=None, **how)
    )(written("bias", biases(12))),
    "master bias in memory": lambda written: (
        lambda frames: lambda **how: master_bias(frames, dtype="float64", add_keyword=None, **how)
    )(biases(5)),
    "repeatability": lambda written: (
        lambda frames: lambda **how: repeatability(frames, add_keyword=None, **BIAS, **how)
    )(sets(masked, t300=9)),
    "repeatability of files": lambda written: (
        lambda files: lambda **how: repeatability(files, add_keyword=None, **BIAS, **how)
    )(written("six", sets(raw, t300=6))),
}  # fmt: skip


@pytest.fixture(scope="module", params=WORK)
def work(request, written):
    """One of `WORK`, ready, and what comes out of it in one block and by one thread."""
    call = WORK[request.param](written)
    with ThreadPoolExecutor(1) as pool:
        return call, call(executor=pool)


@pytest.fixture
def few_pixels(monkeypatch):
    """Small blocks."""
    monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", FEW_PIXELS)


@pytest.fixture(scope="module")
def processes():
    """Pools of processes, of each kind that inherits no threads."""
    methods = [name for name in ("spawn", "forkserver") if name in multiprocessing.get_all_start_methods()]
    pools = [ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(name)) for name in methods]
    yield pools
    for pool in pools:
        pool.shutdown()


def assert_same_bits(first, second):
    for name in ("data", "mask"):
        one, other = getattr(first, name), getattr(second, name)
        np.testing.assert_array_equal(one, other, err_msg=name)
        assert one.dtype == other.dtype
    assert (first.uncertainty is None) == (second.uncertainty is None)
    if first.uncertainty is not None:
        np.testing.assert_array_equal(first.uncertainty.array, second.uncertainty.array, err_msg="uncertainty")
    assert dict(first.meta) == dict(second.meta)


class TestSameBits:
    @pytest.mark.parametrize("pixels", [FEW_PIXELS, 1], ids=["few rows", "a row"])
    def test_whatever_the_blocks(self, work, pixels, monkeypatch):
        call, expected = work
        monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", pixels)
        assert_same_bits(call(), expected)

    def test_whatever_the_number_of_threads_and_the_limit(self, work, few_pixels):
        # What comes out of one thread is known; so little memory is enough for some tasks at a time, not for all.
        call, expected = work
        with ThreadPoolExecutor(3) as pool:
            assert_same_bits(call(executor=pool), expected)
        assert_same_bits(call(mem_limit=2**22), expected)

    def test_processes(self, processes, work, few_pixels):
        call, expected = work
        for pool in processes:
            assert_same_bits(call(executor=pool), expected)

    # Python 3.12 and 3.13 warn where a process forks that has threads.
    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_processes_of_the_system_s_own_kind(self, written, few_pixels):
        call = WORK["rate of files"](written)
        with ProcessPoolExecutor(2) as pool:
            assert_same_bits(call(executor=pool, mem_limit=2**25), call())

    @pytest.mark.parametrize("times", [(90, 600), ELEVEN[:7], ELEVEN], ids=len)
    @pytest.mark.parametrize("offset", [None, "pixel"])
    def test_pixels_looked_at_one_by_one(self, times, offset, monkeypatch):
        # How many are looked at together depends on the number of workers; numpy adds up eight numbers or more of a
        # single pixel in another order than those of many.
        frames = [masked(t, int(t), share=0.002) for t in times]
        options = {"offset": offset, "dtype": "float64", "add_keyword": None, **BIAS}
        expected = dark_rate(frames, **options)
        monkeypatch.setattr("ccdproc_darks._compute.workers._BATCH", 1)
        assert_same_bits(dark_rate(frames, **options), expected)

    @pytest.mark.parametrize("shape", [(75, 1), (1, 75), (3, 25)])
    @pytest.mark.parametrize("times", [(100.0,), ELEVEN], ids=["one", "eleven"])
    def test_images_of_any_shape(self, shape, times, monkeypatch):
        # A block of a single pixel, and one of many.
        frames = [masked(t, int(t) + n, shape=shape) for t in times for n in range(11)]
        expected = dark_rate(frames, dtype="float64", add_keyword=None, **BIAS)
        monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", 1)
        assert_same_bits(dark_rate(frames, dtype="float64", add_keyword=None, **BIAS), expected)


# The mechanism itself.


class Recorder(Executor):
    """Hands everything to another executor, does something after each task, and counts those not done."""

    def __init__(self, pool, after=lambda number: None, work=None):
        self.pool, self.after, self.work, self.futures, self.most = pool, after, work, [], 0

    def submit(self, function, /, *args):
        task = (function, *args) if self.work is None else (self.work, function, *args)
        self.futures.append(self.pool.submit(*task))
        self.most = max(self.most, sum(not future.done() for future in self.futures))
        self.after(len(self.futures))
        return self.futures[-1]


class Job(BlockJob):
    """Puts the number of its row into each pixel."""

    def __init__(self, before=lambda block: None, memory=8):
        self.before, self._memory = before, memory

    def memory(self):
        return self._memory

    def for_rows(self, rows):
        return self

    def block(self, rows, out=None):
        self.before(rows)
        return Block([np.repeat(np.arange(rows.start, rows.stop)[:, None], SHAPE[1], axis=1)])

    def summary(self, rows):
        self.before(rows)
        return rows.start


class InPlace(Job):
    """The same, where the results belong."""

    def block(self, rows, out=None):
        out[0][...] = super().block(rows, out).images[0]
        return Block(out)


@pytest.mark.parametrize("job", [Job(), InPlace()])
@pytest.mark.parametrize("threads", [None, 1, 2, 5])
def test_blocks_come_where_they_belong(threads, job, few_pixels):
    executor = threads and ThreadPoolExecutor(threads)
    image = np.empty(SHAPE)
    fill_images(job, [image], Execution(executor))
    np.testing.assert_array_equal(image, np.arange(SHAPE[0])[:, None] * np.ones(SHAPE[1]))
    assert gather_summaries(Job(), SHAPE, Execution(executor)) == list(range(0, SHAPE[0], 7))


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_how_much_is_done_is_told(threads, few_pixels):
    class Watched:
        def tell(self, part):
            told.append(part)

    execution, told, image = Execution(threads and ThreadPoolExecutor(threads)), [], np.empty(SHAPE)
    with watching(Watched()):
        fill_images(Job(), [image], execution)
    np.testing.assert_array_equal(image, np.arange(SHAPE[0])[:, None] * np.ones(SHAPE[1]))
    assert sorted(told) == [number / 9 for number in range(9)]
    fill_images(Job(), [image], execution)
    assert len(told) == 9


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_each_in_order(threads):
    executor = threads and ThreadPoolExecutor(threads)
    assert Execution(executor).map_in_threads(lambda item: item**2, np.arange(20)) == [item**2 for item in range(20)]
    with pytest.raises(ZeroDivisionError):
        Execution(executor).map_in_threads(lambda item: 1 // (item - 7), range(20))


def test_each_is_not_sent_to_processes():
    class Sender:
        """Not a pool of threads."""

        def submit(self, function, /, *args):
            raise AssertionError("nothing is to be sent")

    assert Execution(Sender()).map_in_threads(len, ["a", "bc"]) == [1, 2]


def test_the_calling_thread_works_too(few_pixels, monkeypatch):
    monkeypatch.setattr("ccdproc_darks._compute.workers._cores", lambda: 2)
    here, seen, both = threading.get_ident(), set(), threading.Barrier(2, timeout=30)

    def before(block):
        if block.start in (0, 7):
            both.wait()
        seen.add(threading.get_ident())

    fill_images(Job(before), [np.empty(SHAPE)], Execution())
    assert here in seen
    assert len(seen) == 2


def test_the_caller_s_executor_is_left_open(written, few_pixels):
    call = WORK["rate of files"](written)
    with ThreadPoolExecutor(2) as pool:
        call(executor=pool)
        assert pool.submit(int, "7").result() == 7


class TestErrors:
    @pytest.fixture(params=["none", "threads", "processes"])
    def pool(self, request):
        if request.param == "none":
            yield None
        elif request.param == "threads":
            with ThreadPoolExecutor(2) as pool:
                yield pool
        else:
            yield request.getfixturevalue("processes")[0]

    @pytest.fixture
    def spoilt(self, monkeypatch):
        """Does something to a file when all is known of it and nothing done with it."""

        def spoil_by(action):
            def spoil_and_fill(*args):
                action()
                return fill_images(*args)

            monkeypatch.setattr("ccdproc_darks.rates.dark_rate.fill_images", spoil_and_fill)

        return spoil_by

    def test_a_file_that_vanishes(self, tmp_path, pool, spoilt, few_pixels):
        frames = [FileFrame(path) for path in self.files(tmp_path)]
        spoilt(frames[1].path.unlink)
        with pytest.raises(OSError, match=r"dark-1\.fits: cannot be read any more .*No such file"):
            dark_rate(frames, executor=pool, **BIAS)

    def test_a_file_that_is_cut_short(self, tmp_path, pool, spoilt, few_pixels):
        paths = self.files(tmp_path)
        spoilt(lambda: os.truncate(paths[2], 2880 * 2 + 1000))
        with pytest.raises(OSError, match=r"dark-2\.fits: changed while it was read"):
            dark_rate(paths, executor=pool, **BIAS)

    def test_and_the_pool_still_works(self, tmp_path, pool, spoilt, few_pixels):
        paths = self.files(tmp_path)
        expected = dark_rate(paths, add_keyword=None, **BIAS)
        whole = paths[2].read_bytes()
        spoilt(lambda: os.truncate(paths[2], 2880 * 2 + 1000))
        with pytest.raises(OSError, match=r"dark-2\.fits: changed"):
            dark_rate(paths, executor=pool, **BIAS)
        spoilt(lambda: None)
        paths[2].write_bytes(whole)
        assert_same_bits(dark_rate(paths, executor=pool, add_keyword=None, **BIAS), expected)

    @staticmethod
    def files(folder):
        paths = [folder / f"dark-{number}.fits" for number in range(3)]
        for number, path in enumerate(paths):
            raw(90, number).write(path)
        return paths

    def test_what_waits_is_cancelled(self, monkeypatch):
        monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", 1)
        # Few tasks at a time, so that some come after the failed one is tried again, behind the first of them.
        monkeypatch.setattr("ccdproc_darks._compute.workers._UNDER_WAY_BYTES", 1)
        monkeypatch.setattr("ccdproc_darks._compute.workers._LEAST_UNDER_WAY", 8)
        begun, more, raised = [], threading.Event(), threading.Event()

        def fail_first(block):
            begun.append(block.start)
            if block.start == 0:
                assert begun.count(0) < 2 or more.wait(60)
                raise ZeroDivisionError("the first block")
            assert begun.count(0) < 2 or raised.wait(60)

        with ThreadPoolExecutor(1) as pool:
            # One that is none of the standard library's is not known to share memory: tasks come a few at a time.
            recorder = Recorder(pool, after=lambda number: number > 12 and more.set())
            with pytest.raises(ZeroDivisionError, match="the first block"):
                gather_summaries(Job(fail_first), SHAPE, Execution(recorder))
            number = len(recorder.futures)
            waiting = [future for future in recorder.futures if not future.cancelled() and not future.done()]
            raised.set()
        assert begun.count(0) == 2
        assert len(begun) - begun.index(0, 1) <= 2
        assert len(waiting) <= 1
        assert any(future.cancelled() for future in recorder.futures)
        assert number == len(recorder.futures) < SHAPE[0]

    @pytest.mark.parametrize("failing", ["once", "always"])
    def test_what_fails_is_tried_once_more(self, failing, few_pixels):
        """In a cluster that may be the cluster; of the system's own threads nothing else is to be expected."""
        tried, error = [], AttributeError("'list' object has no attribute 'with_traceback'")

        class Flaky(Executor):
            """As that of dask 2026.8, for which a result that is lost while it comes is an exception."""

            def submit(self, function, /, *args):
                start, future = args[1].start, Future()
                tried.append(start)
                if failing == "always" or tried.count(start) == 1:
                    future.set_exception(error)
                else:
                    future.set_result(function(*args))
                return future

        image, expected = np.empty(SHAPE), np.empty(SHAPE)
        if failing == "always":
            with pytest.raises(AttributeError, match="with_traceback"):
                fill_images(Job(), [image], Execution(Flaky()))
            assert max(map(tried.count, tried)) == 2
            return
        fill_images(Job(), [image], Execution(Flaky()))
        fill_images(Job(), [expected], Execution())
        np.testing.assert_array_equal(image, expected)
        assert {tried.count(start) for start in tried} == {2}

    @pytest.mark.parametrize(
        ("what", "job"),
        [
            ("rate of files, bias in a file", "rates.rate_job.RateJob"),
            ("rate of masked frames", "rates.rate_job.RateJob"),
            ("master bias of files", "rates.master_bias._BiasJob"),
            ("mask of two", "masks.flagging.FlagJob"),
        ],
    )
    def test_what_is_tried_again_begins_anew(self, what, job, written, monkeypatch):
        """In this very process, where nothing is a copy: neither deferred pixels nor counts of before come again."""
        monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", 3 * SHAPE[1])
        monkeypatch.setattr("ccdproc_darks._compute.workers._LEAST_TASKS", 2)
        call, lost, tried = WORK[what](written), [], []
        monkeypatch.setattr(f"ccdproc_darks.{job}.block", self.failing_at(3, job, lost))

        class InThisThread(Executor):
            def submit(self, function, /, *args):
                future = Future()
                tried.append(args[1])
                try:
                    future.set_result(function(*args))
                except OSError as error:
                    future.set_exception(error)
                return future

        found = call(executor=InThisThread())
        assert len(lost) == 1
        assert len(tried) > len({rows.start for rows in tried})
        monkeypatch.undo()
        assert_same_bits(found, call())

    @staticmethod
    def failing_at(number, name, lost):
        """The same function, that raises once: at a call of a number, when others have left their traces."""
        module, _, kind = name.rpartition(".")
        block, calls = getattr(import_module(f"ccdproc_darks.{module}"), kind).block, []

        def fail(*args):
            result = block(*args)
            calls.append(args)
            if len(calls) == number:
                lost.append(number)
                raise OSError("a file server that was away for a moment")
            return result

        return fail

    def test_a_pool_that_is_gone_hides_no_error(self, few_pixels):
        def fail(block):
            raise ZeroDivisionError("of the work")

        class Once(Executor):
            """Takes no second one."""

            def __init__(self):
                self.taken = set()

            def submit(self, function, /, *args):
                if args[1].start in self.taken:
                    raise RuntimeError("cannot schedule new futures after shutdown")
                self.taken.add(args[1].start)
                future = Future()
                try:
                    future.set_result(function(*args))
                except ZeroDivisionError as error:
                    future.set_exception(error)
                return future

        with pytest.raises(ZeroDivisionError, match="of the work"):
            fill_images(Job(fail), [np.empty(SHAPE)], Execution(Once()))

    def test_what_fails_in_threads_is_not_tried_again(self, few_pixels):
        begun = []

        def fail(block):
            begun.append(block.start)
            raise ZeroDivisionError

        with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
            fill_images(Job(fail), [np.empty(SHAPE)], Execution(pool))
        assert begun == [0]

    def test_what_waits_is_cancelled_in_threads_of_one_s_own(self, monkeypatch):
        monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", 1)
        monkeypatch.setattr("ccdproc_darks._compute.workers._cores", lambda: 2)
        begun, lock = [], threading.Lock()

        def fail(block):
            with lock:
                begun.append(block.start)
            raise ZeroDivisionError(f"row {block.start}")

        with pytest.raises(ZeroDivisionError, match=r"row \d+"):
            fill_images(Job(fail), [np.empty(SHAPE)], Execution())
        assert len(begun) <= 8

    def test_a_future_that_somebody_else_cancelled(self):
        class Cancelled(Executor):
            def submit(self, function, /, *args, **kwargs):
                future = Future()
                future.cancel()
                future.set_running_or_notify_cancel()
                return future

        with pytest.raises(CancelledError):
            fill_images(Job(), [np.empty(SHAPE)], Execution(Cancelled()))

    def test_a_worker_that_dies(self, written, few_pixels):
        # Between two of its tasks; the others are never done, and nobody does them.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:

            def kill_in_the_middle(number):
                if number == 2:
                    pool.submit(signal.raise_signal, signal.SIGKILL)

            call = WORK["rate of files"](written)
            with pytest.raises(BrokenProcessPool, match=r"^executor is broken: one of its workers died") as caught:
                call(executor=Recorder(pool, after=kill_in_the_middle))
            assert isinstance(caught.value.__cause__, BrokenProcessPool)
            # And from then on.
            with pytest.raises(BrokenProcessPool, match=r"^executor is broken: one of its workers died"):
                call(executor=pool)


@pytest.mark.parametrize("carried", [0, 5])
@pytest.mark.parametrize("number", [1, 3])
def test_no_more_under_way_than_the_limit_allows(few_pixels, number, carried):
    # A result of 350 pixels of 8 bytes is here twice, and so are the pixels that go with a task.
    class Carrier(Job):
        def for_rows(self, rows):
            return np.zeros((rows.stop - rows.start, SHAPE[1] * carried)), rows.start

    def worked(function, part, rows, blocks):
        return rows.start, [np.concatenate([Job().block(block).images[0] for block in blocks])], 0

    task = 2 * 8 * FEW_PIXELS * (1 + carried)
    image = np.empty(SHAPE)
    with ThreadPoolExecutor(1) as pool:
        recorder = Recorder(pool, work=worked)
        fill_images(Carrier(), [image], Execution(recorder, number * task + 500))
        np.testing.assert_array_equal(image, np.arange(SHAPE[0])[:, None] * np.ones(SHAPE[1]))
        assert len(recorder.futures) == 9
        assert recorder.most <= number
        with pytest.raises(ValueError, match="at least 1 MiB"):
            fill_images(Carrier(), [image], Execution(recorder, task - 1))


def _anything(function):
    frames = [raw(0 if function is master_bias else 90, number) for number in range(4)]
    if function in (compare_dark_rates, hot_pixel_mask):
        return rates((90, 600), 2)
    return [frames]


@pytest.mark.parametrize(
    "function", [dark_rate, compare_dark_rates, hot_pixel_mask, dark_scatter, master_bias, repeatability]
)
class TestArguments:
    @pytest.fixture
    def call(self, function):
        options = {} if function in (compare_dark_rates, hot_pixel_mask, master_bias) else BIAS
        given = _anything(function)
        return lambda **how: function(*given, **options, **how)

    @pytest.mark.parametrize(("executor", "shown"), [("threads", "str"), (ThreadPoolExecutor, "type"), (0, "int")])
    def test_something_else_than_an_executor(self, call, executor, shown):
        with pytest.raises(TypeError, match=rf"^executor must be .*Executor.*Client\.get_executor\(\).*got {shown}$"):
            call(executor=executor)

    @pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
    def test_an_executor_that_is_shut_down(self, call, kind):
        pool = kind(1)
        pool.shutdown()
        with pytest.raises(ValueError, match=r"^executor must be open to take work, got one that was shut down"):
            call(executor=pool)

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("name", ["", "mine"])
    def test_inside_a_thread_of_the_executor(self, call, threads, name):
        """All of its threads call with it, and none is left to do the work."""
        expected = call(add_keyword=None)
        with ThreadPoolExecutor(threads, name) as pool:
            futures = [pool.submit(call, executor=pool, add_keyword=None) for _ in range(2 * threads)]
            for future in futures:
                assert_same_bits(future.result(timeout=120), expected)

    @pytest.mark.parametrize("limit", ["256", "256 MiB", True, [2**20], b"1"])
    def test_a_limit_that_is_no_number(self, call, limit):
        with pytest.raises(TypeError, match=r"^mem_limit must be a number of bytes or a Quantity in byte, got .+$"):
            call(mem_limit=limit)

    @pytest.mark.parametrize(
        ("limit", "error", "message"),
        [
            (-1, ValueError, r"^mem_limit must be positive \(a Quantity in byte\), got -1.* byte$"),
            (0, ValueError, r"^mem_limit must be positive \(a Quantity in byte\), got 0.* byte$"),
            (-2 * u.Gibyte, ValueError, r"^mem_limit must be positive .*got -2.0 Gibyte$"),
            (np.nan, ValueError, r"^mem_limit must be finite, got nan byte$"),
            (np.inf, ValueError, r"^mem_limit must be finite, got inf byte$"),
            (3 * u.s, u.UnitsError, r"^mem_limit must be a Quantity in byte, got 3.0 s$"),
            ([1, 2] * u.byte, TypeError, r"^mem_limit must be one number .*shape \(2,\)$"),
            (100, ValueError, r"^mem_limit must be at least [1-9]\d* MiB .*got 9.537e-05 MiB$"),
            (0.0001 * u.Mibyte, ValueError, r"^mem_limit must be at least [1-9]\d* MiB .*got 0.0001 MiB$"),
        ],
    )
    def test_a_limit_that_cannot_be(self, call, limit, error, message):
        with pytest.raises(error, match=message):
            call(mem_limit=limit)

    @pytest.mark.parametrize("limit", [2**28, 2.0**28, np.int64(2**28), 256 * u.Mibyte, 2 * u.Gbit, 0.3 * u.GB])
    def test_limits_that_are_well(self, call, limit):
        assert_same_bits(call(mem_limit=limit, add_keyword=None), call(add_keyword=None))


def test_the_least_limit_is_what_the_message_says():
    for pixels in (2**18, 300_000, 77_777):
        job, image = Job(memory=70), np.empty((pixels // 50, 50))
        with pytest.raises(ValueError, match="at least") as caught:
            fill_images(job, [image], Execution(None, 1))
        least = int(str(caught.value).split("at least ")[1].split()[0])
        fill_images(job, [image], Execution(None, least * 2**20))
        with pytest.raises(ValueError, match="at least"):
            fill_images(job, [image], Execution(None, (least - 1) * 2**20 + 1))

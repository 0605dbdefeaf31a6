# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark current, hot pixels and non-proportional pixels of CCD and CMOS sensors, on top of ccdproc.

Begin with ``check_frames``, ``dark_rate`` and ``hot_pixel_mask``; ``help`` of each has an example.
The command ``ccdproc-darks report FOLDER`` (or ``python -m ccdproc_darks``) does all of it for a
folder of frames.

Measure:

    check_frames           whether dark frames can be trusted: a table with one row a check
    dark_rate              dark frames -> dark current of each pixel (electron/s)
    as_dark_rate           a master dark of your own -> the same
    master_bias            bias frames -> master bias and read noise
    read_noise_map         bias frames -> read noise of each pixel
    measure_gain           dark frames -> gain and read noise of the camera
    Amplifier              a section of the image with a gain and a read noise of its own
    dark_scatter           pixels that vary by more than noise between equal frames
    repeatability          do two halves of the frames agree?

Judge:

    hot_pixel_mask         rates -> flags, and the mask of pixels that must not be used
    compare_dark_rates     do rates of several exposure times agree, pixel by pixel?
    proportionality_limit  the rate above which pixels are not proportional to exposure time
    nonlinear_kind         why a pixel is not proportional
    dark_summary           the dark current of a sensor in numbers: a table with one row a quantity
    dark_rate_change       how rates have changed between two nights
    changed_pixels         which pixels have changed between two nights
    doubling_temperature   the rise of temperature that doubles the dark current
    DARK_FLAGS             names and bits of the flags
    NONLINEAR_KINDS        names and codes of the kinds

Use:

    master_dark            rates -> the dark to subtract, for any exposure time
    dark_scale             factor between the dark current in a science frame and in a dark
    write_defects          a mask -> a list of bad pixels for another program
    read_defects           a list of bad pixels of another program -> a mask

Results:

    MeasuredGain           of measure_gain
    ProportionalityLimit   of proportionality_limit
    DarkScale              of dark_scale

Simulate and plan:

    simulate_dark          a dark frame whose true rates are known
    Sensor                 a simulated sensor, the same in every frame
    DarkSequence           many frames of a sensor
    sensor_preset          sensors like those that observers have
    simulation             defects, cosmic rays and glow of simulated sensors
    planning               how many darks, and how long
    temperature            models of dark current against temperature
    plotting               pictures of rates, masks and frames

Warnings, which tell what to do:

    DarkWarning            all of them
    BiasWarning            the bias is still in the frames, or is the wrong one
    ClippingWarning        values are cut off below, or are no counts
    DuplicateFrameWarning  a frame was given twice
    FrameLevelWarning      a frame lies above or below equal ones
    HeaderWarning          a header contradicts itself or its frame
    LightWarning           light has fallen on the frames
    MissingInformationWarning  read noise, number of exposures or detector are not told
    NoUsablePixelWarning   all pixels are masked
    NoiseWarning           frames scatter by more than their noise
    TemperatureWarning     frames of several temperatures
"""

from importlib import import_module

TYPE_CHECKING = False  # as typing has it, whose import takes longer than all of this
if TYPE_CHECKING:  # read by editors and type checkers, which cannot see what __getattr__ finds
    from . import planning as planning
    from . import plotting as plotting
    from . import simulation as simulation
    from . import temperature as temperature
    from ._interface.flags import DARK_FLAGS as DARK_FLAGS
    from ._interface.flags import NONLINEAR_KINDS as NONLINEAR_KINDS
    from ._interface.version import __version__ as __version__
    from ._interface.warnings import BiasWarning as BiasWarning
    from ._interface.warnings import ClippingWarning as ClippingWarning
    from ._interface.warnings import DarkWarning as DarkWarning
    from ._interface.warnings import DuplicateFrameWarning as DuplicateFrameWarning
    from ._interface.warnings import FrameLevelWarning as FrameLevelWarning
    from ._interface.warnings import HeaderWarning as HeaderWarning
    from ._interface.warnings import LightWarning as LightWarning
    from ._interface.warnings import MissingInformationWarning as MissingInformationWarning
    from ._interface.warnings import NoiseWarning as NoiseWarning
    from ._interface.warnings import NoUsablePixelWarning as NoUsablePixelWarning
    from ._interface.warnings import TemperatureWarning as TemperatureWarning
    from .comparison.compare_dark_rates import compare_dark_rates as compare_dark_rates
    from .comparison.dark_rate_change import dark_rate_change as dark_rate_change
    from .comparison.dark_scatter import dark_scatter as dark_scatter
    from .comparison.proportionality_limit import ProportionalityLimit as ProportionalityLimit
    from .comparison.proportionality_limit import proportionality_limit as proportionality_limit
    from .comparison.repeatability import repeatability as repeatability
    from .masks.changed_pixels import changed_pixels as changed_pixels
    from .masks.defects.read_defects import read_defects as read_defects
    from .masks.defects.write_defects import write_defects as write_defects
    from .masks.hot_pixel_mask import hot_pixel_mask as hot_pixel_mask
    from .masks.nonlinear_kind import nonlinear_kind as nonlinear_kind
    from .rates.amplifiers import Amplifier as Amplifier
    from .rates.as_dark_rate import as_dark_rate as as_dark_rate
    from .rates.dark_rate import dark_rate as dark_rate
    from .rates.doubling_temperature import doubling_temperature as doubling_temperature
    from .rates.master_bias import master_bias as master_bias
    from .rates.measure_gain import MeasuredGain as MeasuredGain
    from .rates.measure_gain import measure_gain as measure_gain
    from .rates.read_noise_map import read_noise_map as read_noise_map
    from .reduction.dark_scale import DarkScale as DarkScale
    from .reduction.dark_scale import dark_scale as dark_scale
    from .reduction.master_dark import master_dark as master_dark
    from .report.check_frames import check_frames as check_frames
    from .report.dark_summary import dark_summary as dark_summary
    from .simulation import DarkSequence as DarkSequence
    from .simulation import Sensor as Sensor
    from .simulation import sensor_preset as sensor_preset
    from .simulation import simulate_dark as simulate_dark

# The module of each public name, imported when the name is first used: astropy and ccdproc take most of a second. No
# module may have the name of a function: Python would put it in the function's place as soon as it is imported.
_MODULE_OF = {
    "Amplifier": "rates.amplifiers",
    "BiasWarning": "_interface.warnings",
    "ClippingWarning": "_interface.warnings",
    "DARK_FLAGS": "_interface.flags",
    "DarkScale": "reduction.dark_scale",
    "DarkSequence": "simulation",
    "DarkWarning": "_interface.warnings",
    "DuplicateFrameWarning": "_interface.warnings",
    "FrameLevelWarning": "_interface.warnings",
    "HeaderWarning": "_interface.warnings",
    "LightWarning": "_interface.warnings",
    "MeasuredGain": "rates.measure_gain",
    "MissingInformationWarning": "_interface.warnings",
    "NONLINEAR_KINDS": "_interface.flags",
    "NoUsablePixelWarning": "_interface.warnings",
    "NoiseWarning": "_interface.warnings",
    "ProportionalityLimit": "comparison.proportionality_limit",
    "Sensor": "simulation",
    "TemperatureWarning": "_interface.warnings",
    "__version__": "_interface.version",
    "changed_pixels": "masks.changed_pixels",
    "as_dark_rate": "rates.as_dark_rate",
    "check_frames": "report.check_frames",
    "compare_dark_rates": "comparison.compare_dark_rates",
    "dark_rate": "rates.dark_rate",
    "dark_rate_change": "comparison.dark_rate_change",
    "dark_scale": "reduction.dark_scale",
    "dark_scatter": "comparison.dark_scatter",
    "dark_summary": "report.dark_summary",
    "doubling_temperature": "rates.doubling_temperature",
    "hot_pixel_mask": "masks.hot_pixel_mask",
    "master_bias": "rates.master_bias",
    "master_dark": "reduction.master_dark",
    "measure_gain": "rates.measure_gain",
    "nonlinear_kind": "masks.nonlinear_kind",
    "proportionality_limit": "comparison.proportionality_limit",
    "read_defects": "masks.defects.read_defects",
    "read_noise_map": "rates.read_noise_map",
    "repeatability": "comparison.repeatability",
    "sensor_preset": "simulation",
    "simulate_dark": "simulation",
    "write_defects": "masks.defects.write_defects",
}
_PUBLIC_MODULES = ("planning", "plotting", "simulation", "temperature")

__all__ = [name for name in _MODULE_OF if name != "__version__"]


def __getattr__(name):
    if name not in _MODULE_OF and name not in _PUBLIC_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULE_OF.get(name, name)
    try:
        found = import_module(f".{module}", __name__)
    except AttributeError as error:  # would read as if there were no such name
        raise ImportError(f"cannot import {__name__}.{module}: {error}") from error
    if name in _MODULE_OF:
        found = globals()[name] = getattr(found, name)
    return found


def __dir__():
    return sorted([*_MODULE_OF, *_PUBLIC_MODULES])

"""Arrays that are not numpy's, and images that hold them."""

import numpy as np
from astropy.nddata import CCDData

__all__ = ["Convertible", "Device", "Elsewhere", "Opaque", "holding"]


class Opaque:
    """As little as CCDData asks for; numpy can do nothing with it."""

    def __init__(self, values):
        self._values = np.asarray(values)
        self.shape, self.ndim, self.dtype = self._values.shape, self._values.ndim, str(self._values.dtype)

    def __getitem__(self, index):
        return type(self)(self._values[index])


class Convertible(Opaque):
    """The same, that numpy can convert."""

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype)


class Device(Opaque):
    """The same in the memory of another device, as cupy's and torch's."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")


class Elsewhere(CCDData):
    """A CCDData whose data are such an array whatever was given to it."""

    @property
    def data(self):
        return Convertible(self._data)

    @data.setter
    def data(self, value):
        self._data = value


def holding(image, make, part="data"):
    """A copy of a CCDData, whose data, mask or uncertainty is what ``make`` makes of it."""
    image = image.copy()
    if part == "data":
        image._data = make(image.data)
    elif part == "mask":
        image._mask = make(image.mask)
    else:
        image.uncertainty = type(image.uncertainty)(image.uncertainty.array)
        image.uncertainty._array = make(image.uncertainty.array)
    return image

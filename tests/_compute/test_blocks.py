"""Blocks of rows."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks._compute.blocks import row_blocks, sample_blocks, shifted

shapes = st.tuples(st.integers(1, 5000), st.integers(1, 5000))
memories = st.sampled_from([1, 50, 1000, 10**5, 10**9])


def edges(blocks):
    return [(block.start, block.stop) for block in blocks]


@given(shapes, memories)
def test_every_row_once(shape, memory):
    blocks = edges(row_blocks(shape, memory))
    assert blocks[0][0] == 0
    assert blocks[-1][1] == shape[0]
    assert all(first[1] == second[0] for first, second in pairwise(blocks))


@given(shapes, memories)
def test_few_pixels_or_a_single_row(shape, memory):
    for start, stop in edges(row_blocks(shape, memory)):
        pixels = (stop - start) * shape[1]
        assert stop - start == 1 or (pixels <= 2**18 and pixels * memory <= 2**25)


@given(shapes, st.sampled_from([2**10, 2**16, 2**20]))
def test_samples_are_spread_over_the_image(shape, pixels):
    blocks = edges(sample_blocks(shape, pixels))
    assert blocks == sorted(set(blocks))
    number = sum(stop - start for start, stop in blocks) * shape[1]
    if shape[0] * shape[1] <= pixels:
        assert number == shape[0] * shape[1]
    elif shape[1] < pixels / 100:
        assert pixels / 2 < number < 4 * pixels
        middle = np.mean([(start + stop) / 2 for start, stop in blocks])
        assert abs(middle / shape[0] - 0.5) < 0.1


@given(st.integers(0, 100), st.integers(1, 100), st.integers(0, 100))
def test_rows_of_a_part(start, number, first):
    rows = np.arange(300)
    block = slice(first + start, first + start + number)
    np.testing.assert_array_equal(rows[first:][shifted(block, first)], rows[block])
    assert shifted(slice(None), first) == slice(None)

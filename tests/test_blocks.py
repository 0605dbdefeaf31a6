"""Blocks of rows."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import blocks
from ccdproc_darks.blocks import row_blocks, sample_blocks

sides = st.integers(1, 20000)


@given(sides, sides, st.integers(1, 200))
def test_cover_each_row_once(rows, columns, planes):
    edges = [(block.start, block.stop) for block in row_blocks((rows, columns), planes)]
    assert edges[0][0] == 0
    assert edges[-1][1] == rows
    assert all(stop == start for (_, stop), (start, _) in itertools.pairwise(edges))
    samples = max(stop - start for start, stop in edges) * columns * planes
    assert samples <= max(blocks._SAMPLES_PER_BLOCK, columns * planes)


@given(sides, sides, st.integers(1, 50))
def test_sample(rows, columns, planes):
    chosen = list(sample_blocks((rows, columns), planes))
    every = list(row_blocks((rows, columns), planes))
    assert chosen
    assert all(block in every for block in chosen)
    if rows * columns <= 2**20:
        assert chosen == every


@pytest.mark.parametrize("shape", [(4096, 4096), (2048, 8192), (100000, 100)])
def test_sample_is_spread_and_large_enough(shape):
    chosen = list(sample_blocks(shape, 10))
    pixels = sum(block.stop - block.start for block in chosen) * shape[1]
    assert 0.5 * 2**20 <= pixels <= 3 * 2**20
    assert chosen[0].start < shape[0] / 4
    assert chosen[-1].stop > shape[0] * 3 / 4

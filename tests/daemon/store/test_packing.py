"""What is packed comes back equal."""

from __future__ import annotations

import zlib

import pytest
from fakes.source_records import profile

from daemon.store.packing import pack, pack_load, pack_profile, unpack, unpack_load, unpack_profile
from rules.facts import Estimates, RunLoad, TerrainClass


@pytest.mark.parametrize("terrain", TerrainClass)
def test_a_profile_comes_back_equal(terrain: TerrainClass) -> None:
    told = profile(terrain, dh_m=0.1 + 0.2)
    read = unpack_profile(pack_profile(told))
    assert read == told
    assert dict(read.histogram) == dict(told.histogram)
    assert read.histogram[11, -3, -1, True].rise_m == -0.61
    assert len(read.histogram) == 2


@pytest.mark.parametrize("basis", [None, Estimates(2.8, 3.4, None, 165.5, 4.0)])
def test_a_load_comes_back_equal_with_the_estimates_it_was_measured_with(basis: Estimates | None) -> None:
    load = RunLoad(
        10_000, 3600, None, 12.5, 0.0, 10.4, 9.9, None, TerrainClass.ESTIMATED, 0.1, 0.2, basis=basis
    )
    assert unpack_load(pack_load(load)) == load


@pytest.mark.parametrize(
    "damaged", [b"", b"x", zlib.compress(b"{}"), zlib.compress(b"[1"), zlib.compress(b"7")]
)
def test_damaged_bytes_are_told(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="a stored value is damaged"):
        unpack(damaged)


def test_another_version_is_told() -> None:
    packed = zlib.compress(zlib.decompress(pack({})).replace(b"[1,", b"[2,"))
    with pytest.raises(ValueError, match="has version 2, this program reads 1"):
        unpack(packed)

"""Places within a distance: a box that an index can serve, then the great circle.

https://hl7.org/fhir/R4/location.html#positional
"""

from __future__ import annotations

from math import asin, cos, degrees, radians, sin
from typing import TYPE_CHECKING

from xinglin.record.search.fragments import Float8, Fragment, Int4, joined

if TYPE_CHECKING:
    from xinglin.record.search.values import Near

_EARTH = 6_371_008.8  # metres, mean radius

_CIRCLE = (
    f"{2 * _EARTH} * asin(least(1, sqrt(sin(radians(x.lo - %s) / 2) ^ 2 "
    "+ cos(radians(%s)) * cos(radians(x.lo)) * sin(radians(y.lo - %s) / 2) ^ 2))) <= %s"
)


def within(alias: str, latitude_key: int, longitude_key: int, near: Near) -> Fragment:
    """``alias`` has a position in the circle."""
    reach = degrees(near.metres / _EARTH)
    centre = (Float8(near.latitude), Float8(near.latitude), Float8(near.longitude), Float8(near.metres))
    return joined(
        "",
        (
            Fragment(
                "EXISTS (SELECT FROM record_range x JOIN record_range y ON y.vid = x.vid"
                f" WHERE x.vid = {alias}.vid AND x.key = %s AND y.key = %s AND x.lo BETWEEN %s AND %s",
                (
                    Int4(latitude_key),
                    Int4(longitude_key),
                    Float8(near.latitude - reach),
                    Float8(near.latitude + reach),
                ),
            ),
            _longitudes(near, reach),
            Fragment(f" AND {_CIRCLE})", centre),
        ),
    )


def _longitudes(near: Near, reach: float) -> Fragment:
    """The box's sides; none where it holds a pole, two pieces where it crosses the date line."""
    if abs(near.latitude) + reach >= 90:
        return Fragment("")
    half = degrees(asin(min(1.0, sin(radians(reach)) / cos(radians(near.latitude)))))
    west, east = near.longitude - half, near.longitude + half
    if west < -180 or east > 180:
        bounds = (Float8((west + 180) % 360 - 180), Float8((east + 180) % 360 - 180))
        return Fragment(" AND (y.lo >= %s OR y.lo <= %s)", bounds)
    return Fragment(" AND y.lo BETWEEN %s AND %s", (Float8(west), Float8(east)))

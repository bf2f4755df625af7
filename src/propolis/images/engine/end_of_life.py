"""Until when distributions publish advisories for their releases, free of charge.

After that day "no vulnerability found" only means that nobody looked. Dates are those of the distributions'
own life-cycle pages (Debian with LTS, Ubuntu without its paid extension); a release that is not here is taken
as supported.
"""

from collections.abc import Mapping
from datetime import date

from propolis.images.engine.distributions import major, minor
from propolis.images.model.package import Distribution

_DEBIAN = {
    "3": date(2008, 3, 30), "4": date(2010, 2, 15), "5": date(2012, 2, 6), "6": date(2016, 2, 29),
    "7": date(2018, 5, 31), "8": date(2020, 6, 30), "9": date(2022, 6, 30), "10": date(2024, 6, 30),
    "11": date(2026, 8, 31), "12": date(2028, 6, 30), "13": date(2030, 6, 30),
}  # fmt: skip
_UBUNTU = {
    "12.04": date(2017, 4, 28), "14.04": date(2019, 4, 25), "16.04": date(2021, 4, 30),
    "18.04": date(2023, 5, 31), "20.04": date(2025, 5, 31), "22.04": date(2027, 4, 23),
    "24.04": date(2029, 5, 31), "26.04": date(2031, 5, 31), "20.10": date(2021, 7, 22),
    "21.04": date(2022, 1, 20), "21.10": date(2022, 7, 14), "22.10": date(2023, 7, 20),
    "23.04": date(2024, 1, 25), "23.10": date(2024, 7, 11), "24.10": date(2025, 7, 10),
    "25.04": date(2026, 1, 15), "25.10": date(2026, 7, 9),
}  # fmt: skip
_ALPINE = {
    "2.7": date(2015, 11, 1), "3.0": date(2016, 5, 1), "3.1": date(2016, 11, 1), "3.2": date(2017, 5, 1),
    "3.3": date(2017, 11, 1), "3.4": date(2018, 5, 1), "3.5": date(2018, 11, 1), "3.6": date(2019, 5, 1),
    "3.7": date(2019, 11, 1), "3.8": date(2020, 5, 1), "3.9": date(2020, 11, 1), "3.10": date(2021, 5, 1),
    "3.11": date(2021, 11, 1), "3.12": date(2022, 5, 1), "3.13": date(2022, 11, 1), "3.14": date(2023, 5, 1),
    "3.15": date(2023, 11, 1), "3.16": date(2024, 5, 23), "3.17": date(2024, 11, 22),
    "3.18": date(2025, 5, 9), "3.19": date(2025, 11, 1), "3.20": date(2026, 4, 1), "3.21": date(2026, 11, 1),
    "3.22": date(2027, 5, 1), "3.23": date(2027, 11, 1),
}  # fmt: skip
_RED_HAT = {
    "4": date(2012, 2, 29), "5": date(2017, 3, 31), "6": date(2020, 11, 30), "7": date(2024, 6, 30),
    "8": date(2029, 5, 31), "9": date(2032, 5, 31), "10": date(2035, 5, 31),
}  # fmt: skip
_REBUILDS = {"8": date(2029, 5, 31), "9": date(2032, 5, 31), "10": date(2035, 5, 31)}
_ENDS: Mapping[str, Mapping[str, date]] = {
    "debian": _DEBIAN,
    "ubuntu": _UBUNTU,
    "alpine": _ALPINE,
    "rhel": _RED_HAT,
    "centos": {**_RED_HAT, "8": date(2021, 12, 31), "9": date(2027, 5, 31), "10": date(2030, 1, 1)},
    "almalinux": _REBUILDS,
    "rocky": _REBUILDS,
    "ol": {
        "3": date(2011, 12, 31), "4": date(2013, 2, 28), "5": date(2017, 6, 30), "6": date(2021, 3, 31),
        "7": date(2024, 12, 31), "8": date(2029, 7, 31), "9": date(2032, 6, 30),
    },
    "amzn": {"1": date(2023, 12, 31), "2018": date(2023, 12, 31),
        "2": date(2026, 6, 30), "2023": date(2029, 6, 30)},
    "photon": {
        "1.0": date(2022, 2, 28), "2.0": date(2022, 12, 31), "3.0": date(2024, 3, 1), "4.0": date(2026, 3, 1),
    },
    "mariner": {"1.0": date(2023, 7, 31), "2.0": date(2025, 7, 31)},
    "opensuse-leap": {
        "42.3": date(2019, 6, 30), "15.0": date(2019, 12, 3), "15.1": date(2021, 2, 2),
        "15.2": date(2022, 1, 4),
        "15.3": date(2022, 12, 31), "15.4": date(2023, 12, 7), "15.5": date(2024, 12, 31),
        "15.6": date(2026, 4, 30),
    },
    "sles": {
        "12.5": date(2024, 10, 31), "15.3": date(2022, 12, 31), "15.4": date(2023, 12, 31),
        "15.5": date(2024, 12, 31), "15.6": date(2025, 12, 31), "15.7": date(2031, 7, 31),
    },
}  # fmt: skip


def end_of_life(distribution: Distribution) -> date | None:
    """The last supported day of a release; None where it is not known."""
    ends = _ENDS.get(distribution.id.lower(), {})
    for release in (distribution.version, minor(distribution.version), major(distribution.version)):
        if release in ends:
            return ends[release]
    return None


def is_supported(distribution: Distribution, today: date) -> bool:
    """Whether advisories still appear for a release."""
    ended = end_of_life(distribution)
    return ended is None or today <= ended

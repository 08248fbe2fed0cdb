"""How a process that is ready looks for memory that has come free."""

from __future__ import annotations

import gc


def settle(*thresholds: int) -> None:
    """Look no more through what is loaded by now, and through what is made later only so often.

    ``thresholds`` are those of ``gc.set_threshold``. It concerns the whole process, so it is for who starts one.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds)

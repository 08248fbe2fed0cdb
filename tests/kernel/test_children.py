"""A process beside the server is there as long as the server is, whatever ends it."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from xinglin.kernel import children
from xinglin.kernel.children import Children


def beside(code: str) -> Children:
    """One child that runs this code."""
    made = Children(["word"])
    made._all[0]._command = [sys.executable, "-c", code, "word"]
    return made


def number(made: Children) -> int:
    """The number of the child's process, when there is one."""
    until = time.monotonic() + 20
    while made._all[0]._process is None or made._all[0]._process.poll() is not None:
        assert time.monotonic() < until, "there is no process"
        time.sleep(0.02)
    return made._all[0]._process.pid


def test_one_that_is_killed_is_replaced_and_the_last_one_ends_with_the_server() -> None:
    with beside("import time; time.sleep(300)") as made:
        first = number(made)
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + 20
        while (second := number(made)) == first:
            assert time.monotonic() < until, "it was not replaced"

    assert second != first
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_one_that_always_ends_is_begun_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_LOOK_SECONDS", 1.0)
    made = beside("")
    child, begun = made._all[0], []
    child.begin()

    for look in range(40):
        if child._process is not None:
            child._process.wait()
            begun.append(look)
        child.look()

    assert begun == [0, 1, 2, 7, 22]
    made.__exit__()


def test_no_child_is_no_matter() -> None:
    with Children() as made:
        assert made._watch is None

from __future__ import annotations

import pickle

from xinglin.kernel import errors


def test_a_fault_comes_from_another_process_as_it_was() -> None:
    fault = errors.precondition("%(name)s is taken.", expression="Patient.id", name="a")

    copy = pickle.loads(pickle.dumps(fault))

    assert (copy.kind, copy.issues, copy.precondition) == (fault.kind, fault.issues, True)
    assert str(copy) == "a is taken."

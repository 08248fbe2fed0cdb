"""FHIR's operations (``$name``): the register, and how a request finds its operation.

An operation is a function of the request and the words of its path (type, id), registered with the levels at
which it may be asked. Other packages of this ring register theirs with ``register``.
https://hl7.org/fhir/R4/operations.html
"""

from xinglin.api.operations import codes, everything, feeds, lastn, meta, persons, summary, validate
from xinglin.api.operations.register import (
    OPERATIONS,
    Operation,
    at_instance,
    at_job,
    at_system,
    at_type,
    register,
    register_job,
)

__all__ = [
    "OPERATIONS",
    "Operation",
    "at_instance",
    "at_job",
    "at_system",
    "at_type",
    "codes",
    "everything",
    "feeds",
    "lastn",
    "meta",
    "persons",
    "register",
    "register_job",
    "summary",
    "validate",
]

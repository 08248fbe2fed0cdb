"""The operations on codes: ``$lookup``, ``$validate-code``, ``$subsumes``, ``$expand``, ``$translate``, ``$closure``.

``asking`` is what they have in common; ``statement`` says at ``metadata?mode=terminology`` what there is.
https://hl7.org/fhir/R4/terminology-service.html
"""

from xinglin.api.operations.codes import expanding, looking, relating, statement, validating

__all__ = ["expanding", "looking", "relating", "statement", "validating"]

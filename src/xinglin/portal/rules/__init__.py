"""How one resident's record is put together from what several institutions sent. Pure: FHIR in, values out.

``people`` says who it is and who else is the same person; ``sources`` which institution a datum comes from;
``allergies``, ``problems``, ``medicines``, ``results``, ``immunisations`` and ``documents`` are the parts of
the record; ``timeline`` lays them on one line. Nothing is ever merged away: every value keeps its sources.
"""

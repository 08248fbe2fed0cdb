"""FHIR's interactions, one module for each kind. A handler takes the request and the words of its path.

https://hl7.org/fhir/R4/http.html#summary
"""

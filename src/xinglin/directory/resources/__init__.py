"""How the directory looks as FHIR: ``parts`` makes and reads elements, ``reading`` gives a resource's entry."""

"""Constitution (体质) and preventive care (治未病): what somebody is like, what is advised, what is due, what may come.

An *instrument* is a list of questions with types that they count for: data, versioned (``instruments``). ``scoring``
makes a *result* of answers: a score and a verdict for each type, and doubts that somebody should look at. ``guidance``
says what is advised. A result is written to the record as a QuestionnaireResponse and an Observation
(``resources``, ``actions``) and read from there (``queries``): over years it is a history with a trend, and
``prediction`` says what may come, with how sure that is. *Programmes* (``programmes``) say what is due when for groups
of people; enrolments and services are rows, from which ``rates`` counts what the authorities ask for.

Start reading at ``instruments`` and ``scoring``.
"""

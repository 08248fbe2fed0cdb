"""How the platform is put together and started: settings, URLs, the two servers, the command line.

``command`` is what ``xinglin`` runs, ``embedded`` starts the platform's own PostgreSQL when no
``DATABASE_URL`` names another, ``settings`` is Django's.
"""

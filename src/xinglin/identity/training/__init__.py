"""Learning the weights from Patients whose persons nobody knows, with Splink; offline, an optional extra.

``columns`` flattens Patients to a table, ``model`` describes our levels to Splink and estimates them, ``weights_file``
writes what was learned as a new weights file, ``audit`` compares our links with Splink's.
"""

"""How good the matcher is: Patients whose persons are known go through it, and its answers are counted.

``arrival`` takes Patients one after another as the write path does, in memory; ``measures`` counts right and wrong;
``files`` reads Patients and their truth; ``febrl`` runs the two public data sets beside other matchers.
"""

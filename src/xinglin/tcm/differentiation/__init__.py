"""Syndrome differentiation: from what a patient shows to elements, syndromes and treatment, each with its evidence."""

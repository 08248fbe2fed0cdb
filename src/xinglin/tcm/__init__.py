"""Chinese medicine: its knowledge, syndrome differentiation, safety of prescriptions, constitution."""

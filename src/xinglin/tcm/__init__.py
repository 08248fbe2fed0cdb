"""Chinese medicine: knowledge, syndrome differentiation, safety of prescriptions, constitution, clinics' own systems."""

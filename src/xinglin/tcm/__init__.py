"""Chinese medicine: knowledge, differentiation, safety of prescriptions, constitution, clinics' own systems."""

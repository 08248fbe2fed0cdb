"""The pages of the clinic, one module a workplace."""

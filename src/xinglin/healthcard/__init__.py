"""The resident's health card: issued to a person, shown as a short-lived code, verified at a counter."""

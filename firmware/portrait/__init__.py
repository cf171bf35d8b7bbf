"""Portraits: who finds the subject, and what of a portrait is kept."""

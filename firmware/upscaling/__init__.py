"""Pictures at hand, whoever took them, at a larger size."""

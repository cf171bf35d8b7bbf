"""Trains the judge of the light's colour on labelled pictures, and measures it on photographers it has not seen."""

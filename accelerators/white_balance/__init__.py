"""The learned judge of the light's colour."""

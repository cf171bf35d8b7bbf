"""How the shipped weights were made. Needs the `training` extra; the camera needs none of it."""

"""How the networks that this project ships are made. Nothing of it runs in the camera."""

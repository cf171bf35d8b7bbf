"""The camera: sensors, buttons, ring of raw frames, modes, darkroom, card, control socket, command line."""

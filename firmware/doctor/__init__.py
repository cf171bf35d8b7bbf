"""What is wrong with this camera, and the command that mends it."""

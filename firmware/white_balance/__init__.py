"""The photographer's say in white balance: what is chosen, locked and kept, and who judges the light."""

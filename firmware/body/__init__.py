"""What the photographer's hand touches: buttons, status light, power."""

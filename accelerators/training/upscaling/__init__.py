"""Training of the network that draws a picture at twice the size, from Kodak's photographs and pictures made here."""

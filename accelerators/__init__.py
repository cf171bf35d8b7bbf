"""Networks: run a model on the Edge TPU or the CPU, and say what its answer means for the picture."""

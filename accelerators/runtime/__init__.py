"""Running one network: on the Edge TPU in a child process, or on the CPU."""

"""The Unix socket: who may ask, how it is asked, and what is answered."""

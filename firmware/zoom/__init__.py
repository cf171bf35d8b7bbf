"""The zoom mode: how far it goes, how its bursts are planned, and what becomes of them."""

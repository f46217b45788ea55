"""Trained components: what they read, how they decide, and how their files are kept."""

"""Sandboxes: bubblewrap, docker and the plain process, and what they share."""

"""Spiking networks trained on the principal components of a driven rate network."""

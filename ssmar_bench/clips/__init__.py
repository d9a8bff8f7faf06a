"""Decodes the videos of a manifest once into a store, and serves augmented views of them as tensors."""

"""Decodes the videos of a split once into a frame cache, and serves augmented views of them as tensors."""

"""Builds the manifest of a labelled ratio and a seed from an index and a benchmark's definition."""

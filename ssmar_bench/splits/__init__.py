"""Builds the split of a labelled ratio and a seed from an index and a benchmark config."""

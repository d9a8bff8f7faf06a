"""Executes one RunSpec: data, loop, evaluation, pseudo-label log, checkpoints. Never sees a hidden label."""

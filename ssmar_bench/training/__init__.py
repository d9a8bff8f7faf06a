"""Executes one RunSpec: data, loop, evaluation, pseudo-label ledger, checkpoints. Never sees a hidden label."""

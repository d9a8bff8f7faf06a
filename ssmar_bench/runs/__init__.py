"""Plans a grid, prepares its data, executes it on this machine and records what came out."""

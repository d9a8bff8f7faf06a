"""Plans a grid, prepares its data, executes it here or on a cluster, and records what came out."""

"""Small functions that several algorithms are put together from."""

"""Checks that every algorithm passes, ours and a user's: a tiny problem to try a method on without any data."""

"""The plain types that the rooms hand each other; this room imports no other room."""

"""The plain types that all packages share; this one imports none of them."""

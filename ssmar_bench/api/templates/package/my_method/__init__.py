"""My method, a semi-supervised method for ssmar-bench."""

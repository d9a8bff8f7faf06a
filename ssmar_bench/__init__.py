"""ssmar-bench: which semi-supervised method recognises micro-actions best from few labels?"""

__version__ = "0.2.0.dev0"

"""Data frames into Markdown, LaTeX, CSV, PNG and PDF; imports ``results`` and ``core`` alone, and never torch."""

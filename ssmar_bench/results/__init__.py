"""Run records into data frames and statistics; never imports torch."""

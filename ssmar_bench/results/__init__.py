"""Run records into data frames and statistics; imports ``core`` alone, and never torch."""

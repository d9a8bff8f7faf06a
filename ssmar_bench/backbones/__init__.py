"""Networks from clips (B, T, 3, H, W) to pooled clip features and logits, by name."""

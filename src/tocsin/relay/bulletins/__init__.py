"""What the public may read: signed heads and their six words, to compare by any channel."""

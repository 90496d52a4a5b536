"""What patients were told of the DMP, and what they said."""

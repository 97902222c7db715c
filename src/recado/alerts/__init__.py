"""What somebody has to be told: raised once for each matter, open until it is over."""

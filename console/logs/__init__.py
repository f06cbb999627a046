"""Log records as the console keeps and filters them."""

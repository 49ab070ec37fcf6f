"""bigcharge: off-session charging for BigCommerce, each order exactly once."""

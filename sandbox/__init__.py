"""A BigCommerce in a box and a local cloud: where bigcharge is run and judged; never deployed."""

"""`bigcharge sandbox`: runs a BigCommerce in a box, and speaks with one that runs."""

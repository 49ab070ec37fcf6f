"""A BigCommerce in a box: real HTTP on loopback, as strict as the documents, with a gateway's book as judge."""

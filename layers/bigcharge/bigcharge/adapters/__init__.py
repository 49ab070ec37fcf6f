"""How the system reaches the world: BigCommerce, the tables, the queues, the stores' credentials, the bus."""

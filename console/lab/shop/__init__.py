"""The shop: catalog, orders, payments, a worker, and the world outside that buys, charges and takes mail."""

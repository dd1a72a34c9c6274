"""The domains of an order and their registrar."""

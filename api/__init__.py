"""The order API: records customers, orders and domains, and hands accepted orders to the agents."""

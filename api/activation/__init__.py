"""How an order becomes a contract: the code by SMS, the acceptance."""

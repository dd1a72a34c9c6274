"""The risk check (*Risikoüberprüfung*): facts of an order, rules about them, and what is offered."""

"""What is told to people: the outbox, mails and short messages."""

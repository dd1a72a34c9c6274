"""What customers owe: receivables and their movements, direct debits, what came back, the journal for bookkeeping."""

"""Service entries, the invoice run, e-invoices, debits."""

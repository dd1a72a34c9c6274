"""The documents of an invoice: data by EN 16931, paper as PDF/A-3 with the data inside, and the rules they keep."""

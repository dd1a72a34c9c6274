"""What a customer does, and what a customer's phone, browser and mail program do.

Everything here works from outside a hosting server: it knows the public HTTP interface, the addresses that the order
page names and the protocols behind them. Nothing here imports the product.
"""

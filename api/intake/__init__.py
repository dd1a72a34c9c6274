"""What a customer hands in: the form, its checks, the cart."""

"""What customers see and do: the page of their order, the code, the withdrawal."""

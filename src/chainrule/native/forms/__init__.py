"""The native form of every rule that has one; table.py lists them."""

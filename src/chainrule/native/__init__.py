"""Training steps as one graph of small operations, run natively. docs/native.md tells how."""

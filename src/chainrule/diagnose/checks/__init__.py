"""One law in each file: what must hold in a step that can learn, and what is said where it does not."""

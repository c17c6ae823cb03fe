"""What is noted of a recorded step beside its graph, for a diagnosis: nothing else depends on it."""

"""Watching: the only room that hooks into torch. It turns a training script into Steps and changes nothing.

watcher.py decides when; recorder.py writes down the calls of one step; graph.py adds what autograd sent; script.py runs
the user's script.
"""

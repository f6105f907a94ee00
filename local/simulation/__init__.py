"""A simulation of the whole: many producers, the four functions with a queue in several environments each, and fakes
for everything that they call, in simulated time and with faults at random.

All chance comes from one seed, so that a seed replays what it found.
"""

"""Work that would take minutes of waiting, in simulated time: computing takes its time, waiting is skipped.

SendGrid is in the function's process, where it sees the same clock. Its latency and AWS's are real, so that what
happens side by side happens so here.
"""

"""Hosts and the guests they run. Time comes in through the two-member `Clock` protocol."""

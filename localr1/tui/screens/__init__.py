"""Screens: they arrange widgets and turn keys into session calls."""

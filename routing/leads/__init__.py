"""Leads: who may buy, whose they are, and how soon Sales takes them up."""

"""Tests of Otklik."""

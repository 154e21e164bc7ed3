"""The course of the first hour: its steps, what they run, and the glossary."""

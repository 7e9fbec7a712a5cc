"""The numbers: the normalized transformer, its training, and what it writes down.

This package sits on the ground floor. It imports neither `scenes` nor `ngpt_film`, and it imports
torch only in the modules that run a model, so that rendering needs no torch.
"""

"""The pictures: scenes that stage recorded numbers. They compute nothing and never import torch."""

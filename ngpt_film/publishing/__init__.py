"""A film as it is given to others: media, texts, a page, slides, and a manifest of all of it."""

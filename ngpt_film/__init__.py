"""The film: the command, the camera and encoder, shots and what is published of them."""

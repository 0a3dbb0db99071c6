"""The witness's static page: files built with the package and served as they are, to whoever asks."""

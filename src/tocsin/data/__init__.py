"""Facts that travel with the package, cited in `README.md` beside them."""

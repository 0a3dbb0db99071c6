"""The relay's paths below /c/<coalition>/ (docs/formats.md section 6): `door` lets in; a module per thing."""

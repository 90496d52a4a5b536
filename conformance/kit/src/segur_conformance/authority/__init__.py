"""An authority between the target and Pro Santé Connect: it passes everything on, with one thing wrong at a time."""

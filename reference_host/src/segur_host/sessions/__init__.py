"""Who is signed in, by which means, until when."""

"""What is put to the test, behind one conversation."""

"""The DMP, stateful and strict: existence test, feeding, search by reference, deletion of one's own documents."""

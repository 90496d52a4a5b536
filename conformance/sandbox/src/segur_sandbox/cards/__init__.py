"""Virtual carte Vitale 2 cards in virtual readers, answering real APDUs over loopback TCP."""

"""Smart cards without I/O: channel, commands, status words, TLV, ATR."""

"""Virtual cards that PC/SC takes for real ones: pcscd, the virtual reader of vsmartcard (vpcd), a process per card."""

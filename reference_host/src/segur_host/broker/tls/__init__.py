"""The host's one policy of TLS: how a context is made, what a server has to prove, what a refusal is called."""

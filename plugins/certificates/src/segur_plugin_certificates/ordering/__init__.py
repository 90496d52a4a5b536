"""The ordering assistant: eleven steps from the contract to the certificate in service, stopped and resumed at will."""

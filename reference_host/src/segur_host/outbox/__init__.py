"""What was let through the gate and is not settled yet: kept until it is sent, refused or taken back."""

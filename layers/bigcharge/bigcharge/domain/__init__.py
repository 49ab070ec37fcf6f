"""Pure rules: charge states, declines, policy, instruments, events, money. Standard library only."""

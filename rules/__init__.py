"""What niggled knows about knees and load: pure functions of (history, policy, now), standard library only."""

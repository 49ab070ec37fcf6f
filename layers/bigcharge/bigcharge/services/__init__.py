"""What the system does: intake, charging, settling, instrument sync, sweeping. It reaches the world through ports."""

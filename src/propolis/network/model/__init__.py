"""What a NetworkPolicy, an endpoint and an exposure are; parsing refuses what the API server refuses."""

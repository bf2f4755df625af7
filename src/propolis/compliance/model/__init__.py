"""What a check, a pod as checks see it, a role and a risky grant are; data without judgement."""

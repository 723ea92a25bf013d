package client

// MayBeSpelling is to come.
func MayBeSpelling(_, _ string) bool { return false }

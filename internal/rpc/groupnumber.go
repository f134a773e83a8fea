package rpc

// GroupUIN is the account number behind a group code
// (docs/protocol/operations.md 4.6).
func GroupUIN(code uint64) uint64 {
	left := code / 1000000
	switch {
	case left <= 10:
		left += 202
	case left <= 19:
		left += 469
	case left <= 66:
		left += 2080
	case left <= 156:
		left += 1943
	case left <= 209:
		left += 1990
	case left <= 309:
		left += 3890
	case left <= 499:
		left += 3490
	}
	return left*1000000 + code%1000000
}

package logs

import "sort"

// Explanation says what an error code of a sign-in means.
type Explanation struct {
	Name   string `json:"name"`   // a short name of this project's, in snake_case
	Reason string `json:"reason"` // what happened
	Advice string `json:"advice"` // what a help desk can do about it
}

// ErrorCode returns what is known of the number in status.errorCode; 0 is
// success. It reads and allocates nothing, so it may be asked per record.
func ErrorCode(n int64) (Explanation, bool) {
	i := sort.Search(len(errorCodes), func(i int) bool { return errorCodes[i].code >= n })
	if i < len(errorCodes) && errorCodes[i].code == n {
		return errorCodes[i].Explanation, true
	}
	return Explanation{}, false
}

// ErrorCodes returns the codes that ErrorCode knows, in ascending order.
func ErrorCodes() []int64 {
	out := make([]int64, len(errorCodes))
	for i, e := range errorCodes {
		out[i] = e.code
	}
	return out
}

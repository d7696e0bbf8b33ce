package expr

import (
	"strings"

	"github.com/agext/levenshtein"
)

// Suggest returns the one of among that is nearest to given, or "" if none is
// near enough to have been meant. Of equals the first is taken.
func Suggest(given string, among []string) string {
	best, least := "", max(2, len(given)/3)+1
	if len(given) <= 2 {
		least = 2
	}
	lower := strings.ToLower(given)
	for _, name := range among {
		if name == given {
			continue
		}
		if d := levenshtein.Distance(lower, strings.ToLower(name), nil); d < least {
			best, least = name, d
		}
	}
	return best
}

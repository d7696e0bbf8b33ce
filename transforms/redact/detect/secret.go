package detect

import "bytes"

// leastToken is the length from which a text behind "Bearer" or "sig=" is a
// secret and no word.
const leastToken = 16

// jwtEnd returns the end of the JSON web token at i: two or three parts in
// base64url, the first of which begins as {" does.
func jwtEnd(t []byte, i int) int {
	if !bytes.HasPrefix(t[i:], []byte("eyj")) {
		return 0
	}
	end, parts := i, 0
	for parts < 5 {
		start := end
		for end < len(t) && (alnum(t[end]) || t[end] == '-' || t[end] == '_') {
			end++
		}
		if parts < 2 && end-start < 4 {
			break
		}
		parts++
		if end+1 >= len(t) || t[end] != '.' || !alnum(t[end+1]) && t[end+1] != '-' && t[end+1] != '_' {
			break
		}
		end++
	}
	if parts < 2 {
		return 0
	}
	return end
}

// bearerEnd returns the end of the token at i.
func bearerEnd(t []byte, i int) int {
	end, digits := i, 0
	for end < len(t) && tokenByte(t[end]) {
		if t[end]-'0' < 10 {
			digits++
		}
		end++
	}
	for end > i && t[end-1] == '.' {
		end--
	}
	if end-i < leastToken || digits == 0 {
		return 0
	}
	return end
}

func tokenByte(c byte) bool {
	return alnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '+' || c == '/' || c == '='
}

// signatureEnd returns the end of the signature at i, as shared access URLs have
// it.
func signatureEnd(t []byte, i int) int {
	end := i
	for end < len(t) && (alnum(t[end]) || t[end] == '+' || t[end] == '/' || t[end] == '=' || t[end] == '-' || t[end] == '_' || t[end] == '%') {
		end++
	}
	if end-i < leastToken {
		return 0
	}
	return end
}

package detect

// digitsOf collects the digits at i, with single spaces or dashes between them
// (one kind only), and returns where they end.
func digitsOf(t []byte, i int, buf []byte) (digits []byte, end int) {
	sep := byte(0)
	for end = i; end < len(t) && len(buf) < cap(buf); {
		c := t[end]
		switch {
		case c-'0' < 10:
			buf = append(buf, c-'0')
			end++
			continue
		case (c == ' ' || c == '-') && (sep == 0 || sep == c) && end+1 < len(t) && t[end+1]-'0' < 10:
			sep = c
			end++
			continue
		}
		break
	}
	return buf, end
}

// cardEnd returns the end of the payment card number at i: a known issuer's
// prefix and length, and the check digit of Luhn.
func cardEnd(t []byte, i int) int {
	if c := t[i]; c < '2' || c > '6' || i > 1 && (t[i-1] == '-' || t[i-1] == '.') && wordByte(t[i-2]) {
		return 0
	}
	var room [20]byte
	d, end := digitsOf(t, i, room[:0])
	if len(d) < 13 || len(d) > 19 || !issued(d) || !luhn(d) {
		return 0
	}
	if !ends(t, end) || end+1 < len(t) && (t[end] == '-' || t[end] == '.') && wordByte(t[end+1]) {
		return 0
	}
	return end
}

// issued reports whether cards with these digits' prefix have that many.
func issued(d []byte) bool {
	two, four := int(d[0])*10+int(d[1]), int(d[0])*1000+int(d[1])*100+int(d[2])*10+int(d[3])
	switch n := len(d); {
	case d[0] == 4:
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return n == 16
	case two == 34 || two == 37:
		return n == 15
	case two == 36 || two == 38 || two == 39 || four >= 3000 && four <= 3059:
		return n >= 14
	case four >= 3528 && four <= 3589, four == 6011, two == 65, four >= 6440 && four <= 6499, two == 62:
		return n >= 16
	case two == 50 || two >= 56 && two <= 58 || two == 60 || two == 63 || two == 67:
		return n >= 16 // Maestro has shorter ones, which ids look like
	}
	return false
}

func luhn(d []byte) bool {
	sum := 0
	for k := range d {
		v := int(d[len(d)-1-k])
		if k%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// ssnEnd returns the end of the US social security number at i: three, two and
// four digits with dashes or spaces, in an area that was ever given out.
func ssnEnd(t []byte, i int) int {
	const length = 11
	if i+length > len(t) || t[i+3] != '-' && t[i+3] != ' ' || t[i+6] != t[i+3] || !ends(t, i+length) {
		return 0
	}
	for k, c := range t[i : i+length] {
		if k != 3 && k != 6 && c-'0' >= 10 {
			return 0
		}
	}
	area, group, serial := string(t[i:i+3]), string(t[i+4:i+6]), string(t[i+7:i+11])
	if area == "000" || area == "666" || area[0] == '9' || group == "00" || serial == "0000" {
		return 0
	}
	if i > 1 && (t[i-1] == '-' || t[i-1] == '.') && wordByte(t[i-2]) {
		return 0
	}
	if t[i+3] == ' ' { // bare groups of digits are rarely one
		if w := wordBefore(t, i, 1); string(w) != "ssn" && string(w) != "security" {
			return 0
		}
	}
	return whole(t, i+length, '-')
}

// ibanLengths are by country: the registry of SWIFT.
var ibanLengths = map[[2]byte]int{
	{'a', 'd'}: 24, {'a', 'e'}: 23, {'a', 'l'}: 28, {'a', 't'}: 20, {'a', 'z'}: 28, {'b', 'a'}: 20, {'b', 'e'}: 16, {'b', 'g'}: 22, {'b', 'h'}: 22,
	{'b', 'i'}: 27, {'b', 'r'}: 29, {'b', 'y'}: 28, {'c', 'h'}: 21, {'c', 'r'}: 22, {'c', 'y'}: 28, {'c', 'z'}: 24, {'d', 'e'}: 22, {'d', 'j'}: 27,
	{'d', 'k'}: 18, {'d', 'o'}: 28, {'e', 'e'}: 20, {'e', 'g'}: 29, {'e', 's'}: 24, {'f', 'i'}: 18, {'f', 'k'}: 18, {'f', 'o'}: 18, {'f', 'r'}: 27,
	{'g', 'b'}: 22, {'g', 'e'}: 22, {'g', 'i'}: 23, {'g', 'l'}: 18, {'g', 'r'}: 27, {'g', 't'}: 28, {'h', 'n'}: 28, {'h', 'r'}: 21, {'h', 'u'}: 28,
	{'i', 'e'}: 22, {'i', 'l'}: 23, {'i', 'q'}: 23, {'i', 's'}: 26, {'i', 't'}: 27, {'j', 'o'}: 30, {'k', 'w'}: 30, {'k', 'z'}: 20, {'l', 'b'}: 28,
	{'l', 'c'}: 32, {'l', 'i'}: 21, {'l', 't'}: 20, {'l', 'u'}: 20, {'l', 'v'}: 21, {'l', 'y'}: 25, {'m', 'c'}: 27, {'m', 'd'}: 24, {'m', 'e'}: 22,
	{'m', 'k'}: 19, {'m', 'n'}: 20, {'m', 'r'}: 27, {'m', 't'}: 31, {'m', 'u'}: 30, {'n', 'i'}: 28, {'n', 'l'}: 18, {'n', 'o'}: 15, {'o', 'm'}: 23,
	{'p', 'k'}: 24, {'p', 'l'}: 28, {'p', 's'}: 29, {'p', 't'}: 25, {'q', 'a'}: 29, {'r', 'o'}: 24, {'r', 's'}: 22, {'r', 'u'}: 33, {'s', 'a'}: 24,
	{'s', 'c'}: 31, {'s', 'd'}: 18, {'s', 'e'}: 24, {'s', 'i'}: 19, {'s', 'k'}: 24, {'s', 'm'}: 27, {'s', 'o'}: 23, {'s', 't'}: 25, {'s', 'v'}: 28,
	{'t', 'l'}: 23, {'t', 'n'}: 24, {'t', 'r'}: 26, {'u', 'a'}: 29, {'v', 'a'}: 22, {'v', 'g'}: 24, {'x', 'k'}: 20, {'y', 'e'}: 30,
}

// ibanEnd returns the end of the account number at i, which has two letters and
// two digits there: the country's length, and a remainder of 1.
func ibanEnd(t []byte, i int) int {
	want, ok := ibanLengths[[2]byte{t[i], t[i+1]}]
	if !ok {
		return 0
	}
	n, end, sum := 0, i, 0
	for ; end < len(t) && n < want; end++ {
		c := t[end]
		if c == ' ' || c == '-' {
			if n%4 != 0 || end+1 >= len(t) || !alnum(t[end+1]) {
				return 0
			}
			continue
		}
		v := int(c - '0')
		switch {
		case c-'a' < 26:
			v = int(c-'a') + 10
		case c-'0' >= 10:
			return 0
		}
		if n >= 4 { // the first four characters come last
			sum = appendMod(sum, v)
		}
		n++
	}
	if n < want || !ends(t, end) {
		return 0
	}
	for k := range 4 {
		v := int(t[i+k] - '0')
		if t[i+k]-'a' < 26 {
			v = int(t[i+k]-'a') + 10
		}
		sum = appendMod(sum, v)
	}
	if sum != 1 {
		return 0
	}
	return end
}

// appendMod appends the one or two digits of v to a number modulo 97.
func appendMod(m, v int) int {
	if v > 9 {
		return (m*100 + v) % 97
	}
	return (m*10 + v) % 97
}

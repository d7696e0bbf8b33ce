package detect

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// longestLocal bounds how far to the left of an at sign a name may begin.
const longestLocal = 192

// at tries what the at sign at i, n bytes long, stands in.
func (f *Finder) at(i, n int) {
	if f.login(i) {
		return
	}
	if !f.set.Has(Email) {
		return
	}
	start := localStart(f.Flat, i)
	if start == i {
		return
	}
	end := domainEnd(f.Flat, i+n)
	if end == 0 {
		return
	}
	f.add(Email, quoted(f.Flat, start, i, end), end)
}

// localStart returns where the name before the at sign at i begins, i if there
// is none.
func localStart(t []byte, i int) int {
	start := i
	var right rune // what stands right of the place looked at
	for start > 0 && i-start < longestLocal {
		r, n := utf8.DecodeLastRune(t[:start])
		if !letterRune(r) && (r >= utf8.RuneSelf || !localMark(byte(r))) {
			break
		}
		// Where words are not set apart, a name in Latin begins behind them.
		if unspaced(r) && right != 0 && right < utf8.RuneSelf && alnum(byte(right)) {
			break
		}
		start, right = start-n, r
	}
	// A name begins with a letter or digit, or an underscore; #ext# has a name
	// before it.
	for start < i {
		r, n := utf8.DecodeRune(t[start:])
		if letterRune(r) || r == '_' {
			break
		}
		start += n
	}
	return start
}

// localMark is the punctuation that a user principal name may have.
func localMark(c byte) bool {
	switch c {
	case '.', '_', '-', '+', '#', '\'', '!', '^', '~', '`':
		return true
	}
	return false
}

// unspaced reports whether r is of a script that is written without spaces, or
// with particles that touch what they follow.
func unspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Hangul)
}

// quoted moves the start behind a quote that opens around the address, as in
// eq'adele@contoso.com'.
func quoted(t []byte, start, at, end int) int {
	if end < len(t) && t[end] == '\'' && (start == 0 || t[start-1] != '\'') {
		if k := bytes.LastIndexByte(t[start:at], '\''); k >= 0 && start+k+1 < at {
			return start + k + 1
		}
	}
	return start
}

// domainEnd returns the end of the domain at i, 0 if there is none: labels of
// any script with dots between them, of which the last is no number.
func domainEnd(t []byte, i int) int {
	first := i
	end := 0 // behind the last label that may be the last
	labels := 0
	for labels < 16 {
		stop, ascii, wide := labelEnd(t, i)
		if stop == i || stop-i > 190 {
			break
		}
		labels++
		if labels > 1 {
			if e := topLevel(t, i, stop, ascii, wide); e > 0 {
				end = e
				if e < stop {
					break // something else touches it
				}
			}
		}
		if stop+1 >= len(t) || t[stop] != '.' {
			break
		}
		i = stop + 1
	}
	if end == 0 || fileName(t[first:end]) || bytes.HasPrefix(t[first:], []byte("odata.")) {
		return 0
	}
	return end
}

// labelEnd returns the end of the letters, digits and hyphens at i, where the
// ASCII at their beginning ends, and whether there is anything else.
func labelEnd(t []byte, i int) (end, ascii int, wide bool) {
	for end = i; end < len(t); {
		if c := t[end]; c < utf8.RuneSelf {
			if !alnum(c) && (c != '-' || end == i || end+1 >= len(t) || !alnum(t[end+1]) && t[end+1] != '-' && t[end+1] < utf8.RuneSelf) {
				break
			}
			end++
			continue
		}
		r, n := utf8.DecodeRune(t[end:])
		if !letterRune(r) {
			break
		}
		if !wide {
			wide, ascii = true, end
		}
		end += n
	}
	if !wide {
		ascii = end
	}
	return end, ascii, wide
}

// topLevel returns where the label t[i:end] ends as a top-level domain, 0 if it
// is none. Letters of another script that touch one in ASCII belong to the
// sentence.
func topLevel(t []byte, i, end, ascii int, wide bool) int {
	if wide && ascii > i {
		if latin(t[ascii:end]) {
			return end
		}
		end = ascii
	} else if wide {
		return end
	}
	if bytes.HasPrefix(t[i:end], []byte("xn--")) {
		return end
	}
	if end-i < 2 || end-i > 24 {
		return 0
	}
	for _, c := range t[i:end] {
		if c-'a' >= 26 {
			return 0
		}
	}
	return end
}

// latin reports whether the first letter of s is a Latin one.
func latin(s []byte) bool {
	r, _ := utf8.DecodeRune(s)
	return unicode.Is(unicode.Latin, r) || unicode.Is(unicode.M, r)
}

// fileName reports whether a domain is the second half of a file's name, such
// as logo@2x.png.
func fileName(d []byte) bool {
	if len(d) < 4 || d[0]-'0' >= 10 || d[1] != 'x' || d[2] != '.' {
		return false
	}
	switch string(d[3:]) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "bmp":
		return true
	}
	return false
}

// guest tries the form in which a directory stores a guest, where it is cut off
// behind #ext#; with a domain behind it, it is found by its at sign.
func (f *Finder) guest(i int) {
	const mark = "#ext#"
	t := f.Flat
	if !bytes.HasPrefix(t[i:], []byte(mark)) || !f.set.Has(Email) {
		return
	}
	end := i + len(mark)
	if end < len(t) && (t[end] == '@' || wideAt(t[end:]) > 0) && domainEnd(t, end+max(1, wideAt(t[end:]))) > 0 {
		return
	}
	if start := localStart(t, i); start < i && bytes.IndexByte(t[start:i], '_') > 0 {
		f.add(Email, start, end)
	}
}

// login tries user:password of a URL, whose host follows the at sign at i.
func (f *Finder) login(i int) bool {
	t := f.Flat
	start, sep := i, -1
	for start > 0 && i-start < longestLocal {
		c := t[start-1]
		if (c == '/' || c == '@') && f.literal(start-1) || c <= ' ' || c == '"' || c == '<' || c == '>' {
			break
		}
		if c == ':' {
			sep = start - 1
		}
		start--
	}
	if sep <= start || sep == i-1 || start < 3 || !bytes.Equal(t[start-3:start], []byte("://")) {
		return false
	}
	f.add(Credential, start, i)
	return true
}

// domainUser tries the account name around the backslash at i.
func (f *Finder) domainUser(i int) {
	if !f.set.Has(DomainUser) {
		return
	}
	t := f.Flat
	start, end := f.domainStart(i), f.userEnd(i+1)
	if utf8.RuneCount(t[start:i]) < 2 || end == i+1 {
		return
	}
	// In a path there are more slashes; in a URI a backslash is written as an
	// escape, and slashes around it are the URI's.
	path := f.literal(i)
	if start > 0 && (t[start-1] == '\\' || t[start-1] == '/' && path) ||
		end < len(t) && (t[end] == '\\' || t[end] == '/' && path) {
		return
	}
	if f.account(start, i, end) {
		f.add(DomainUser, start, end)
	}
}

// domainStart returns where the name of a domain before i begins.
func (f *Finder) domainStart(i int) int {
	t, start := f.Flat, i
	var right rune
	for start > 0 && i-start < 80 {
		r, n := utf8.DecodeLastRune(t[:start])
		if !letterRune(r) && r != '-' && r != '.' && r != '_' || unspaced(r) && right != 0 && right < utf8.RuneSelf && alnum(byte(right)) {
			break
		}
		start, right = start-n, r
	}
	for start < i && (t[start] == '-' || t[start] == '.' || t[start] == '_') {
		start++
	}
	return start
}

// userEnd returns where the name of a user at i ends, i if there is none.
func (f *Finder) userEnd(i int) int {
	t, end, letters := f.Flat, i, 0
	var left rune
	for end < len(t) && end-i < 80 {
		r, n := utf8.DecodeRune(t[end:])
		if letterRune(r) {
			if unspaced(r) && left != 0 && left < utf8.RuneSelf && alnum(byte(left)) {
				break // the sentence goes on
			}
			letters++
		} else if r != '.' && r != '-' && r != '_' && r != '$' && r != '\'' && r != '+' {
			break
		}
		end, left = end+n, r
	}
	for end > i && (t[end-1] == '.' || t[end-1] == '-' || t[end-1] == '\'' || t[end-1] == '+') {
		end--
	}
	if letters == 0 {
		return i
	}
	return end
}

// account reports whether t[start:slash] is a domain and t[slash+1:end] a user,
// not a path or the escape of a line end.
func (f *Finder) account(start, slash, end int) bool {
	t := f.Flat
	domain, user := t[start:slash], t[slash+1:end]
	dns := bytes.IndexByte(domain, '.') >= 0
	if !dns && utf8.RuneCount(domain) > 15 {
		return false // of NetBIOS
	}
	switch string(domain) {
	case "authority", "builtin", "service", "nt", "hklm", "hkcu", "software", "system":
		return false
	}
	alone := start == 0 && end == len(t)
	if dns || alone || f.upper(start) && f.upper(slash-1) || !f.literal(slash) {
		return true
	}
	if dot := bytes.LastIndexByte(user, '.'); dot > 0 && fileExtension(user[dot+1:]) {
		return false
	}
	return f.upper(start) || bytes.IndexByte([]byte("nrtbf"), user[0]) < 0
}

func fileExtension(e []byte) bool {
	switch string(e) {
	case "exe", "dll", "log", "txt", "xlsx", "xls", "docx", "doc", "pdf", "csv", "json", "xml", "ps1", "bat", "cmd", "zip", "sys", "ini", "cs", "tmp", "msi", "pptx", "png", "jpg", "evtx", "etl", "dat", "config", "html":
		return true
	}
	return false
}

package graphsim

import "strconv"

// user is one person of the tenant, computed from a number.
type user struct {
	n           int
	id          guid
	first, last word
	familyFirst bool
	suffix      string
	home        int // of places
	guest       bool
	deleted     bool // by the end of the tenant's days
	admin       bool
	mail        string // domain of the address
}

// guestDomains are where guests come from.
var guestDomains = [...]string{"proseware.example", "litware.example", "relecloud.example", "wingtiptoys.example"}

func (t *Tenant) user(n int) user {
	d := dice(mix(t.seed ^ uint64(n)<<8 ^ 'u'))
	c := &cultures[d.skewed(len(cultures)*2)%len(cultures)]
	u := user{n: n, id: hidden(pack(feedUsers, int64(n), 0), t.seed), familyFirst: c.familyFirst,
		first: c.first[d.n(len(c.first))], last: c.last[d.n(len(c.last))], home: c.places[d.n(len(c.places))], mail: t.domain}
	switch p := d.n(100); {
	case p < 8:
		u.guest, u.mail = true, guestDomains[d.n(len(guestDomains))]
	case p < 10:
		u.deleted = true
	case p < 13:
		u.admin = true
	}
	if d.n(30) == 0 {
		u.suffix = suffixes[d.n(len(suffixes))]
	}
	return u
}

// findUser returns the number of the user with that object id.
func (t *Tenant) findUser(id string) (int, bool) {
	g, ok := parseGUID(id)
	if !ok {
		return 0, false
	}
	x, ok := reveal(g, t.seed)
	f, n, _ := unpack(x)
	return int(n), ok && f == feedUsers && n < int64(t.o.Users)
}

// name appends the display name in quotes.
func (u *user) name(b []byte) []byte {
	b = append(b, '"')
	if u.familyFirst {
		b = append(append(b, u.last.text...), u.first.text...)
	} else {
		b = append(append(append(b, u.first.text...), ' '), u.last.text...)
	}
	if u.suffix != "" {
		b = escape(b, u.suffix)
	}
	return append(b, '"')
}

// alias appends what stands before the at sign.
func (u *user) alias(b []byte) []byte {
	b = append(append(append(b, u.first.ascii...), '.'), u.last.ascii...)
	return strconv.AppendInt(b, int64(u.n), 10)
}

// upn appends the user principal name as sign-in logs have it: lower case, a
// guest by the mail address. It needs no escaping.
func (u *user) upn(b []byte) []byte {
	return append(append(u.alias(b), '@'), u.mail...)
}

// directoryUPN appends the name as the directory has it: guests with #EXT#,
// deleted users with the 32 digits of their id in front.
func (u *user) directoryUPN(b []byte, tenant string, deleted bool) []byte {
	if deleted {
		for _, c := range u.id {
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	if !u.guest {
		return u.upn(b)
	}
	b = append(append(u.alias(b), '_'), u.mail...)
	return append(append(append(b, "#EXT#@"...), tenant...), ".onmicrosoft.com"...)
}

// where returns the city in which the user is on a day: at home, or one day in
// fifty or so on a journey of some days.
func (t *Tenant) where(u *user, day int64) int {
	for back := range int64(3) {
		h := mix(t.seed ^ uint64(u.n)<<20 ^ uint64(day-back) ^ 'j'<<56)
		if h%160 == 0 && int64(h>>8)%3 >= back {
			return int(h >> 16 % uint64(len(places)))
		}
	}
	return u.home
}

// address appends the IP address that a user has in a city: of the office, of
// the home, or of a phone network, IPv4 or IPv6.
func (t *Tenant) address(b []byte, u *user, at int, h uint64) []byte {
	switch way := h % 10; {
	case way < 4: // office
		b = append(b, "203.0.113."...)
		return strconv.AppendInt(b, int64(at*9)+int64(h>>8%9), 10)
	case way < 7 || at != u.home:
		m := mix(uint64(u.n)*31 + uint64(at))
		b = strconv.AppendInt(append(b, "198.18."...), int64(m&255), 10)
		return strconv.AppendInt(append(b, '.'), int64(m>>8%254)+1, 10)
	default:
		b = strconv.AppendInt(append(b, "2001:db8:"...), int64(u.n%9000)+10, 16)
		return strconv.AppendInt(append(b, "::"...), int64(h>>8%240)+2, 16)
	}
}

// device is what a person signs in from.
type device struct {
	id         guid
	registered bool
	managed    bool
	system     string
	browser    string
	agent      string // user agent
	trust      string
	client     string
	name       string // beginning of the display name
}

// devices are the sorts of device; those registered have an id and a name.
var devices = [...]device{
	{registered: true, managed: true, system: "Windows 11", browser: "Edge 139.0.0", trust: "Azure AD joined", client: "Browser", name: "NB",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"},
	{registered: true, managed: true, system: "Windows10", browser: "Rich Client 4.40.0.0", trust: "Hybrid Azure AD joined", client: "Mobile Apps and Desktop clients", name: "PC",
		agent: "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; .NET4.0C; .NET4.0E)"},
	{registered: true, system: "Ios 18.1", browser: "Mobile Safari 18.1", trust: "Azure AD registered", client: "Mobile Apps and Desktop clients", name: "iPhone of",
		agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"},
	{system: "MacOs", browser: "Safari 17.6", client: "Browser",
		agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15"},
	{system: "Android", browser: "Chrome Mobile 122.0.0", client: "Browser",
		agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Mobile Safari/537.36"},
	{system: "Linux", browser: "Firefox 128.0", client: "Browser",
		agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
}

// device returns the n-th device of a user: everybody has up to three.
func (t *Tenant) device(u *user, n int) device {
	h := mix(t.seed ^ uint64(u.n)<<4 ^ uint64(n) ^ 'd'<<56)
	v := devices[(int(h%3)*(1+n)+n)%len(devices)]
	if v.registered {
		v.id = hidden(pack(feedDevices, int64(u.n), int64(n)), t.seed)
	}
	return v
}

// deviceName appends the display name of a registered device in quotes. A
// phone is named after its owner.
func (v *device) deviceName(b []byte, u *user) []byte {
	b = append(append(b, '"'), v.name...)
	if v.name == "iPhone of" {
		return append(append(append(b, ' '), u.first.text...), '"')
	}
	b = append(b, '-')
	b = append(b, u.last.ascii...)
	return append(strconv.AppendInt(append(b, '-'), int64(u.n), 10), '"')
}

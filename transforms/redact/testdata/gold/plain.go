package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// plain makes a value that must not be found: names, which no detector of
// shapes can know, and the look-alikes.
func (d *draw) plain(kind, arg string, who person) (string, error) {
	switch kind {
	case "name":
		d.shown = who.script
		return who.name, nil
	case "app":
		return one(d.r, d.w.apps), nil
	case "group":
		return one(d.r, d.w.groups), nil
	case "city":
		return one(d.r, d.w.cities), nil
	case "host":
		return one(d.r, d.w.hosts), nil
	case "domain":
		return one(d.r, d.w.domains), nil
	case "word":
		return one(d.r, d.w.words), nil
	case "one":
		return one(d.r, strings.Split(arg, "/")), nil
	case "n":
		return d.between(arg)
	case "d", "x", "X":
		n, err := strconv.Atoi(arg)
		if err != nil {
			return "", fmt.Errorf("slot %s: %w", kind, err)
		}
		return d.run(kind, n), nil
	case "b64":
		n, err := strconv.Atoi(arg)
		if err != nil || n < 4 {
			return "", fmt.Errorf("slot b64: want a number of at least 4")
		}
		return d.base64(n), nil
	case "time":
		return d.time(), nil
	case "oid":
		return fmt.Sprintf("1.3.6.1.4.1.%d.%d.%d.%d", 311+d.r.IntN(50000), 1+d.r.IntN(60), 1+d.r.IntN(30), 1+d.r.IntN(200)), nil
	case "dotted":
		return fmt.Sprintf("%d.%d.%d.%d.%d", 1+d.r.IntN(200), d.r.IntN(200), d.r.IntN(200), d.r.IntN(200), 1+d.r.IntN(200)), nil
	case "badcard":
		return d.card(false), nil
	case "badiban":
		return d.iban(false), nil
	}
	return "", fmt.Errorf("slot %q is unknown", kind)
}

func (d *draw) between(arg string) (string, error) {
	lo, hi, _ := strings.Cut(arg, "-")
	a, err := strconv.Atoi(lo)
	if err != nil {
		return "", fmt.Errorf("slot n: %w", err)
	}
	b, err := strconv.Atoi(hi)
	if err != nil || b < a {
		return "", fmt.Errorf("slot n: want low-high")
	}
	return strconv.Itoa(a + d.r.IntN(b-a+1)), nil
}

// run makes n digits that start with none and are no card's, or n hexadecimal digits.
func (d *draw) run(kind string, n int) string {
	chars := map[string]string{"d": "0123456789", "x": "0123456789abcdef", "X": "0123456789ABCDEF"}[kind]
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[d.r.IntN(len(chars))]
	}
	if kind == "d" && b[0] == '0' {
		b[0] = '7'
	}
	if kind == "d" && n >= 12 && luhnDigit(string(b[:n-1])) == int(b[n-1]-'0') {
		b[n-1] = '0' + (b[n-1]-'0'+3)%10
	}
	return string(b)
}

func (d *draw) time() string {
	t := time.Date(2026, 1, 1, 0, 0, 0, d.r.IntN(1e9), time.UTC).Add(time.Duration(d.r.IntN(300*86400)) * time.Second)
	return t.Format(one(d.r, []string{
		"2006-01-02T15:04:05.0000000Z", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000-07:00",
		"1/2/2006, 3:04:05.000 PM", "1/2/2006 3:04:05 PM", "2006-01-02 15:04:05.000", "20060102150405.0Z", "02.01.2006 15:04:05",
	}))
}

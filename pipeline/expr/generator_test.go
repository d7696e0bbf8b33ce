package expr_test

import (
	"fmt"
	"strconv"
	"strings"
)

// generator makes expressions and records of the bytes that it is given; of no
// bytes it makes the simplest.
type generator struct {
	data []byte
	vars []variable
	lazy bool // a part may fail without the whole failing

	// decimal lets numbers be calculated with that have no end in base two.
	// There HCL rounds at 512 bits, and a rounding may be seen in a text or
	// turn a comparison.
	decimal bool
	rounded bool // such a calculation is in the expression

	// wider says that structures are compared: a list of the record equals a
	// list of HCL here, where HCL has it for a tuple.
	wider bool

	// guarded says that a loop has a condition. HCL evaluates it once more for
	// no element at all, so that it may fail over an empty list.
	guarded bool
}

type variable struct {
	name string
	kind byte // n number, s text, b bool, l numbers, w texts, o object
}

func (g *generator) byte() int {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return int(b)
}

func (g *generator) pick(of ...string) string { return of[g.byte()%len(of)] }

var (
	dyadic = []string{"0", "1", "7", "-3", "2.5", "-0.0", "1e3", "1.50", "125E-3", "9007199254740993", "-9223372036854775808", "999999999999999999",
		"9007199254740992", "18446744073709551616", "123456789012345678901234567890", "1e15", "99999999999999999", "-1e17"}
	decimals = []string{"0.1", "0.2", "0.3", "12E-1", "0.000000000000000000000001", "1e-40", "-7.7"}
)

var texts = []string{"", "a", "b", "Ada@Contoso.com", "contoso.com", "7", "2.5", "1e3", "true", "false", "é", "e\u0301", "\u212a", "K", "ÀB", "a\"b", `a\b`, "x y",
	"ß", "日本", "a\r\nb", "\u0301", "10.1.2.3", "2026-11-01T00:00:00Z", " pad "}

func (g *generator) number() string {
	if g.decimal && g.byte()%2 == 0 {
		return decimals[g.byte()%len(decimals)]
	}
	return dyadic[g.byte()%len(dyadic)]
}

// divisor is what numbers are divided by.
func (g *generator) divisor(d int) string {
	if g.decimal {
		return g.of('n', d)
	}
	return g.pick("2", "4", "0.5", "-8", "1", "0")
}

func (g *generator) text() string { return texts[g.byte()%len(texts)] }

func (g *generator) record() string {
	quote := func(s string) string {
		q := strconv.Quote(s)
		if g.byte()%3 == 0 {
			q = strconv.QuoteToASCII(s)
		}
		return strings.NewReplacer(`\U000`, `\u`, `\x`, `\u00`).Replace(q)
	}
	flag := func() string { return g.pick("true", "false") }
	list := func(of func() string) string {
		var elems []string
		for range 1 + g.byte()%3 {
			elems = append(elems, of())
		}
		return "[" + strings.Join(elems, ",") + "]"
	}
	text := func() string { return quote(g.text()) }
	person := func() string {
		return fmt.Sprintf(`{"name":%s,"age":%s,"ok":%s,"langs":%s}`, text(), g.number(), flag(), list(text))
	}
	return fmt.Sprintf(`{"n":%s,"m":%s,"s":%s,"t":%s,"b":%s,"c":%s,"l":%s,"w":%s,"o":{"y":%s,"x":%s,"z":%s},"p":%s}`,
		g.number(), g.number(), text(), text(), flag(), flag(), list(g.number), list(text), text(), g.number(), flag(), list(person))
}

func (g *generator) any(depth int) string { return g.of("bbbbnnsslwo"[g.byte()%11], depth) }

// of makes an expression of a kind; sometimes of another, for what converts.
func (g *generator) of(kind byte, depth int) string {
	if depth > 0 && g.byte() > 245 {
		kind = "nsb"[g.byte()%3]
	}
	for _, v := range g.vars {
		if v.kind == kind && g.byte()%3 == 1 {
			return v.name
		}
	}
	leaf := depth <= 0 || g.byte()%4 == 0
	switch kind {
	case 'n':
		return g.numberExpr(leaf, depth-1)
	case 's':
		return g.textExpr(leaf, depth-1)
	case 'l':
		return g.numbersExpr(leaf, depth-1)
	case 'w':
		return g.textsExpr(leaf, depth-1)
	case 'o':
		return g.objectExpr(leaf, depth-1)
	default:
		return g.boolExpr(leaf, depth-1)
	}
}

func literal(s string) string { return strconv.Quote(s) }

func (g *generator) numberExpr(leaf bool, d int) string {
	if leaf {
		return g.pick("record.n", "record.m", "record.o.x", "record.l[0]", "record.p[0].age", "1", "2.5", "3", "9007199254740993", `record["n"]`, "var.limit")
	}
	n := func() string { return g.of('n', d) }
	kind := g.byte() % 14
	g.rounded = g.rounded || g.decimal && (kind <= 5 || kind == 11)
	switch kind {
	case 0, 1:
		return fmt.Sprintf("(%s + %s)", n(), n())
	case 2:
		return fmt.Sprintf("(%s - %s)", n(), n())
	case 3:
		return fmt.Sprintf("(%s * %s)", n(), n())
	case 4:
		return fmt.Sprintf("(%s / %s)", n(), g.divisor(d))
	case 5:
		return fmt.Sprintf("(%s %% %s)", n(), n())
	case 6:
		return "-" + g.of('n', d)
	case 7:
		return fmt.Sprintf("length(%s)", g.of("lwso"[g.byte()%4], d))
	case 8:
		return fmt.Sprintf("(%s ? %s : %s)", g.choice(d), g.of('n', 0), g.of('n', 0))
	case 9:
		return fmt.Sprintf("%s(%s, %s)", g.pick("max", "min"), n(), n())
	case 10:
		return fmt.Sprintf("%s(%s)", g.pick("abs", "signum"), n())
	case 11:
		return fmt.Sprintf("sum(concat([1], %s))", g.of('l', d))
	case 12:
		return fmt.Sprintf("concat(%s, [0])[0]", g.of('l', d))
	default:
		return g.tryExpr('n', d)
	}
}

// choice is a condition. What stands beside it is simple and does not fail: in
// HCL even a result that fails and is not taken may have a type, and turn a
// number into text.
func (g *generator) choice(d int) string {
	g.lazy = true
	return g.of('b', d)
}

func (g *generator) tryExpr(kind byte, d int) string {
	g.lazy = true
	return fmt.Sprintf("try(%s, %s)", g.of(kind, d), g.of(kind, 0))
}

func (g *generator) textExpr(leaf bool, d int) string {
	if leaf {
		if g.byte()%2 == 0 {
			return literal(g.text())
		}
		return g.pick("record.s", "record.t", "record.o.y", "record.w[0]", "record.p[0].name", "var.region")
	}
	s := func() string { return g.of('s', d) }
	switch g.byte() % 14 {
	case 0:
		return fmt.Sprintf(`"a${%s}b${%s}"`, s(), g.of("nsb"[g.byte()%3], d))
	case 1:
		return fmt.Sprintf("%s(%s)", g.pick("lower", "upper", "trimspace", "title", "strrev"), s())
	case 2:
		return fmt.Sprintf("join(%s, %s)", s(), g.of('w', d))
	case 3:
		return fmt.Sprintf("(%s ? %s : %s)", g.choice(d), g.of('s', 0), g.of("ns"[g.byte()%2], 0))
	case 4:
		return fmt.Sprintf("tostring(%s)", g.of("nsb"[g.byte()%3], d))
	case 5:
		return fmt.Sprintf("replace(%s, %s, %s)", s(), literal(g.text()), s())
	case 6:
		return fmt.Sprintf("%s(%s, %s)", g.pick("trimprefix", "trimsuffix"), s(), s())
	case 7:
		return fmt.Sprintf(`coalesce(%s, %s, "x")`, s(), g.of("ns"[g.byte()%2], d))
	case 8:
		return fmt.Sprintf("jsonencode(%s)", g.any(d))
	case 9:
		return fmt.Sprintf(`"%%{ for x in %s }${x};%%{ endfor }"`, g.of("lw"[g.byte()%2], d))
	case 10:
		g.lazy = true
		return fmt.Sprintf(`"%%{ if %s }%s%%{ else }${%s}%%{ endif }"`, g.of('b', d), "y", g.of('s', 0))
	case 11:
		return fmt.Sprintf("substr(%s, 0, 2)", s())
	case 12:
		return fmt.Sprintf("concat(%s, [%s])[0]", g.of('w', d), s())
	default:
		return g.tryExpr('s', d)
	}
}

func (g *generator) boolExpr(leaf bool, d int) string {
	if leaf {
		return g.pick("record.b", "record.c", "record.o.z", "record.p[0].ok", "true", "false", "local.on")
	}
	n, s, b := func() string { return g.of('n', d) }, func() string { return g.of('s', d) }, func() string { return g.of('b', d) }
	switch g.byte() % 16 {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", n(), g.pick("<", "<=", ">", ">="), n())
	case 2:
		k := "nsblwo"[g.byte()%6]
		g.wider = g.wider || strings.IndexByte("lwo", k) >= 0
		return fmt.Sprintf("(%s %s %s)", g.of(k, d), g.pick("==", "!="), g.of(k, d))
	case 3:
		return fmt.Sprintf("(%s == %s)", s(), literal(g.text()))
	case 4:
		return fmt.Sprintf("(%s == %s)", n(), n())
	case 5, 6:
		g.lazy = true
		return fmt.Sprintf("(%s %s %s)", b(), g.pick("&&", "||"), b())
	case 7:
		return "!" + b()
	case 8, 9:
		return fmt.Sprintf("%s(%s, %s)", g.pick("startswith", "endswith", "strcontains"), s(), s())
	case 10:
		return fmt.Sprintf("contains(%s, %s)", g.of('w', d), s())
	case 11:
		return fmt.Sprintf("contains(%s, %s)", g.of('l', d), n())
	case 12:
		g.lazy = true
		return fmt.Sprintf("can(%s)", g.pick(n(), "regex(\"^a\", "+s()+")", "tonumber("+s()+")"))
	case 13:
		return fmt.Sprintf("%s([for x in %s : %s])", g.pick("anytrue", "alltrue"), g.of('l', d), g.within("x", 'n', 'b', d))
	case 14:
		return fmt.Sprintf("cidrcontains(\"10.0.0.0/8\", %s)", s())
	default:
		return fmt.Sprintf("(%s ? %s : %s)", g.choice(d), g.of('b', 0), g.of('b', 0))
	}
}

// within makes an expression in which a loop variable is known.
func (g *generator) within(name string, kind, want byte, d int) string {
	g.vars = append(g.vars, variable{name, kind})
	defer func() { g.vars = g.vars[:len(g.vars)-1] }()
	return g.of(want, d)
}

func (g *generator) numbersExpr(leaf bool, d int) string {
	if leaf {
		return g.pick("record.l", "record.p[*].age", "[1, 2.5]", "[record.n, record.m]")
	}
	l := func() string { return g.of('l', d) }
	switch g.byte() % 8 {
	case 0:
		return fmt.Sprintf("[%s, %s]", g.of('n', d), g.of('n', d))
	case 1:
		return fmt.Sprintf("[for x in %s : %s]", l(), g.within("x", 'n', 'n', d))
	case 2:
		g.lazy, g.guarded = true, true
		return fmt.Sprintf("[for i, x in %s : x if %s]", l(), g.within("i", 'n', 'b', d))
	case 3:
		return fmt.Sprintf("concat(%s, %s)", l(), l())
	case 4:
		return fmt.Sprintf("reverse(%s)", l())
	case 5:
		return fmt.Sprintf("distinct(%s)", l())
	case 6:
		return fmt.Sprintf("[for q in record.p : %s]", g.person(d))
	default:
		return fmt.Sprintf("(%s ? %s : %s)", g.choice(d), g.of('l', 0), g.of('l', 0))
	}
}

// person is a number made of the loop variable q.
func (g *generator) person(d int) string {
	g.vars = append(g.vars, variable{"q.age", 'n'}, variable{"q.name", 's'}, variable{"q.ok", 'b'}, variable{"q.langs", 'w'})
	defer func() { g.vars = g.vars[:len(g.vars)-4] }()
	return g.of('n', d)
}

func (g *generator) textsExpr(leaf bool, d int) string {
	if leaf {
		return g.pick("record.w", "record.p[*].name", "record.p[0].langs", `["a", "7"]`, "local.countries", "keys(record.o)")
	}
	w := func() string { return g.of('w', d) }
	switch g.byte() % 8 {
	case 0:
		return fmt.Sprintf("[%s, %s]", g.of('s', d), g.of('s', d))
	case 1:
		return fmt.Sprintf("[for x in %s : %s]", w(), g.within("x", 's', 's', d))
	case 2:
		return fmt.Sprintf("sort(%s)", w())
	case 3:
		return fmt.Sprintf("concat(%s, %s)", w(), w())
	case 4:
		return fmt.Sprintf("split(%s, %s)", literal(g.text()), g.of('s', d))
	case 5:
		return fmt.Sprintf("keys(%s)", g.of('o', d))
	case 6:
		return "flatten(record.p[*].langs)"
	default:
		return fmt.Sprintf("tolist(%s)", w())
	}
}

func (g *generator) objectExpr(leaf bool, d int) string {
	if leaf {
		return g.pick("record.o", "record.p[0]", `{x = 1, y = "a"}`)
	}
	switch g.byte() % 5 {
	case 0:
		return fmt.Sprintf("{x = %s, (%s) = %s}", g.of('n', d), g.of('s', d), g.of('s', d))
	case 1:
		return fmt.Sprintf("merge(%s, %s)", g.of('o', d), g.of('o', d))
	case 2:
		return fmt.Sprintf("{for k, v in %s : k => %s}", g.of('o', d), g.within("k", 's', 's', d))
	case 3:
		return fmt.Sprintf("{for x in %s : x => %s...}", g.of('w', d), g.within("x", 's', 'n', d))
	default:
		return fmt.Sprintf("{for x in %s : x => x}", g.of('w', d))
	}
}

package expr

import (
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

var errPrefix = errors.New("cidrcontains() needs a network like 10.0.0.0/8")

func netFunctions() map[string]function.Function {
	return map[string]function.Function{
		"cidrcontains": ofTexts(cty.Bool, func(s []string) (cty.Value, error) {
			p, err := parsePrefix(s[0])
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.BoolVal(inPrefix(p, []byte(s[1]))), nil
		}, "prefix", "ip"),
		"cidrnetmask": ofTexts(cty.String, func(s []string) (cty.Value, error) {
			p, err := parsePrefix(s[0])
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			if !p.Addr().Is4() {
				return cty.NilVal, function.NewArgErrorf(0, "only an IPv4 network has a netmask")
			}
			return cty.StringVal(net.IP(net.CIDRMask(p.Bits(), 32)).String()), nil
		}, "prefix"),
		"cidrhost": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "number", Type: cty.Number}},
			Type:   function.StaticReturnType(cty.String),
			Impl:   cidrHost,
		}),
		"cidrsubnet": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "bits", Type: cty.Number}, {Name: "number", Type: cty.Number}},
			Type:   function.StaticReturnType(cty.String),
			Impl:   cidrSubnet,
		}),
	}
}

// cidrHost is the address of a host by its number in a network; a negative
// number counts from the end.
func cidrHost(args []cty.Value, _ cty.Type) (cty.Value, error) {
	p, err := parsePrefix(args[0].AsString())
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	n, acc := args[1].AsBigFloat().Int(nil)
	if acc != big.Exact {
		return cty.NilVal, function.NewArgErrorf(1, "a whole number is required")
	}
	size := new(big.Int).Lsh(big.NewInt(1), uint(p.Addr().BitLen()-p.Bits()))
	if n.Sign() < 0 {
		n = new(big.Int).Add(size, n)
	}
	if n.Sign() < 0 || n.Cmp(size) >= 0 {
		return cty.NilVal, function.NewArgErrorf(1, "the network has %s addresses only", size)
	}
	return cty.StringVal(offset(p.Addr(), n).String()), nil
}

// cidrSubnet is a network inside a network, longer by bits, by its number.
func cidrSubnet(args []cty.Value, _ cty.Type) (cty.Value, error) {
	p, err := parsePrefix(args[0].AsString())
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	bits, exact := args[1].AsBigFloat().Int64()
	n, acc := args[2].AsBigFloat().Int(nil)
	if exact != big.Exact || acc != big.Exact {
		return cty.NilVal, errors.New("whole numbers are required")
	}
	longer := int64(p.Bits()) + bits
	if bits < 0 || longer > int64(p.Addr().BitLen()) {
		return cty.NilVal, function.NewArgErrorf(1, "a network of %d bits cannot be longer by %d", p.Bits(), bits)
	}
	if n.Sign() < 0 || n.BitLen() > int(bits) {
		return cty.NilVal, function.NewArgErrorf(2, "%d bits are not enough for this number", bits)
	}
	at := new(big.Int).Lsh(n, uint(int64(p.Addr().BitLen())-longer))
	return cty.StringVal(fmt.Sprintf("%s/%d", offset(p.Addr(), at), longer)), nil
}

// offset returns the address n after a.
func offset(a netip.Addr, n *big.Int) netip.Addr {
	sum := new(big.Int).Add(new(big.Int).SetBytes(a.AsSlice()), n)
	b := sum.FillBytes(make([]byte, a.BitLen()/8))
	out, _ := netip.AddrFromSlice(b)
	return out
}

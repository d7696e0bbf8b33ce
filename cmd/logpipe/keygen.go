package main

import (
	"crypto/rand"
	"encoding/base64"
)

func keygen() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the process if the system has no randomness
	return base64.StdEncoding.AppendEncode(nil, key)
}

func keygenCommand() command {
	return command{
		name: "keygen", synopsis: "Make a random key", usage: "",
		doc: `Prints 32 random bytes in base64, for a key's secret: keep it in the CI
service's secret store, never in a file under version control.`,
		setup: func(p *program, f *flags) func([]string) code {
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("keygen", err)
				}
				return p.print(append(keygen(), '\n'))
			}
		},
	}
}

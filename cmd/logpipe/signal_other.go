//go:build !unix

package main

import "os"

// terminate is the interrupt again where there is no other.
var terminate = os.Interrupt

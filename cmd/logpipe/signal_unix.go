//go:build unix

package main

import (
	"os"
	"syscall"
)

// terminate is how a service manager asks a process to end.
var terminate os.Signal = syscall.SIGTERM

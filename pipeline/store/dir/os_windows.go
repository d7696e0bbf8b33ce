package dir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// lockFile locks f until it is closed; see os_unix.go.
func lockFile(ctx context.Context, f *os.File) error {
	const patience, pause = 10 * time.Second, 10 * time.Millisecond
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	for range patience / pause {
		err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
		if err == nil {
			return nil
		}
		if !errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return fmt.Errorf("lock %s: another process has held it for %s; it may be stopped: end it and try again", f.Name(), patience)
}

// syncDir does nothing: NTFS journals its folders, and a folder's handle
// cannot be flushed.
func syncDir(*os.File) error { return nil }

func isNoLink(error) bool { return false }

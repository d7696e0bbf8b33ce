//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package dir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockFile locks f until it is closed. The lock is held for moments only, so
// one that does not come free belongs to a stopped process; waiting for ever
// would stop us as well.
func lockFile(ctx context.Context, f *os.File) error {
	const patience, pause = 10 * time.Second, 10 * time.Millisecond
	for range patience / pause {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
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

func syncDir(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // a file system that keeps folders in order by itself
	}
	return err
}

// isNoLink knows what vfat and its like answer.
func isNoLink(err error) bool { return errors.Is(err, syscall.EPERM) }

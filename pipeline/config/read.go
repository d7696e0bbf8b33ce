package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadFile reads a file of a directory that holds a pipeline. Links are
// followed as long as they stay inside: what stands elsewhere is not the
// pipeline's, and a diagnostic would show its lines. name is relative to dir.
// An error names the file and never shows anything of its content.
func ReadFile(dir, name string) (src []byte, err error) {
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, reason(err))
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(name) // before it is opened: a pipe would block
	if err == nil {
		err = readable(info)
	} else if link, lerr := root.Lstat(name); lerr == nil && link.Mode()&fs.ModeSymlink != 0 && !errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it is a link that leads out of the pipeline's directory; only files inside it are read. Copy the file, or name it with -var-file")
	}
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, reason(err))
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, reason(err))
	}
	return readAll(f, name)
}

// readOutside reads a file of values that the user named and that stands
// outside the directory.
func readOutside(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = readable(info)
	}
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, reason(err))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, reason(err))
	}
	return readAll(f, path)
}

func readAll(f *os.File, name string) ([]byte, error) {
	defer func() { _ = f.Close() }()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(src) > maxFile {
		err = tooLarge()
	}
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, reason(err))
	}
	return src, nil
}

func readable(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case info.Size() > maxFile:
		return tooLarge()
	}
	return nil
}

func tooLarge() error {
	return fmt.Errorf("it is larger than %d bytes, the most for one file", maxFile)
}

// reason drops what the system says about a path that the message names.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// read reads a file of values: one whose path stays inside the directory like
// the pipeline's own files.
func (f *Files) read(path string) ([]byte, error) {
	if !filepath.IsAbs(path) {
		if local := filepath.Clean(path); filepath.IsLocal(local) {
			return ReadFile(f.Dir, local)
		}
		return readOutside(filepath.Join(f.Dir, path))
	}
	return readOutside(path)
}

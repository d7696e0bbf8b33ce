// Command bench measures logpipe against other tools and against the limits of
// the machine, on the same generated sign-ins, in one run.
//
//	make bench                     the table of docs/performance.md
//	go run ./bench -records 100000 -runs 3 -only c,c2
//
// Every figure is of a whole process: user and system time, process start
// included, as the operating system accounts for it; the largest resident set;
// wall time. Runs of the tools of one workload alternate, so that a machine
// whose speed drifts drifts for all of them, and medians are printed. zstd -1 of
// the same file is the yardstick of the hour: ratios to it can be compared
// between machines and days, megabytes per second cannot.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/logpipe/logpipe/bench/signins"
)

func main() {
	var b bench
	flag.IntVar(&b.records, "records", 1_000_000, "sign-ins to generate, once")
	flag.IntVar(&b.runs, "runs", 5, "counted runs of every command; one more goes before")
	flag.StringVar(&b.dir, "dir", "bench/data", "where data, binaries and outputs lie")
	only := flag.String("only", "", "workloads to run, by letter, separated by commas; empty for all")
	peers := flag.Bool("peers", true, "measure the other tools, too")
	scale := flag.String("scale", "", "instead: workload c over these numbers of records, separated by commas")
	flag.Parse()
	b.only = strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	b.peers = *peers
	work := b.run
	if *scale != "" {
		work = func() error { return b.scale(strings.Split(*scale, ",")) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	records, runs int
	dir           string
	only          []string
	peers         bool

	data, shuffled, logpipe string
}

func (b *bench) run() error {
	if err := b.prepare(); err != nil {
		return err
	}
	fmt.Printf("%d sign-ins, medians of %d runs; MB/s and ratios are per CPU second (user + system)\n\n", b.records, b.runs)
	fmt.Println("| workload | tool | CPU s | wall s | peak MiB | MB/s per core | × zstd -1 | × slower than logpipe |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, w := range b.workloads() {
		if len(b.only) > 0 && !slices.Contains(b.only, w.letter) {
			continue
		}
		if err := b.measure(w); err != nil {
			return fmt.Errorf("workload %s: %w", w.letter, err)
		}
	}
	return nil
}

// scale shows that time is linear and memory flat.
func (b *bench) scale(sizes []string) error {
	b.only = []string{"c"}
	fmt.Println("| records | MB | CPU s | wall s | MB/s per core | peak MiB |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, size := range sizes {
		n, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("-scale: %w", err)
		}
		b.records = n
		if err := b.prepare(); err != nil {
			return err
		}
		i := slices.IndexFunc(b.workloads(), func(w workload) bool { return w.letter == "c" })
		f, err := b.workloads()[i].commands[1].time()
		if err != nil {
			return err
		}
		info, err := os.Stat(b.data)
		if err != nil {
			return err
		}
		mb := float64(info.Size()) / 1e6
		fmt.Printf("| %d | %.0f | %.2f | %.2f | %.0f | %d |\n", n, mb, f.cpu.Seconds(), f.wall.Seconds(), mb/f.cpu.Seconds(), f.peak/1024)
	}
	return nil
}

// prepare makes the data and the binaries, each once.
func (b *bench) prepare() error {
	dir, err := filepath.Abs(b.dir)
	if err != nil {
		return err
	}
	b.dir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if b.data, err = b.generate(false); err != nil {
		return err
	}
	if len(b.only) == 0 || slices.Contains(b.only, "bs") {
		if b.shuffled, err = b.generate(true); err != nil {
			return err
		}
	}
	b.logpipe = filepath.Join(dir, "logpipe")
	return run("go", "build", "-o", b.logpipe, "./cmd/logpipe")
}

func (b *bench) generate(shuffle bool) (string, error) {
	name := filepath.Join(b.dir, fmt.Sprintf("sign_ins-%d", b.records))
	if shuffle {
		name += "-shuffled"
	}
	name += ".jsonl"
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	fmt.Fprintln(os.Stderr, "generating", name)
	f, err := os.Create(name + ".part")
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := signins.Write(f, signins.Options{Seed: 1, Records: b.records, Days: 1, Shuffle: shuffle}); err != nil {
		return "", err
	}
	return name, errors.Join(f.Close(), os.Rename(name+".part", name))
}

func run(name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// figures is one run of one command.
type figures struct {
	cpu, wall time.Duration
	peak      int64 // KiB
}

// time runs one command whose output goes to a file and removes what it wrote
// the time before.
func (c command) time() (figures, error) {
	if c.clean != "" {
		if err := os.RemoveAll(c.clean); err != nil {
			return figures{}, err
		}
		if err := os.MkdirAll(c.clean, 0o755); err != nil {
			return figures{}, err
		}
	}
	if c.before != nil {
		if err := c.before(); err != nil {
			return figures{}, err
		}
	}
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if c.stdout != "" {
		f, err := os.Create(c.stdout)
		if err != nil {
			return figures{}, err
		}
		defer f.Close()
		cmd.Stdout = f
	}
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return figures{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, stderr.String())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return figures{}, errors.New("this system does not account for processes")
	}
	return figures{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(began), peak: int64(usage.Maxrss)}, nil
}

// measure runs the workload's commands in turn and prints their medians.
func (b *bench) measure(w workload) error {
	commands := w.commands
	if !b.peers {
		commands = slices.DeleteFunc(slices.Clone(commands), func(c command) bool { return c.peer })
	}
	all := make([][]figures, len(commands))
	for round := range b.runs + 1 {
		for i, c := range commands {
			if c.once && round > 1 {
				continue
			}
			f, err := c.time()
			if err != nil {
				return err
			}
			if round > 0 || c.once && b.runs == 0 {
				all[i] = append(all[i], f)
			}
		}
	}
	size, err := os.Stat(w.data)
	if err != nil {
		return err
	}
	bytes := float64(size.Size())
	cpu := func(i int) time.Duration {
		return median(all[i], func(f figures) time.Duration { return f.cpu })
	}
	for i, c := range commands {
		s := cpu(i).Seconds()
		fmt.Printf("| (%s) %s | %s | %.2f | %.2f | %d | %.0f | %.2f | %.2f |\n", w.letter, w.what, c.name, s,
			median(all[i], func(f figures) time.Duration { return f.wall }).Seconds(),
			median(all[i], func(f figures) int64 { return f.peak })/1024,
			bytes/1e6/s, cpu(0).Seconds()/s, s/cpu(1).Seconds())
	}
	return nil
}

func median[T cmp.Ordered](fs []figures, of func(figures) T) T {
	var vs []T
	for _, f := range fs {
		vs = append(vs, of(f))
	}
	slices.Sort(vs)
	return vs[len(vs)/2]
}

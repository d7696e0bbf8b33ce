package logs

import "github.com/logpipe/logpipe/pipeline/schema"

// Check reads a log's file and builds all shapes that it has, for the tests
// to say what is wrong where.
func Check(name string) error {
	f, err := open(name)
	if err != nil {
		return err
	}
	for shape, has := range map[Shape]bool{
		Graph: f.log.Path != "", Diagnostic: f.log.Category != "", LogAnalytics: f.log.Table != "",
	} {
		if !has {
			continue
		}
		if _, err := f.schema(shape); err != nil {
			return err
		}
	}
	return nil
}

// ParseText reads text as a data file that stands alone and builds its shapes.
func ParseText(text string) (map[Shape]*schema.Schema, error) {
	f := &file{types: scope{}, columns: map[string][]line{}}
	if err := f.read(text); err != nil {
		return nil, err
	}
	out := map[Shape]*schema.Schema{}
	for _, shape := range []Shape{Graph, Diagnostic, LogAnalytics} {
		if s, err := f.schema(shape); err == nil {
			out[shape] = s
		}
	}
	return out, nil
}

// Files returns the names of the data files, without the shared one.
func Files() []string {
	entries, _ := data.ReadDir("data")
	var out []string
	for _, e := range entries {
		if name := e.Name(); name != "shared.txt" {
			out = append(out, name[:len(name)-len(".txt")])
		}
	}
	return out
}

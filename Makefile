# make test is what CI runs. It needs Go; everything else comes from go.mod.

GO       ?= go
FUZZTIME ?= 30s

.PHONY: test lint build fuzz bench redact-report

# The crash test goes first and by itself, so that its count is seen.
test: lint
	$(GO) test -count=1 -run TestKilledAtRandomMoments -v ./cmd/logpipe
	$(GO) test ./...

lint:
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

build:
	$(GO) build -o logpipe ./cmd/logpipe

# Each fuzz target for FUZZTIME. go test fuzzes one target of one package at a time.
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

# What a scan for personal values finds and takes for one, on the half of the gold
# set that the detectors were not developed with. make test holds it to its least.
redact-report:
	@out=$$($(GO) test ./transforms/redact -run '^TestGold$$/^test$$' -count=1 -v) || failed=1; \
	echo "$$out" | sed -n 's/^ *|/|/p'; \
	if [ -n "$$failed" ]; then echo "$$out" | grep -v '^ *|' >&2; exit 1; fi

# bench compares with jq, gojq and DuckDB; jq and zstd are the distribution's.
GOJQ = github.com/itchyny/gojq/cmd/gojq@v0.12.18
bench:
	@for tool in jq zstd; do command -v $$tool >/dev/null || { echo "make bench: install $$tool first (Debian: apt-get install $$tool)" >&2; exit 1; }; done
	GOBIN=$(CURDIR)/bench/data/bin $(GO) install $(GOJQ)
	npm ci --silent --prefix bench/duckdb
	PATH="$(CURDIR)/bench/data/bin:$$PATH" $(GO) run ./bench

# Tickle: make demo runs the study, make test checks it.
GO      ?= go
OUT     ?= out
# Packages with goroutines of their own: tested again under the race detector.
RACE     = ./collector/... ./datasets/... ./learners/... ./experiments/... ./cmd/...

.PHONY: all build demo lab test test-root bench-scale lint race cross clean

all: build

build:
	$(GO) build -o bin/tickle ./cmd/tickle

demo: build
	bin/tickle reproduce --scale demo -o $(OUT)/demo

test:
	$(GO) test ./...

# Fetches and builds the lab's machines, once, into the user's cache.
lab: build
	bin/tickle pool fetch lab

# What needs root: network namespaces of this host.
test-root:
	$(GO) test -tags root -timeout 5m ./collector/live/... ./collector/attach/... ./cmd/tickle/...

# How collection and store grow with probes and machines, drawn in
# $(OUT)/scale; -paper as SCALE takes the paper's size as the base.
bench-scale:
	$(GO) build -o bin/benchscale ./cmd/benchscale
	bin/benchscale $(SCALE) -o $(OUT)/scale

# Exchanges a second with the host's kernel: collections against a bare loop.
bench-links:
	$(GO) test -tags root -run '^$$' -bench Links -benchtime 3x ./collector/live

lint:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt differs:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags root,lab,peers,chromium ./...
	$(GO) tool staticcheck ./...

race:
	$(GO) test -race -short $(RACE)

# Everything but raw sockets and virtual machines builds on these.
cross:
	CGO_ENABLED=0 $(GO) build ./... && CGO_ENABLED=0 $(GO) vet ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build ./...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) build ./...

clean:
	rm -rf bin $(OUT)

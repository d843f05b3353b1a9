# Tickle: make demo runs the study, make test checks it.
GO      ?= go
OUT     ?= out
# Packages with goroutines of their own: tested again under the race detector.
RACE     = ./collector/... ./datasets/... ./learners/... ./experiments/... ./cmd/...

.PHONY: all build demo lab lab-smoke test test-root test-page peers bench-learners bench-peers bench-scale bench-links lint race cross clean

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
	$(GO) test -tags root -timeout 8m ./collector/live/... ./collector/attach/... ./cmd/tickle/... ./learners/nmap4/... ./learners/nmap6/...

# The report page in a headless Chromium (Debian: chromium).
test-page:
	$(GO) test -count=1 -tags chromium -run Chromium ./reports

# The learners against Weka, LIBLINEAR and scikit-learn (Debian: weka,
# liblinear-tools, python3-sklearn), run on the spot; one that is not installed
# fails by name.
peers:
	$(GO) test -tags peers -timeout 20m ./learners/... ./datasets/formats

# The learners' speed on data of the paper's shape: grouping, Gram matrix, and
# the 10-fold cross-validation of each. BENCH chooses, as
# BENCH='columns=1950000/noise=2%/j48'; the paper's size takes 6 GB.
BENCH = columns=(10000|77000)
bench-learners:
	$(GO) test -run '^$$' -bench 'Learners/$(BENCH)' -benchmem -benchtime 1x -timeout 60m ./learners/all

# The same at 10,000 columns beside Weka, LIBLINEAR and scikit-learn, as ratios;
# PEERS='-only=ibk,smo -columns=1000' chooses.
bench-peers:
	$(GO) test -tags peers -count=1 -v -run 'TestRatios$$' -timeout 120m ./learners/peers -ratios $(PEERS)

# Real machines of the lab: a few of each kind, with what they need, some of
# them killed; and a namespace of this host, which needs root.
SMOKE = 5.10.0-46*,6.1.0-50-cloud*,7.2um1,lwip-2.2.1,gvisor-20240306,gvisor-20260905,passt-20261002
lab-smoke: build
	bin/tickle pool fetch lab --only 'kernel/5.10.0-46*,kernel/6.1.0-50-cloud*,uml/7.2um1,stack/lwip-2.2.1,stack/gvisor-20240306,stack/gvisor-20260905,stack/passt-20261002,guest/*'
	TICKLE_LAB_ONLY='$(SMOKE)' $(GO) test -count=1 -tags lab -run 'TestLab$$' ./collector/qemu ./collector/uml ./collector/stackhost ./collector/slirp ./collector/breed
	$(GO) test -count=1 -tags root,lab -run TestLabScansAsNmap ./cmd/tickle # those that are fetched, where Nmap is installed
	$(GO) test -count=1 -tags lab -run 'TestFiveMachines|TestAKilledMachine' ./cmd/tickle
	$(GO) test -count=1 -tags root -run 'TestSysctls' ./collector/live

# How collection and store grow with probes and machines, drawn in
# $(OUT)/scale; -paper as SCALE takes the paper's size as the base.
bench-scale:
	$(GO) build -o bin/benchscale ./cmd/benchscale
	bin/benchscale $(SCALE) -o $(OUT)/scale

# Exchanges and dialogues a second with the host's kernel, collections against a
# bare loop, and dialogues with an emulated kernel of the lab, where there is one.
bench-links:
	$(GO) test -tags root,lab -run '^$$' -bench Links -benchtime 3x ./collector/live ./collector/qemu

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

# make demo and make test are all that a fresh clone needs.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCH ?= $(or $(LAYERGATE_BENCH),/tmp/layergate-bench)
IMAGE ?= layergate:latest
# The version comes from git, where git will say: not of another user's checkout.
VCS := $(if $(shell git rev-parse HEAD 2>/dev/null),auto,false)

.DEFAULT_GOAL := build
.PHONY: build demo test lint fuzz bench accuracy image index install-deps clean

build: ## bin/layergate, one static binary
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(VCS) -ldflags '-s -w' -o bin/layergate ./agent/cmd/layergate

demo: build ## scan a real image; the default policy blocks it, with exit code 2
	@echo '$$ bin/layergate scan testdata/images/shop.tar'
	@bin/layergate scan testdata/images/shop.tar; code=$$?; \
	if [ $$code -ne 2 ]; then echo "exit code $$code, but the policy should block this image: 2" >&2; exit 1; fi; \
	echo; echo 'Exit code 2, as it should be: the policy blocks this image.'

test: ## everything that CI checks; installs missing tools with apt if run by root
	@.ci/test

lint:
	go run $(STATICCHECK) ./agent/... ./gitlab-ci-templates/... ./policies/... ./testdata/bench/... ./testdata/accuracy/...

fuzz: ## each fuzz target for FUZZTIME (5s)
	@.ci/fuzz

bench: build ## Go's benchmarks, then a 2 GB image beside the physical limits
	go test -run '^$$' -bench . -benchmem ./agent/...
	LAYERGATE_BENCH=$(BENCH) testdata/bench/run.sh

accuracy: ## precision and recall on labelled images, then each difference from osv-scanner (docs/accuracy.md)
	go test ./agent/internal/match -run '^TestAccuracy' -count=1 -v -all-sources
	LAYERGATE_BENCH=$(BENCH) testdata/accuracy/osv-scanner.sh

image: build ## a container image of the agent
	agent/image.sh $(IMAGE)

index: ## the embedded advisory index, anew from ../shared/data (see NOTICE)
	go test ./agent/internal/advisory/store -run '^TestDefaultIndex$$' -count=1 -update

install-deps: ## the tools that the tests, the benchmark and the images need
	@.ci/install --images
	@.ci/dockerd

clean:
	rm -rf bin

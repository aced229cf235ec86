# Everything a person or the continuous integration runs, by name.
# `make` alone lists it.

SHELL := /bin/bash -o pipefail
TOOL  := go tool -modfile=tools/go.mod
# Race-instrumented tests of everything, counted at the end.
PKG   ?= ./...
FUZZTIME ?= 30s

.PHONY: help setup build run demo test mats check tidy lint fix e2e bench peers fuzz cover package vuln

help: ## List these targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## Install what is missing: Debian packages, ONNX Runtime
	@scripts/setup

build: setup ## Build bin/athanor
	go build -trimpath -tags migrated_fynedo -o bin/athanor .

run: build ## Open the window; without a display, train the demo instead
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then bin/athanor; else \
	  echo "No display here (DISPLAY and WAYLAND_DISPLAY are empty): running the demo without a window."; \
	  bin/athanor demo; fi

demo: build ## Train on the embedded digits without a screen; leave curve, report and model
	bin/athanor demo

# The window's own test drives the real program and measures it: alone, after the others.
test: setup ## Run all tests with the race detector, then the window end to end; count them
	@go build -o bin/testcount ./scripts/testcount
	@{ go test -race -timeout 30m -json $$(go list -e $(PKG) | grep -v '^athanor/e2e$$'); \
	  go test -json $$(go list -e $(PKG) | grep '^athanor/e2e$$' || echo ./scripts/floors); } | bin/testcount

mats: setup ## Run the tests of pictures, cameras and faces once more, counting OpenCV's matrices
	go test -tags matprofile -timeout 20m ./inference/vision ./inference/face

check: tidy lint test ## All that a commit must pass

tidy: ## Fail where go.mod or the formatting is not as the tools would write it
	go mod tidy -diff
	$(TOOL) golangci-lint fmt --diff

lint: setup ## Run the linters, floors included
	$(TOOL) golangci-lint run --allow-parallel-runners

fix: setup ## Let the linters mend what they can mend by themselves
	$(TOOL) golangci-lint run --allow-parallel-runners --fix

e2e: setup ## Drive the real window under Xvfb and keep the pictures in out/e2e
	scripts/e2e

bench: build peers ## Measure accuracy and speed beside the peers; writes bench/RESULTS.md
	go run ./bench

peers: ## Install the peers (Keras, GoMLX) into their own folders
	bench/peers/setup

fuzz: setup ## Fuzz every parser of outside data for FUZZTIME each
	scripts/fuzz $(FUZZTIME)

cover: setup ## Test coverage as coverage/index.html
	@mkdir -p coverage
	go test -coverprofile=coverage/profile -coverpkg=./... $(PKG)
	go tool cover -html=coverage/profile -o coverage/index.html
	@go tool cover -func=coverage/profile | tail -n 1

package: build ## Build the Linux package and the .deb under dist/
	scripts/package

vuln: ## Look for known vulnerabilities (needs a network)
	$(TOOL) govulncheck ./...

# Each target installs what is missing and then works, as the first and only command on a fresh Debian 12 with a Swift
# toolchain. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PACKAGES := libzmq3-dev libmsgpack-dev libxxhash-dev libraft-dev libuv1-dev gnuplot-nox python3-zmq python3-msgpack
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks
C_SOURCES := $(shell find CShim Benchmarks -name '*.c')
C_INCLUDES := $(addprefix -I,$(shell find CShim Benchmarks -type d -name include))

.PHONY: help deps build test lint format bench fuzz trials sanitize clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Install the Debian packages that are missing
	@missing=""; for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "Installing:$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	fi

build: deps ## Build everything, for debugging
	swift build --build-tests

# One test at a time: many are about time, on sockets and processes that share the CPUs.
test: deps ## Run the tests
	swift build --build-tests
	swift test --skip-build --no-parallel

lint: deps ## Check format and warnings
	swift format lint --strict --recursive $(SWIFT_SOURCES)
	@for source in $(C_SOURCES); do \
	  clang -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror -fsyntax-only $(C_INCLUDES) $$source; \
	done; echo "lint: clean"

format: ## Format the Swift sources
	swift format --in-place --recursive $(SWIFT_SOURCES)

bench: deps ## Measure everything beside raw C and libraft: a table, plots and a report in results/
	swift build -c release --product bench
	swift run -c release --skip-build bench --scenarios core,cluster

fuzz: deps ## A million seeded mutations of everything that comes over the wire
	swift run -c release fuzz --iterations 1000000 --seed 1

trials: deps ## A million histories whose verdict is known, for the checker of chaos runs
	swift run -c release history-trials --histories 1000000 --seed 1

sanitize: deps ## Run the tests under AddressSanitizer and ThreadSanitizer
	swift build --build-tests --sanitize address --scratch-path .build-asan
	ASAN_OPTIONS=detect_leaks=0 swift test --skip-build --no-parallel --sanitize address --scratch-path .build-asan
	swift build --build-tests --sanitize thread --scratch-path .build-tsan
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.suppressions \
	  swift test --skip-build --no-parallel --sanitize thread --scratch-path .build-tsan --filter RingmasterTests

clean: ## Remove builds
	rm -rf .build .build-asan .build-tsan

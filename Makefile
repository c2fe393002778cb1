# Each target installs what is missing and then works, as the first and only command on a fresh Debian 12 with a Swift
# toolchain. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PACKAGES := libzmq3-dev libmsgpack-dev libxxhash-dev libraft-dev libuv1-dev gnuplot-nox python3-zmq python3-msgpack
# What `bench compare` measures beside Ringmaster: servers, and the libraries of their clients and workers.
PEERS := redis-server libhiredis-dev nats-server libnats-dev rabbitmq-server librabbitmq-dev libsqlite3-dev etcd-server libnng-dev \
  python3-flask gunicorn libcurl4-openssl-dev libgrpc++-dev
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks
# Not what others wrote, nor what needs the libraries of `make peers`.
C_SOURCES := $(shell find CShim Benchmarks -name '*.c' -not -path '*/.build/*' -not -path '*/CRabbitMQ/*' \
  -not -path '*/CCurl/*' -not -path '*/CNng/*')
C_INCLUDES := $(addprefix -I,$(shell find CShim Benchmarks -type d -name include -not -path '*/.build/*'))

.PHONY: help deps peers build test test-compare lint format bench fuzz trials chaos chaos-quick simulate sanitize clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

MISSING = $(shell for package in $(1); do \
  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq

deps: ## Install the Debian packages that are missing
	@missing="$(call MISSING,$(PACKAGES))"; if [ -n "$$missing" ]; then \
	  echo "Installing:" $$missing; $(SUDO) apt-get update -qq && $(APT) $$missing >/dev/null; \
	fi

# Debian starts what it installs; policy-rc.d is how it is told not to. Runs start servers of their own.
peers: deps ## Install what `bench compare` needs, without leaving any service running
	@missing="$(call MISSING,$(PEERS))"; if [ -n "$$missing" ]; then \
	  echo "Installing:" $$missing; $(SUDO) apt-get update -qq; \
	  policy=/usr/sbin/policy-rc.d; \
	  if [ ! -e $$policy ]; then \
	    trap "$(SUDO) rm -f $$policy" EXIT; \
	    printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $$policy >/dev/null; $(SUDO) chmod 755 $$policy; \
	  fi; \
	  $(APT) --no-install-recommends $$missing >/dev/null; \
	  for package in $$missing; do case $$package in *-server) \
	    $(SUDO) systemctl disable -q $${package/etcd-server/etcd} 2>/dev/null || true;; esac; done; \
	fi

build: deps ## Build everything, for debugging
	swift build --build-tests

# One test at a time: many are about time, on sockets and processes that share the CPUs.
test: deps ## Run the tests, and then what chaos-quick does
	swift build --build-tests
	swift test --skip-build --no-parallel
	$(MAKE) --no-print-directory chaos-quick

test-compare: peers ## Test the package of other systems, Benchmarks/Compare, with those that are installed
	swift build --package-path Benchmarks/Compare --build-tests
	swift test --package-path Benchmarks/Compare --skip-build --no-parallel

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

# The same each time: half a minute of the matrix, a run with a fixed seed, and the mistakes that are caught soon.
QUICK := .build/chaos-quick
chaos-quick: deps ## Two minutes of the chaos suite: cells of the matrix, a run of 20 s, planted mistakes
	swift build --product chaos
	rm -rf $(QUICK)
	.build/debug/chaos matrix --quick --out $(QUICK)/matrix
	.build/debug/chaos run --duration 20s --seed 1 --quiet --format csv --out $(QUICK)/run
	.build/debug/chaos planted --fast --out $(QUICK)/planted
	$(MAKE) --no-print-directory simulate

# A program for debugging simulates a seed in seconds: the seeds are small ones.
simulate: deps ## Simulate a few hundred small clusters, and explore one
	swift build --product chaos
	.build/debug/chaos simulate --quick --seeds 1...300 --jobs $$(nproc)
	.build/debug/chaos explore --members 1 --joins 1 --jobs 1 --crashes 1 --leader-changes 0

# `make chaos HOURS=12` for a long one.
HOURS ?= 1
KILL_RATE ?= 1
chaos: deps ## The whole chaos suite: every cell, every planted mistake, a soak of HOURS (1) at KILL_RATE (1)
	swift build -c release --product chaos
	.build/release/chaos matrix --out results/matrix
	.build/release/chaos planted --out results/planted
	.build/release/chaos soak --hours $(HOURS) --kill-rate $(KILL_RATE) --quiet

sanitize: deps ## Run the tests under AddressSanitizer and ThreadSanitizer
	swift build --build-tests --sanitize address --scratch-path .build-asan
	ASAN_OPTIONS=detect_leaks=0 swift test --skip-build --no-parallel --sanitize address --scratch-path .build-asan
	swift build --build-tests --sanitize thread --scratch-path .build-tsan
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.suppressions \
	  swift test --skip-build --no-parallel --sanitize thread --scratch-path .build-tsan --filter RingmasterTests

clean: ## Remove builds
	rm -rf .build .build-asan .build-tsan

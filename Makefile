# `make help` lists what there is to do. CI runs `make test` and `make demo`, nothing else.

SHELL := /bin/bash
.DEFAULT_GOAL := help

TARGET ?= list
TIME ?= 60
FILTER ?=
# Generated code keeps the generator's style.
SOURCES = $$(git ls-files '*.swift' | grep -v '\.pb\.swift$$')

.PHONY: help setup build test demo bench fuzz sanitize format lint clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install the Debian packages that build and tests need, where they are missing
	@.ci/setup.sh

build: setup ## build the hyperfs command, optimized
	swift build -c release --product hyperfs

test: setup lint ## style, build with warnings as errors, all tests
	swift build --build-tests
	# One after another: side by side, all would start at once and wait for two cores, and each
	# suite's time limit would run out on the waiting.
	swift test --skip-build --no-parallel

demo: build ## two nodes on this machine: share a folder, mount it, read it
	HYPERFS="$$PWD/.build/release/hyperfs" Tests/Demo/demo.sh

bench: setup ## compare with what people would use instead (slow)
	Benchmarks/run.sh

fuzz: setup ## TARGET=name TIME=seconds: feed a parser with hostile input; no TARGET lists them
	.ci/fuzz.sh "$(TARGET)" "$(TIME)"

sanitize: setup ## FILTER=regex: the tests under the address and the thread sanitizer, armed by planted bugs
	.ci/sanitize.sh $(FILTER)

format: ## rewrite the sources in the house style
	swift format --in-place --parallel --configuration .swift-format $(SOURCES)

lint: ## check the style without changing anything
	swift format lint --strict --parallel --configuration .swift-format $(SOURCES)

clean: ## remove everything that was built
	rm -rf .build .build-* Benchmarks/.build

# `make help` lists what there is to do. CI runs `make test` and `make demo`, nothing else.

SHELL := /bin/bash
.DEFAULT_GOAL := help

TARGET ?= list
TIME ?= 60
FILTER ?=
COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/user $(DESTDIR)$(PREFIX)/lib/systemd/system
# Generated code keeps the generator's style.
SOURCES = $$(git ls-files '*.swift' | grep -v '\.pb\.swift$$')

# Where `make install` puts things; DESTDIR is put before all of it, for packages.
PREFIX ?= /usr/local
DESTDIR ?=
# mount(8) looks for its helpers nowhere else.
SBINDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/sbin,$(PREFIX)/sbin)
BINARY ?= .build/release/hyperfs
# With the Swift libraries in it: the command runs where no Swift is installed.
RELEASE = -c release --static-swift-stdlib --product hyperfs

.PHONY: help setup build test demo bench fuzz sanitize format lint clean install uninstall deb

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install the Debian packages that build and tests need, where they are missing
	@.ci/setup.sh

build: setup ## build the hyperfs command, optimized
	swift build $(RELEASE)

test: setup lint ## style, build with warnings as errors, all tests
	swift build --build-tests
	# One after another: side by side, all would start at once and wait for two cores, and each
	# suite's time limit would run out on the waiting.
	swift test --skip-build --no-parallel

demo: build ## two nodes on this machine: share a folder, mount it, read it
	HYPERFS="$$PWD/.build/release/hyperfs" Tests/Demo/demo.sh

install: ## PREFIX= DESTDIR=: the command, its manual, completions, mount(8) helper, systemd units
	@test -x $(BINARY) || $(MAKE) build
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/hyperfs
	$(BINARY) manual $(DESTDIR)$(PREFIX)/share/man
	install -d $(COMPLETIONS)
	$(BINARY) --generate-completion-script bash >$(word 1,$(COMPLETIONS))/hyperfs
	$(BINARY) --generate-completion-script zsh >$(word 2,$(COMPLETIONS))/_hyperfs
	$(BINARY) --generate-completion-script fish >$(word 3,$(COMPLETIONS))/hyperfs.fish
	install -d $(UNITS) $(DESTDIR)$(SBINDIR)
	sed 's|/usr/bin/|$(PREFIX)/bin/|' Packaging/systemd/hyperfs.service >$(word 1,$(UNITS))/hyperfs.service
	sed 's|/usr/bin/|$(PREFIX)/bin/|' Packaging/systemd/hyperfs@.service >$(word 2,$(UNITS))/hyperfs@.service
	ln -sf $(PREFIX)/bin/hyperfs $(DESTDIR)$(SBINDIR)/mount.hyperfs
	ln -sf $(PREFIX)/bin/hyperfs $(DESTDIR)$(SBINDIR)/mount.fuse.hyperfs

uninstall: ## the same PREFIX= DESTDIR=: takes all of it away; stores and settings stay
	rm -f $(DESTDIR)$(PREFIX)/bin/hyperfs
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/hyperfs.1 $(DESTDIR)$(PREFIX)/share/man/man1/hyperfs-*.1
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/hyperfs.toml.5
	rm -f $(DESTDIR)$(PREFIX)/share/man/man8/mount.hyperfs.8
	rm -f $(word 1,$(COMPLETIONS))/hyperfs $(word 2,$(COMPLETIONS))/_hyperfs
	rm -f $(word 3,$(COMPLETIONS))/hyperfs.fish
	rm -f $(word 1,$(UNITS))/hyperfs.service $(word 2,$(UNITS))/hyperfs@.service
	rm -f $(DESTDIR)$(SBINDIR)/mount.hyperfs $(DESTDIR)$(SBINDIR)/mount.fuse.hyperfs

deb: build ## a Debian package, in .build/
	Packaging/deb.sh $(BINARY) .build

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

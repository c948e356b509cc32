# make demo        build nibble and meet it: a recording, one tile's life, the debugger
# make test        build and run every test
# make install     PREFIX=/usr/local
# make clean
PREFIX ?= /usr/local
BIN := .build/release
# The same flags for ./nibble and for the tests, so that neither builds the other's modules anew.
FLAGS := -c release -Xswiftc -enable-testing

.PHONY: all build demo test lint install uninstall clean

all: build

build:
	@scripts/setup build
	swift build $(FLAGS) --product nibble
	@ln -sfn $(BIN)/nibble nibble

demo: build
	@./nibble demo

test:
	@scripts/setup test
	@scripts/fetch-smollm2
	@scripts/fetch-gemma3-270m
	swift build $(FLAGS) --build-tests $(TESTFLAGS)
	@ln -sfn $(BIN)/nibble nibble
	NIBBLE_PYTHON=$(CURDIR)/.venv/bin/python \
	  swift test $(FLAGS) --skip-build $(TESTFLAGS)

lint:
	swift format lint --strict --recursive Package.swift Sources Tests lessons

# The binary looks for its resources beside itself, so both go to lib/nibble.
install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/lib/nibble/scripts"
	install -m 755 $(BIN)/nibble "$(DESTDIR)$(PREFIX)/lib/nibble/nibble"
	rm -rf "$(DESTDIR)$(PREFIX)/lib/nibble/"*.resources
	cp -R $(BIN)/nibble_Recording.resources $(BIN)/nibble_LessonContent.resources \
	  "$(DESTDIR)$(PREFIX)/lib/nibble/"
	install -m 755 scripts/fetch-* "$(DESTDIR)$(PREFIX)/lib/nibble/scripts/"
	ln -sfn ../lib/nibble/nibble "$(DESTDIR)$(PREFIX)/bin/nibble"

uninstall:
	rm -rf "$(DESTDIR)$(PREFIX)/lib/nibble" "$(DESTDIR)$(PREFIX)/bin/nibble"

clean:
	rm -rf .build nibble

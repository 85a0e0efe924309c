# Thin names; the work is in scripts/ and in cargo. `make` alone lists them.
.PHONY: mutate-rules properties help run test check fmt bench bench-smoke conformance fuzz soak law advisories

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: ## the sandbox with its demonstration; ARGS=--once stops after it
	@scripts/run $(ARGS)

test: ## everything that CI runs
	@scripts/test

check: ## the quick part of it: format, lints, the pure register
	@scripts/check

fmt: ## format all code
	@cargo fmt --all

bench: ## what a message costs, by stage, and target/bench.json
	@scripts/bench

bench-smoke: ## the same roads, briefly, for correctness only
	@scripts/bench --smoke

conformance: ## real SOAP clients (zeep, node-soap) and the vendor's tools against the sandbox
	@scripts/conformance

fuzz: ## the fuzz targets, each for SECONDS_EACH (60), TARGET for one alone
	@scripts/fuzz

soak: ## kill -9 under load: one node, KILLS times (20); three nodes, RECIPIENTS (300) of CHANGES (100000)
	@scripts/soak

mutate-rules: ## moves every number and date of the rules by one and prints which lines notice
	@scripts/mutate-rules

properties: ## the properties of the register on CASES cases each (200,000)
	@scripts/properties

law: ## numbers of the rules that nobody has checked for a year
	@scripts/law

advisories: ## known vulnerabilities and abandoned crates; says NOT RUN when the database cannot be had
	@scripts/advisories

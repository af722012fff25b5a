# The few commands a person needs. Each is one line that could also be typed; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run stop test prove bench lint openapi sqlx ci clean-local

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, start everything, show the demo (PROFILE=release for speed)
	@scripts/run

stop: ## end a `make run` from another terminal; data is kept
	@scripts/stop

test: ## all tests, against servers of their own (args='-p innkeep-domain money')
	scripts/test $(args)

prove: ## attack the promises (only=oversell scale=quick|full)
	scripts/prove only=$(only) scale=$(scale)

bench: ## measure an optimised build, beside the database's own limit
	scripts/bench $(args)

lint: ## format check and clippy, warnings are errors
	cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

openapi: ## regenerate openapi/innkeep.json from the code
	cargo run -q -- openapi > openapi/innkeep.json.new && mv openapi/innkeep.json.new openapi/innkeep.json

sqlx: ## regenerate .sqlx after changing SQL or a migration
	scripts/sqlx-prepare

ci: ## everything CI runs
	.ci/run

clean-local: ## throw away the demo's data (stops it first)
	scripts/stop && rm -rf .local

.DEFAULT_GOAL := help
.NOTPARALLEL:

GO ?= go
FUZZTIME ?= 30s
SOAK ?= 2000

# How many sequences of steps each model-based test goes through (internal/provider/model_test.go).
export RAPID_CHECKS ?= 15

# Terraform must not phone home, and no test may reach a real space by what happens to be in the environment, nor
# another build of the provider.
export CHECKPOINT_DISABLE := 1
unexport PIPELINER_SERVICE_URL PIPELINER_SPACE_ID PIPELINER_USERNAME PIPELINER_PASSWORD TF_CLI_CONFIG_FILE
ifeq ($(filter testacc-real sweep,$(MAKECMDGOALS)),)
unexport PIPELINER_ACC_SERVICE_URL PIPELINER_ACC_SPACE_ID PIPELINER_ACC_USERNAME PIPELINER_ACC_PASSWORD PIPELINER_ACC_PHONE_ID
endif

# Linters and generators are pinned in the module in tools/, built when first used, and kept in Go's build cache.
lint := $(GO) tool -modfile=tools/go.mod golangci-lint

# Sets $$terraform to the one on PATH or, where there is none, to one that is downloaded to bin/ once, and makes it
# found by what looks on PATH.
find-terraform := terraform="$$($(GO) -C tools run ./terraform "$(CURDIR)/bin")" && export PATH="$$PATH:$${terraform%/*}"

# The generator of the docs is handed the schemas: by way of Terraform it would get as much as that version knows of.
docs := mkdir -p bin && $(GO) run ./internal/schema > bin/schema.json && $(GO) -C tools tool tfplugindocs
provider := --provider-dir .. --provider-name pipeliner --providers-schema ../bin/schema.json

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## Build the provider and the mock server into bin/
	$(GO) build -o bin/ . ./cmd/pipeliner-mock

.PHONY: demo
demo: ## See conversations being created, changed, imported and destroyed by Terraform
	@$(GO) -C tools run ./demo

.PHONY: bench
bench: ## Count the HTTP requests for a thousand conversations
	@$(GO) -C tools run ./bench

.PHONY: test
test: check testacc ## Run everything that has to pass: checks, unit and acceptance tests

.PHONY: check
check: lint check-modules check-examples check-docs

.PHONY: testacc
testacc: ## Run the unit and acceptance tests
	$(GO) -C tools test ./...
	$(find-terraform) && TF_ACC=1 TF_ACC_TERRAFORM_PATH="$$terraform" $(GO) test -race -timeout 30m ./...

# Without it, -sweep would be empty, and "go test" would run the tests.
need-space := test -n "$$PIPELINER_ACC_SPACE_ID" || { echo 'PIPELINER_ACC_* name no space: see CONTRIBUTING.md' >&2; exit 1; }

.PHONY: testacc-real
testacc-real: ## Run what needs only the API in the real space that PIPELINER_ACC_* name
	@$(need-space)
	$(find-terraform) && TF_ACC=1 TF_ACC_TERRAFORM_PATH="$$terraform" $(GO) test -count=1 -v -timeout 1h -run '^TestAcc' ./internal/provider

.PHONY: sweep
sweep: ## Delete what testacc-real, when it was cut short, has left in that space
	@$(need-space)
	$(GO) test -count=1 -v ./internal/provider -sweep="$$PIPELINER_ACC_SPACE_ID"

# OpenTofu is the one on PATH or, where there is none, one that is built into bin/, which takes minutes, but once.
TOFU ?= $(or $(shell command -v tofu),$(CURDIR)/bin/tofu)
opentofu := github.com/opentofu/opentofu

$(CURDIR)/bin/tofu: tools/opentofu/go.mod
	$(GO) -C tools/opentofu build -trimpath -ldflags '-s -w -X $(opentofu)/version.dev=no' -o $@ $(opentofu)/cmd/tofu

.PHONY: test-opentofu
test-opentofu: $(TOFU) ## Run the acceptance tests with OpenTofu in the place of Terraform
	TF_ACC=1 TF_ACC_TERRAFORM_PATH="$(TOFU)" TF_ACC_PROVIDER_HOST=registry.opentofu.org TF_ACC_PROVIDER_NAMESPACE=hashicorp \
		$(GO) test ./internal/provider

.PHONY: fuzz
fuzz: ## Run each fuzz test for FUZZTIME (30s)
	set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

.PHONY: soak
soak: ## Run SOAK (2000) random sequences of changes, faults and other users against each resource
	RAPID_CHECKS=$(SOAK) $(GO) test ./internal/provider -v -count 1 -timeout 0 -run '^TestModel'

.PHONY: lint
lint: ## Check the format of the code, vet and lint it
	$(lint) fmt --diff
	$(lint) run
	cd tools && $(GO) tool golangci-lint run

# Not a part of "test": it asks a database in the network, whose answers change from day to day.
.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in what the provider calls
	$(GO) tool -modfile=tools/go.mod govulncheck ./...

.PHONY: fmt
fmt: ## Format the code and the examples
	$(lint) fmt
	$(find-terraform) && "$$terraform" fmt -recursive examples

.PHONY: docs
docs: ## Generate docs/ from the schemas, examples/ and templates/
	$(docs) generate $(provider)

.PHONY: check-modules
check-modules:
	$(GO) mod tidy -diff
	$(GO) -C tools mod tidy -diff

.PHONY: check-examples
check-examples:
	$(find-terraform) && "$$terraform" fmt -check -diff -recursive examples

.PHONY: check-docs
check-docs:
	rm -rf bin/docs
	$(docs) generate $(provider) --rendered-website-dir bin/docs
	diff -ru docs bin/docs || { echo 'docs/ is stale: run "make docs"'; exit 1; }
	$(docs) validate $(provider)

# GoReleaser has a module of its own: it takes minutes to build, and only a release needs it.
.PHONY: snapshot
snapshot: ## Build what a release holds, for this machine, into dist/
	$(GO) tool -modfile=tools/release/go.mod goreleaser build --snapshot --clean --single-target

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist

# `make help` lists the targets. Two cores are enough for all of them.
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := .bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

.PHONY: help run test test-go test-spa test-e2e test-deploy lint generate build release reproducible vulnerabilities spa bench fuzz mutants clean

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## start the demo, or the gateway if it is configured
	go run .

test: ## everything: Go with the race detector, the SPA, real browsers and foreign servers
	.ci/test

test-go: ## the Go tests alone
	go vet ./...
	go test -race ./...

test-spa: ## the SPA's tests, and that its bundle is what its source builds
	cd spa/app && npm ci --no-fund --no-audit && npm test && npm run check
	cd spa/playground && npm ci --no-fund --no-audit && npm run check

test-e2e: build ## what needs a real browser or a foreign server
	cd e2e && npm ci --no-fund --no-audit && VESTIBULE_BINARY=$(CURDIR)/vestibule npm test

test-deploy: ## Dockerfile, compose file, Kubernetes manifests, workflows and systemd unit, each with its own reader
	cd e2e/deploy && go vet ./... && go test ./...
	.ci/systemd

lint: $(GOLANGCI_LINT) ## the linters of .golangci.yml
	$(GOLANGCI_LINT) run ./...

$(GOLANGCI_LINT):
	GOBIN=$(CURDIR)/.bin/install go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv .bin/install/golangci-lint $@ && rmdir .bin/install

generate: ## generated Go code and docs/configuration.md
	go generate ./...
	go test -run 'TestConfigurationDoc' . -update

build: ## the binary, without the demo if TAGS=nodemo
	CGO_ENABLED=0 go build -trimpath -tags '$(TAGS)' -o vestibule .

release: ## the binaries of all systems, their checksums and bill of materials, into release/; VERSION=v1.2.3 names it
	.ci/release '$(VERSION)'

reproducible: ## build twice, in different places, and compare
	.ci/reproducible

vulnerabilities: ## known vulnerabilities in what the code calls; asks the Go vulnerability database
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 -tags nodemo ./...

spa: ## build the bundles into spa/dist and spa/dist-playground
	cd spa/app && npm ci --no-fund --no-audit && npm run build
	cd spa/playground && npm ci --no-fund --no-audit && npm run build

bench: ## the benchmarks, about half an hour; bench/README.md says what they mean
	go test -run '^$$' -bench . -benchmem ./auth/... ./clients/... ./graph/...
	go -C bench/decoders test -bench . -benchmem
	go run ./bench/limit
	go run ./bench/latency
	go run ./bench/chaos
	go run ./bench/soak -for 10m

fuzz: ## each fuzz target for a minute
	.ci/fuzz 60s

mutants: ## change every guard in turn and see a test fail; docs/security.md says how long it takes
	go run ./internal/mutants ./auth/secret ./auth/memstore ./auth/rp ./auth
	go run ./internal/mutants -run '/clients/(api|call|challenge|decode|header|identity|path|refusal|relay[a-z_]*|send)\.go:' ./clients
	go run ./internal/mutants -run '/(host|routes|config_[a-z]+)\.go:' .
	go run ./internal/mutants -table docs/security.md ./auth/secret ./auth/memstore ./auth/rp ./auth ./clients ./graph .

clean: ## remove what was built
	rm -rf vestibule release .bin e2e/results

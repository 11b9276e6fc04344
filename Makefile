# `make help` lists the targets. Two cores are enough for all of them.
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := .bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
# npm writes this file when it has put all in place.
INSTALLED := node_modules/.package-lock.json

.PHONY: help run npm dev dev-build test test-go test-spa test-e2e test-glewlwyd test-rest test-guides test-deploy lint generate plan breaking build release reproducible vulnerabilities spa bench gameday fuzz shapes mutants clean

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## start the demo, or the gateway if it is configured
	go run .

%/$(INSTALLED): %/package.json %/package-lock.json
	cd $* && npm ci --no-fund --no-audit

npm: e2e/$(INSTALLED) spa/app/$(INSTALLED) spa/playground/$(INSTALLED) ## what the SPA and its tests need of npm

# Where Vite listens while you write; the gateway's own address is VESTIBULE_SERVER_ADDRESS, as ever.
VITE_PORT ?= 5173
dev: spa/app/$(INSTALLED) ## the demo while you write it: Vite reloads the app, Go and the schema are built anew on change; one address, http://localhost:8080
	cd spa/app && npm run -s codegen
	(cd spa/app && exec node node_modules/vite/bin/vite.js --host 127.0.0.1 --port $(VITE_PORT)) & trap "kill $$!" EXIT; \
	  VESTIBULE_SPA_DEV_SERVER=http://127.0.0.1:$(VITE_PORT) go run github.com/air-verse/air@v1.67.4 -tmp_dir .cache/air \
	  -build.cmd "make -s dev-build" -build.entrypoint .cache/air/vestibule,serve -build.include_ext go,graphqls,yaml,yml,json \
	  -build.exclude_dir .cache,spa/app,spa/playground,spa/dist,e2e,bench,docs -build.exclude_regex "_gen\.go$$,_test\.go$$,/testdata/" -build.send_interrupt true -build.kill_delay 2s

dev-build: graph/exec/exec_gen.go spa/app/src/gql/operations.json
	go build -o .cache/air/vestibule .

graph/exec/exec_gen.go: schema.graphqls gqlgen.yml $(wildcard clients/*/openapi.*)
	go generate ./graph
	touch $@

spa/app/src/gql/operations.json: schema.graphqls
	cd spa/app && npm run -s codegen

test: ## everything: Go with the race detector, the SPA, real browsers and foreign servers
	.ci/test

test-go: ## the Go tests alone
	go vet ./...
	go test -race ./...

test-spa: spa/app/$(INSTALLED) spa/playground/$(INSTALLED) ## the SPA's tests, and that its bundle is what its source builds
	cd spa/app && npm test && npm run check
	cd spa/playground && npm run check

test-e2e: build e2e/$(INSTALLED) ## what needs a real browser or a foreign server
	cd e2e && VESTIBULE_BINARY=$(CURDIR)/vestibule npm test

test-rest: ## @rest over GitHub's and Stripe's OpenAPI documents, which npm and the Go proxy give; a minute or two
	cd e2e/rest && go vet ./... && go test -v ./...

test-guides: ## the guides of docs, followed step by step in a copy of the repository
	cd e2e/guides && go vet ./... && go test -v ./...

test-glewlwyd: build e2e/$(INSTALLED) ## the gateway with Glewlwyd, an OpenID provider that Debian ships (apt-get install --no-install-recommends glewlwyd sqlite3)
	cd e2e && VESTIBULE_BINARY=$(CURDIR)/vestibule node --test --test-force-exit --test-timeout=180000 --test-reporter=spec glewlwyd.foreign.mjs

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

plan: ## what QUERY=file.graphql asks of the APIs, before anybody runs it, with VARIABLES='{…}'; without QUERY, which fields call an API once per element
	@go run ./internal/gen plan $(if $(VARIABLES),-variables '$(VARIABLES)') $(or $(QUERY),-n1)

BASE ?= main
breaking: ## what the schema breaks since BASE (main), and which operations of the SPA as of then
	@mkdir -p .bin
	git show $(BASE):schema.graphqls >.bin/base.graphqls
	git show $(BASE):spa/dist/operations.json >.bin/base-operations.json
	go run ./internal/gen breaking .bin/base.graphqls schema.graphqls .bin/base-operations.json

build: ## the binary, without the demo if TAGS=nodemo
	CGO_ENABLED=0 go build -trimpath -tags '$(TAGS)' -o vestibule .

release: ## the binaries of all systems, their checksums and bill of materials, into release/; VERSION=v1.2.3 names it
	.ci/release '$(VERSION)'

reproducible: ## build twice, in different places, and compare
	.ci/reproducible

vulnerabilities: ## known vulnerabilities in what the code calls; asks the Go vulnerability database
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 -tags nodemo ./...

spa: spa/app/$(INSTALLED) spa/playground/$(INSTALLED) ## build the bundles into spa/dist and spa/dist-playground
	cd spa/app && npm run build
	cd spa/playground && npm run build

bench: ## the benchmarks, about half an hour; bench/README.md says what they mean
	go test -run '^$$' -bench . -benchmem ./auth/... ./clients/... ./graph/...
	go -C bench/decoders test -bench . -benchmem
	go -C bench/calls run -mod=mod .
	cd bench/limit/peers && npm ci --ignore-scripts --no-fund --no-audit
	go run ./bench/limit -targets min,min+,engine,gqlgen,plan,gateway,yoga,mercurius
	go run ./bench/latency
	go run ./bench/chaos
	go run ./bench/replicas
	go run ./bench/load
	go run ./bench/streams
	go run ./bench/soak -for 10m

gameday: ## what goes wrong in a year, within a quarter of an hour and under load, and what came of it; needs redis-server
	go run ./bench/gameday

fuzz: ## each fuzz target for a minute
	.ci/fuzz 60s

shapes: ## plans beside gqlgen's executor over two dozen schemas made up anew, from seed FIRST=100 on, and 3,000 operations on each; five minutes
	go run ./graph/plan/plantest/shapes/make -first $(or $(FIRST),100) -seeds 24 -operations 3000

mutants: ## change every guard in turn and see a test fail; docs/security.md says how long it takes
	go run ./internal/mutants ./auth/secret ./auth/memstore ./auth/filestore ./auth/rp ./auth
	GOFLAGS=-tags=redis go run ./internal/mutants ./auth/redisstore
	go run ./internal/mutants ./clients
	go run ./internal/mutants -also . ./graph
	go run ./internal/mutants ./graph/cost ./graph/plan ./graph/scalar
	go run ./internal/mutants -also ./graph/rest/resttest ./graph/rest
	go run ./internal/mutants -run '/observe\.go:' ./internal/observe
	go run ./internal/mutants .
	go run ./internal/mutants -table docs/security.md ./auth/secret ./auth/memstore ./auth/filestore ./auth/rp ./auth ./clients ./graph .

clean: ## remove what was built
	rm -rf vestibule release .bin e2e/results

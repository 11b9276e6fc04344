// Package deploy checks the files that ship Vestibule with the libraries of the programs that read them: the Dockerfile with
// BuildKit's parser and linter, the compose file with Compose's, the Kubernetes manifests with Kustomize and the API's own
// types, the workflow with actionlint. It is a module of its own, so that none of them is a dependency of the gateway.
package deploy

//go:build !nodemo

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The configurations that ship beside the manifests are ones that Vestibule takes.
func TestDeployedConfigurationsAreInOrder(t *testing.T) {
	files := tracked(t, "docs/deploy/*/vestibule.yaml")
	if len(files) != 3 {
		t.Fatalf("%d configurations, want 3: %v", len(files), files)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := write("secret", goodKey+"\n")
	mounted := regexp.MustCompile(`(_file: )/run/[^\s}]+`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		config := write("vestibule.yaml", mounted.ReplaceAllString(string(text), "${1}"+secret))
		environment := map[string]string{}
		if strings.Contains(file, "systemd") {
			environment["VESTIBULE_IDENTITY_CLIENT_SECRET_FILE"] = secret
		}
		var names []string
		for name := range environment {
			names = append(names, name)
		}
		cfg, err := loadConfig([]string{"-config", config}, func(name string) string { return environment[name] }, names)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if cfg.Demo || cfg.development() {
			t.Errorf("%s: this is no production configuration", file)
		}
	}
}

// The released binary runs in an image that has nothing else: it needs no loader and no library.
func TestTheBinaryIsStatic(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "vestibule")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "nodemo", "-ldflags", "-X main.stamped=v9.8.7", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("it has %s: it is linked to what the image lacks", part.Type)
		}
	}
	text, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "v9.8.7") {
		t.Error("the version is not stamped into it")
	}
	for _, ours := range []string{"vestibule.example/demo/", "zitadel/oidc"} {
		if strings.Contains(string(text), ours) {
			t.Errorf("it has %s: the demo, with printed passwords", ours)
		}
	}
}

// allowedLicences let a product be built upon a module with no duty but notice (and the MPL's, for changed files of its own).
// Each is known by words that no other has.
var allowedLicences = map[string]string{
	"MIT":     "Permission is hereby granted, free of charge, to any person obtaining a copy",
	"BSD":     "Redistribution and use in source and binary forms, with or without modification, are permitted",
	"Apache":  "Apache License Version 2.0, January 2004",
	"ISC":     "distribute this software for any purpose with or without fee is hereby granted",
	"MPL-2.0": "Mozilla Public License, version 2.0",
	"none":    "This is free and unencumbered software released into the public domain.",
}

func TestLicencesOfWhatIsBuiltIn(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Dir}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		path, dir, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || seen[path] || path == module {
			continue
		}
		seen[path] = true
		names, err := filepath.Glob(filepath.Join(dir, "[LlCc][IiOo][CcPp][EeYy]*"))
		if err != nil || len(names) == 0 {
			t.Errorf("%s has no licence file", path)
			continue
		}
		known := false
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			plain := strings.Join(strings.Fields(string(text)), " ")
			for _, words := range allowedLicences {
				known = known || strings.Contains(plain, words)
			}
		}
		if !known {
			t.Errorf("%s: no licence that is known and allowed in %v", path, names)
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d modules were looked at", len(seen))
	}
}

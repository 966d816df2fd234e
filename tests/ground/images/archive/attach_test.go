package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

func TestAttach(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "charts"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "charts", "a.tgz"), []byte("chart"), 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("code before the archive"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := attach(program, folder); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(program)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if _, err := archive.Open("charts/a.tgz"); err != nil {
		t.Error(err)
	}
	content, err := os.ReadFile(program)
	if err != nil || string(content[:4]) != "code" {
		t.Errorf("the program itself is damaged: %q, %v", content[:4], err)
	}
}

package main

import (
	"encoding/base64"
	"testing"
)

func TestToken(t *testing.T) {
	for text, good := range map[string]bool{
		`{"a":"9a7c","t":"6ff42ae2-765d-4adf-8112-31c55c1551ef","s":"c2VjcmV0"}`: true,
		`{"a":"9a7c","t":"not a uuid","s":"c2VjcmV0"}`:                           false,
		`{"a":"9a7c","t":"6ff42ae2-765d-4adf-8112-31c55c1551ef"}`:                false,
		`{"t":"6ff42ae2-765d-4adf-8112-31c55c1551ef","s":"c2VjcmV0"}`:            false,
		`no JSON`: false,
	} {
		_, err := parse(base64.StdEncoding.EncodeToString([]byte(text)))
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := parse("%%%"); err == nil {
		t.Error("not base64, and taken all the same")
	}
}

func TestArguments(t *testing.T) {
	t.Setenv("TUNNEL_TOKEN", "of the environment")
	metrics, text, err := arguments([]string{"tunnel", "--no-autoupdate", "--metrics", "0.0.0.0:2000", "run"})
	if err != nil || metrics != "0.0.0.0:2000" || text != "of the environment" {
		t.Errorf("%q %q %v", metrics, text, err)
	}
	if _, _, err := arguments([]string{"access"}); err == nil {
		t.Error("a command that is not there")
	}
}

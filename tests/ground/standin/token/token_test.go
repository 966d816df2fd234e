package token

import (
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	ca := []byte("some pem")
	got, err := Parse(Format(ca, "server", "pw:with:colons"))
	if err != nil || got.User != "server" || got.Password != "pw:with:colons" || got.CheckCA(ca) != nil {
		t.Fatalf("%+v %v", got, err)
	}
	err = got.CheckCA([]byte("another pem"))
	if err == nil || !strings.HasPrefix(err.Error(), "token CA hash does not match the Cluster CA certificate hash: ") {
		t.Errorf("another CA: %v", err)
	}
}

func TestShortFormTrustsAnyCA(t *testing.T) {
	got, err := Parse("justapassword")
	if err != nil || got.Password != "justapassword" || got.CheckCA([]byte("x")) != nil {
		t.Errorf("%+v %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "token must not be empty",
		"K10abc::server:pw": "invalid token CA hash length",
		"K10::server":       "invalid token format",
		"K10" + strings.Repeat("a", 64) + "::server:": "invalid token format",
	} {
		if _, err := Parse(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

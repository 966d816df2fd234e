// Package clock is the machine's time as this program believes it. The machines of the proving
// ground are containers and share one kernel clock, so a clock that is off is told by a file: the
// number of seconds to add. Only certificates are made and checked by it; that is where a wrong
// clock bites a K3s node first.
package clock

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// OffsetFile holds whole seconds, possibly negative. Absent means that the clock is right.
const OffsetFile = "/etc/ground-clock"

// Now is the time that this machine believes it is.
func Now() time.Time {
	b, err := os.ReadFile(OffsetFile)
	if err != nil {
		return time.Now()
	}
	seconds, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return time.Now()
	}
	return time.Now().Add(time.Duration(seconds) * time.Second)
}

package network

import (
	"context"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// A server may ask for as long as we wait, and not for a second more.
func TestLongestWait(t *testing.T) {
	for seconds, want := range map[int]int{int(longestWait / time.Second): 200, int(longestWait/time.Second) + 1: 429} {
		p := Patient{To: &statuses{codes: []int{429}, header: strconv.Itoa(seconds)}, Wait: func(context.Context, time.Duration) error { return nil }}
		answer, err := p.RoundTrip(httptest.NewRequest("GET", "/", nil))
		if err != nil || answer.StatusCode != want {
			t.Errorf("asked to wait for %d seconds: %v, %v, want %d", seconds, answer, err, want)
		}
	}
}

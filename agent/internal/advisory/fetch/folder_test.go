package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTwoAtOnce(t *testing.T) {
	folder := t.TempDir()
	first := open(t, folder)
	blocked := make(chan struct{})
	second := make(chan error)
	go func() {
		f, err := Open(t.Context(), folder, func() { close(blocked) })
		if err == nil {
			err = f.Close()
		}
		second <- err
	}()
	<-blocked
	select {
	case err := <-second:
		t.Fatalf("the second did not wait: %v", err)
	default:
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second: %v", err)
	}
	third := open(t, folder)
	defer third.Close()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Open(ctx, folder, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
}

// TestDamaged: what changed on the disk is downloaded again, though its server
// says that nothing has changed.
func TestDamaged(t *testing.T) {
	in, f, folder := withKEV(t)
	if damaged, err := f.Damaged(); err != nil || len(damaged) != 0 {
		t.Fatalf("%v, %v", damaged, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kev.json"), []byte(strings.Repeat("\x00", len(oldKEV))), 0o644); err != nil {
		t.Fatal(err)
	}
	damaged, err := f.Damaged()
	if diff := cmp.Diff([]string{"kev.json"}, damaged); diff != "" || err != nil {
		t.Fatalf("damaged: %v (-want +got):\n%s", err, diff)
	}
	for _, how := range []string{"with zeros", "cut short", "removed"} {
		update(t, f, in.options(nil).only("kev"))
		if got := tree(t, folder)["kev.json"]; got != oldKEV {
			t.Errorf("%s: the file is %q", how, got)
		}
		if err := os.Truncate(filepath.Join(folder, "kev.json"), 5); err != nil {
			t.Fatal(err)
		}
		if how == "cut short" {
			if err := os.Remove(filepath.Join(folder, "kev.json")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"layergate": main})
}

// TestScripts runs the transcripts: what a user types, and what comes back.
// $SHOP is the image of testdata/images, $MIRROR the address of what is in $WORK/mirror.
func TestScripts(t *testing.T) {
	shop, err := filepath.Abs("../../../testdata/images/shop.tar")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(shop); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHOP", shop)
			mirror := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(e.WorkDir, "mirror"))))
			e.Defer(mirror.Close)
			e.Setenv("MIRROR", mirror.URL)
			return nil
		},
		// In CI what needs a tool that is missing fails instead of being skipped.
		Condition: func(name string) (bool, error) {
			if name != "ci" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return os.Getenv("CI") != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "registry": new(registries).command, "keypair": keypair},
	})
}

// exits CODE PROGRAM ARG... runs a programme that must exit with that very
// code: testscript's own "! exec" would take a 2 for a 1.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits code program [arg...]")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

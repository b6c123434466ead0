// Layergate scans container images in a pipeline; see layergate --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/layergate/layergate/agent/internal/cli"
)

func main() {
	os.Exit(run())
}

// run cancels the command on the first Ctrl-C or SIGTERM, so that it can say
// that the scan is incomplete; the second ends the process.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return int(cli.Main(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/policy"
	"github.com/layergate/layergate/agent/internal/report"
	"github.com/layergate/layergate/policies"
)

// maxPolicy bounds a policy file. One of ten thousand exceptions has 2 MB.
const maxPolicy = 16 << 20

// policyFile is a policy's text and where it came from.
type policyFile struct {
	location string
	text     []byte
}

// digest is the SHA-256 of the text, as results have it.
func (f policyFile) digest() string {
	sum := sha256.Sum256(f.text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (f policyFile) parse() (*policy.Policy, error) {
	return policy.Parse(bytes.NewReader(f.text), f.location)
}

// readPolicy reads a policy: of a file, of stdin ("-"), or the embedded one ("").
func (a *app) readPolicy(path string) (policyFile, error) {
	if path == "" {
		return policyFile{location: embedded, text: policies.Default}, nil
	}
	in, location := a.stdin, "stdin"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return policyFile{}, fmt.Errorf("reading the policy: %w", err)
		}
		defer f.Close()
		in, location = f, path
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPolicy+1))
	if err != nil {
		return policyFile{}, fmt.Errorf("reading the policy: %w", err)
	}
	if len(text) > maxPolicy {
		return policyFile{}, fmt.Errorf("reading the policy %s: it has more than %d MiB, which no policy has", location, maxPolicy>>20)
	}
	return policyFile{location: location, text: text}, nil
}

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Work with policies"}
	group(c)
	c.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "Check a policy before it decides anything",
		Long: `Check reads a policy and prints every problem as file:line:column: message, to
stdout: unknown keys, wrong types, impossible values, rules that can never
decide, exceptions that have expired. FILE may be - for stdin.

Exit codes: 0 if there is no problem, 1 if there is any.`,
		Example: "  layergate policy check policy.yaml",
		Args:    exactly(1, "one policy file"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.checkPolicy(args[0]) },
	})
	return c
}

func (a *app) checkPolicy(path string) error {
	file, err := a.readPolicy(path)
	if err != nil {
		return err
	}
	problems := policy.Check(bytes.NewReader(file.text), file.location, a.now())
	for _, p := range problems {
		if _, err := fmt.Fprintln(a.stdout, report.EscapeTerminal(p.String())); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return decided{ExitIncomplete}
	}
	_, err = fmt.Fprintf(a.stdout, "%s: no problems\n", report.EscapeTerminal(file.location))
	return err
}

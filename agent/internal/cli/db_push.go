package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) dbPushCommand() *cobra.Command {
	return &cobra.Command{
		Use: "push", Short: "Put an index into an OCI registry", Hidden: true,
		RunE: func(*cobra.Command, []string) error { return errors.New("not done yet") },
	}
}

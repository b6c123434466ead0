package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) dbPullCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pull", Short: "Fetch an index from an OCI registry", Hidden: true,
		RunE: func(*cobra.Command, []string) error { return errors.New("not done yet") },
	}
}

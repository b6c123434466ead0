package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) dbDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff", Short: "What differs between two indexes", Hidden: true,
		RunE: func(*cobra.Command, []string) error { return errors.New("not done yet") },
	}
}

package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) dbShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "What an index knows of a CVE or a package", Hidden: true,
		RunE: func(*cobra.Command, []string) error { return errors.New("not done yet") },
	}
}

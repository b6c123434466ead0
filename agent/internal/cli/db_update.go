package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) dbUpdateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "update", Short: "Fetch what publishers have and compile it", Hidden: true,
		RunE: func(*cobra.Command, []string) error { return errors.New("not done yet") },
	}
}

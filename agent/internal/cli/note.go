package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) noteCommand() *cobra.Command {
	c := &cobra.Command{Use: "note", Short: "Write a result's summary where a merge request is discussed"}
	group(c)
	c.AddCommand(&cobra.Command{
		Use:   "gitlab RESULT",
		Short: "Write or update one note of a GitLab merge request",
		Args:  exactly(1, "one result"),
		RunE:  func(*cobra.Command, []string) error { return errors.New("not done") },
	})
	return c
}

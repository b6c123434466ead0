package cli

import (
	"fmt"

	"github.com/sirupsen/logrus"
)

// setUpLog applies the global flags. Text is logrus' key=value form, which
// quotes what is not plain and has no colours: what is logged may come from an
// image.
func (a *app) setUpLog() error {
	switch a.logFormat {
	case "text":
		a.log.SetFormatter(&logrus.TextFormatter{DisableColors: true, DisableTimestamp: true})
	case "json":
		a.log.SetFormatter(&logrus.JSONFormatter{})
	default:
		unknown := a.logFormat
		a.logFormat = "text"
		return fmt.Errorf("unknown --log-format %q (want text or json)", unknown)
	}
	switch {
	case a.quiet:
		a.log.SetLevel(logrus.ErrorLevel)
	case a.verbose == 0:
		a.log.SetLevel(logrus.WarnLevel)
	case a.verbose == 1:
		a.log.SetLevel(logrus.InfoLevel)
	default:
		a.log.SetLevel(logrus.DebugLevel)
	}
	return nil
}

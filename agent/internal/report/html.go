package report

import (
	"errors"
	"io"

	"github.com/layergate/layergate/agent/internal/result"
)

func writeHTML(w io.Writer, r *result.Result, o Options) error { return errors.New("not done") }

func htmlFiles(r *result.Result, o Options) ([]File, error) { return nil, errors.New("not done") }

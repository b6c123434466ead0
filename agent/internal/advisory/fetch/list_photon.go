package fetch

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
)

// photonBase has photon_versions.json, {"branches": ["1.0", …]}, and one file
// for each of those.
const photonBase = "https://packages.broadcom.com/photon/photon_cve_metadata/"

var photonRelease = regexp.MustCompile(`^\d+\.\d+$`)

func listPhoton(ctx context.Context, s *session, _ []string) ([]file, error) {
	text, err := s.text(ctx, photonBase+"photon_versions.json")
	if err != nil {
		return nil, err
	}
	var versions struct {
		Branches []string `json:"branches"`
	}
	if err := json.Unmarshal([]byte(text), &versions); err != nil {
		return nil, fmt.Errorf("reading %sphoton_versions.json: %w", photonBase, err)
	}
	var files []file
	for _, release := range versions.Branches {
		if photonRelease.MatchString(release) { // there is a "dev" too
			name := "cve_data_photon" + release + ".json"
			files = append(files, file{path: "photon/" + name, url: photonBase + name})
		}
	}
	if len(files) == 0 {
		return nil, errNothing
	}
	return files, nil
}

package image

// Distro is the distribution that an image is built from, from its os-release.
type Distro struct {
	ID        string   `json:"id"`                  // os-release ID: debian, alpine, rhel, …
	Like      []string `json:"like,omitempty"`      // os-release ID_LIKE
	Version   string   `json:"version"`             // os-release VERSION_ID, "" for a rolling release
	Codename  string   `json:"codename,omitempty"`  // VERSION_CODENAME
	Name      string   `json:"name"`                // PRETTY_NAME
	Ecosystem string   `json:"ecosystem,omitempty"` // OSV's name with release; empty when no feed covers it
	EndOfLife string   `json:"endOfLife,omitempty"` // yyyy-mm-dd, the vendor's general support; empty when unknown
}

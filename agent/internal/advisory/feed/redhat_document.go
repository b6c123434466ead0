package feed

// csafDocument is what is read of a CSAF 2.0 document.
type csafDocument struct {
	Document struct {
		Category string `json:"category"`
		Version  string `json:"csaf_version"`
		Tracking struct {
			ID      string `json:"id"` // the CVE
			Initial string `json:"initial_release_date"`
			Current string `json:"current_release_date"`
		} `json:"tracking"`
	} `json:"document"`
	Tree struct {
		Branches      []csafBranch       `json:"branches"`
		Relationships []csafRelationship `json:"relationships"`
	} `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

// csafBranch is a node of the product tree: a leaf has a product, which is a
// release of something (with a CPE) or a component (with a purl).
type csafBranch struct {
	Branches []csafBranch `json:"branches"`
	Product  struct {
		ID     string     `json:"product_id"`
		Helper csafHelper `json:"product_identification_helper"`
	} `json:"product"`
}

type csafHelper struct {
	CPE  string `json:"cpe"`
	PURL string `json:"purl"`
}

// csafRelationship says that a component is in a product, and what the pair
// is called. The product may be such a pair itself: a package is in a module,
// which is in a release.
type csafRelationship struct {
	Full struct {
		ID string `json:"product_id"`
	} `json:"full_product_name"`
	Component string `json:"product_reference"`
	Product   string `json:"relates_to_product_reference"`
}

type csafVulnerability struct {
	CVE          string              `json:"cve"`
	Status       map[string][]string `json:"product_status"` // status → pairs
	Remediations []struct {
		Category string   `json:"category"`
		Date     string   `json:"date"`
		Products []string `json:"product_ids"`
	} `json:"remediations"`
	Threats []struct {
		Category string   `json:"category"`
		Details  string   `json:"details"`
		Products []string `json:"product_ids"`
	} `json:"threats"`
	Scores []struct {
		Products []string   `json:"products"`
		V2       csafVector `json:"cvss_v2"`
		V3       csafVector `json:"cvss_v3"`
		V4       csafVector `json:"cvss_v4"` // of CSAF 2.1
	} `json:"scores"`
}

type csafVector struct {
	Vector string `json:"vectorString"`
}

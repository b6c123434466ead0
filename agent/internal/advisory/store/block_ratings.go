package store

import "github.com/layergate/layergate/agent/internal/advisory"

// encodeRatings writes the table that severities are numbers of.
func encodeRatings(list []advisory.Severity) []byte {
	var e encoder
	e.int(len(list))
	var previous advisory.Severity
	for _, s := range list {
		e.follow(previous.Source, s.Source)
		e.follow(previous.Method, s.Method)
		e.follow(previous.Score, s.Score)
		previous = s
	}
	return e.b
}

func decodeRatings(data []byte) ([]advisory.Severity, error) {
	d := decoder{b: data}
	list := make([]advisory.Severity, d.count(6))
	var previous advisory.Severity
	for i := range list {
		list[i].Source = d.follow(previous.Source)
		list[i].Method = d.follow(previous.Method)
		list[i].Score = d.follow(previous.Score)
		previous = list[i]
	}
	return list, d.err
}

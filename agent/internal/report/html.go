package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/layergate/layergate/agent/internal/result"
)

// The layer explorer is one page for people: the image as its stack of
// instructions, with what was found in each.
//
// Pages like it are read where scripts and styles are not allowed: Jenkins
// serves artifacts under "sandbox allow-same-origin; default-src 'none';
// img-src 'self'; style-src 'self'". So everything is there as plain HTML, and
// folds with <details>. The stylesheet adds looks, and comes beside the page in
// the format html-dir, which that policy allows. The script adds filters and
// sorting, whose controls nobody sees without it. There are no style
// attributes; bars are SVG.

//go:embed explorer
var explorer embed.FS

// What the folder explorer has besides templates, and html-dir beside the page.
const (
	htmlStyle  = "layergate.css"
	htmlScript = "layergate.js"
	htmlIndex  = "index.html"
)

func writeHTML(w io.Writer, r *result.Result, _ Options) error {
	style, script, err := htmlAssets()
	if err != nil {
		return err
	}
	page, err := explore(r, htmlLinks{
		CSP:    policyHeader("'"+integrity(style)+"'", "'"+integrity(script)+"'"),
		Style:  element("style", style),
		Script: element("script", script),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(page)
	return err
}

func htmlFiles(r *result.Result, _ Options) ([]File, error) {
	style, script, err := htmlAssets()
	if err != nil {
		return nil, err
	}
	page, err := explore(r, htmlLinks{
		CSP:    policyHeader("'self' file:", "'self' file:"), // file: is for who opens the folder on a disk
		Style:  `<link rel="stylesheet" href="` + htmlStyle + `">`,
		Script: `<script src="` + htmlScript + `" defer></script>`,
	})
	if err != nil {
		return nil, err
	}
	return []File{{htmlStyle, style}, {htmlScript, script}, {htmlIndex, page}}, nil
}

func htmlAssets() (style, script []byte, err error) {
	if style, err = explorer.ReadFile("explorer/" + htmlStyle); err != nil {
		return nil, nil, err
	}
	script, err = explorer.ReadFile("explorer/" + htmlScript)
	return style, script, err
}

// htmlLinks is how the stylesheet and the script come to the page. It is made
// of the program's own files alone, so it is the one thing that the template
// does not escape.
type htmlLinks struct {
	CSP           string // Content-Security-Policy
	Style, Script template.HTML
}

// policyHeader allows the page its own stylesheet and script, and nothing else
// at all: should text from an image ever get out of its place, it stays text.
func policyHeader(style, script string) string {
	return fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", style, script)
}

// integrity is how a Content-Security-Policy names an element by its text.
func integrity(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func element(name string, text []byte) template.HTML {
	return template.HTML("<" + name + ">" + string(text) + "</" + name + ">")
}

func explore(r *result.Result, links htmlLinks) ([]byte, error) {
	t, err := template.New("page.tmpl").Funcs(htmlWords(r)).ParseFS(explorer, "explorer/*.tmpl")
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := t.Execute(&page, newHTMLPage(r, links)); err != nil {
		return nil, fmt.Errorf("writing the layer explorer: %w", err)
	}
	return page.Bytes(), nil
}

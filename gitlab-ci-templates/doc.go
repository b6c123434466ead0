// Package templates holds nothing but the tests of the GitLab templates beside
// it that need no runner; those that run pipelines are in agent/internal/e2e.
//
// There is one source, the component templates/scan/template.yml.
// Layergate.gitlab-ci.yml, for those who include a file, is made from it: the
// component with every input at its default.
package templates

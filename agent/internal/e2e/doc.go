// Package e2e tests the built programme over real images, as a pipeline would:
// docker builds them, skopeo and buildah store them in every form, a real
// registry serves them, and dpkg, rpm and apk say what is installed.
//
// Nothing here looks inside Layergate: a test runs the binary and reads the
// JSON result. What is expected never comes from Layergate itself. It comes
// from the package managers, from the Dockerfile that a test has just built,
// or, for the final view of odd layers, from the file system that docker makes
// of them (docker export).
package e2e

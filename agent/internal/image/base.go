package image

import (
	"regexp"
	"strings"
)

// baseEnd is the number of lowest entries that belong to the base image; 0
// where nothing tells.
//
// An image does not record where its base ends, so this is read from traces
// that builders leave, the exact ones first:
//
//  1. Buildah and podman comment the entry that commits the first change on
//     top of a base with "FROM name".
//  2. Jib, ko and buildpacks only ever add on top, and sign what they add:
//     the run of their entries at the top is the app.
//  3. A base image nearly always ends with a CMD or an ENTRYPOINT. From the
//     last entry that has files downwards, the first of them is the base's
//     last word (the ones above that entry are the app's own).
//  4. Distroless bases are built by bazel and have no CMD: the run of bazel
//     entries at the bottom, when other instructions follow it.
//
// The third is a heuristic. It takes too much for the base when a Dockerfile
// sets CMD or ENTRYPOINT before its last RUN, COPY or ADD, or in a multi-stage
// build that goes on from a stage of its own. It takes too little when a base
// sets neither, as then the base's base is found. Where it finds none (a base
// image itself, one built from scratch, history lost) the answer is unknown,
// which a policy treats as app. So one who writes the Dockerfile can make app
// layers look like base; a policy that trusts that difference trusts them.
//
// Old rules_docker put the app's entries below the base's; nothing in the
// history shows it.
func baseEnd(all []Layer) int {
	last := lastWithFiles(all)
	if end, ok := buildahEnd(all); ok {
		return end
	}
	if end := len(all) - topRun(all); end < len(all) {
		return end
	}
	for i := last - 1; i >= 0; i-- {
		if s := all[i].Instruction; strings.HasPrefix(s, "CMD ") || strings.HasPrefix(s, "ENTRYPOINT ") {
			return i + 1
		}
	}
	if end := bazelRun(all); end <= last {
		return end
	}
	return 0
}

// lastWithFiles is the index of the highest layer that has files, -1 if none.
func lastWithFiles(all []Layer) int {
	for i := len(all) - 1; i >= 0; i-- {
		if !all[i].Empty {
			return i
		}
	}
	return -1
}

// intermediate is a step of buildah's own cache, as "FROM" names it.
var intermediate = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

// buildahEnd finds the highest entry that buildah commented with the name of a
// base. Without --layers it comments the one entry that has the files of the
// whole build, the last; the empty entries below it are the build's too.
func buildahEnd(all []Layer) (int, bool) {
	for i := len(all) - 1; i >= 0; i-- {
		from, ok := strings.CutPrefix(all[i].Comment, "FROM ")
		if !ok || intermediate.MatchString(from) {
			continue
		}
		if i == len(all)-1 {
			for i > 0 && all[i-1].Empty {
				i--
			}
		}
		return i, true
	}
	return 0, false
}

// adders are the created_by of builders that only add on top of a base: jib's
// plugins, ko, and the buildpacks lifecycle.
var adders = regexp.MustCompile(`^(jib(-maven-plugin|-gradle-plugin|-core|-cli)?(:.*)?$|ko (build|publish) |` +
	`Buildpacks |Application (Layer|Slice: )|Software Bill-of-Materials$|Layer: '.*', Created by )`)

// topRun counts the entries at the top that one of the adders made.
func topRun(all []Layer) (n int) {
	for n < len(all) && adders.MatchString(all[len(all)-1-n].CreatedBy) {
		n++
	}
	return n
}

// bazelRun counts the entries at the bottom that bazel made.
func bazelRun(all []Layer) (n int) {
	for n < len(all) && strings.HasPrefix(all[n].CreatedBy, "bazel build ") {
		n++
	}
	return n
}

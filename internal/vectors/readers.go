package vectors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"libration/internal/spec"
)

// Reader is a test that checks cases of a file.
type Reader struct {
	File string
	Test string // with the folder of its package
	Skip string // in place of a test: why nobody checks these cases
	// Cases is how many there are; [Count] counts them.
	Cases int
	of    func(vector) bool
}

// vector has what tells the cases of all files apart.
type vector struct {
	ID, Command string
	Kind        any    // a text but for one file
	MessageBody string `json:"message_body"`
}

// Readers returns who checks what. Every case of every file has a row. [Of] gives the cases
// of a row to its test.
func Readers() []Reader {
	captures := func(test string, of func(vector) bool) Reader {
		return Reader{File: "captures.json", Test: test, of: of}
	}
	media := func(test string, kinds ...string) Reader {
		return Reader{File: "media.json", Test: test, of: kind(kinds...)}
	}
	return []Reader{
		{File: "tea.json", Test: "internal/crypto TestVectorsTEA", of: all},
		{File: "ecdh.json", Test: "internal/crypto TestVectorsECDH", of: kind("ecdh", "refuse")},
		{File: "ecdh.json", Test: "internal/wire TestVectorsKeyExchange", of: kind("key_exchange")},
		{File: "sso_frames.json", Test: "internal/wire TestVectorsSSOFrames", of: all},
		{File: "oidb_requests.json", Test: "internal/wire TestVectorsTLV", of: tlv},
		{File: "oidb_requests.json", Test: "internal/wire TestVectorsNTLogin", of: ntLogin},
		{File: "oidb_requests.json", Test: "ntqq TestVectorsOIDBRequests", of: func(v vector) bool { return !tlv(v) && !ntLogin(v) }},
		{File: "oidb_responses.json", Test: "ntqq TestVectorsOIDBResponses", of: all},
		{File: "push_events.json", Test: "ntqq/event TestVectorsPushEvents", of: all},
		{File: "cqcode.json", Test: "onebot TestVectorsCQCode", of: all},
		{File: "messages.json", Test: "internal/elements TestVectorsMessages", of: all},
		{File: "longmsg.json", Test: "internal/elements TestVectorsForward", of: all},
		media("ntqq TestVectorsMediaFlows", "flow"),
		media("ntqq TestVectorsMediaURLs", "answer"),
		media("internal/elements TestVectorsMedia", "elements"),
		{File: "media.json", Test: "internal/elements TestVectorsMediaBodies", of: func(v vector) bool { return v.MessageBody != "" }},
		media("internal/highway TestMediaVectors", "flow", "upload_response"),
		media("sandbox/server TestVectorsUploads", "flow", "upload_request"),
		media("sandbox/server TestVectorsAnswers", "upload_response"),
		media("sandbox/server TestVectorsDownloads", "download_request"),
		{File: "highway.json", Test: "internal/highway TestVectors", of: not(kind("session_request", "session_response"))},
		{File: "highway.json", Test: "ntqq TestHighwayVectors", of: kind("session_request", "session_response")},
		{File: "files.json", Test: "ntqq TestVectorsFileFlows", of: kind("flow")},
		{File: "files.json", Test: "ntqq TestVectorsFilePlaces", of: filePlace},
		{File: "files.json", Test: "ntqq TestVectorsFileAnswers", of: func(v vector) bool { return v.Kind == "answer" && !filePlace(v) }},
		captures("internal/wire TestVectorsCapturedHeads", kind("sso_response_head", "sso_request_frame")),
		captures("internal/wire TestVectorsCapturedLogin", kind("wtlogin_body")),
		captures("ntqq/event TestVectorsCaptures", kind("push", "push_jce", "common_message", "msg_content", "msg_content_cut", "routing_head", "content_head")),
		captures("ntqq TestVectorsCapturedCalls", kind("request", "response")),
		captures("ntqq TestVectorsFileUUID", kind("file_uuid")),
		captures("internal/elements TestVectorsCards", kind("light_app_data", "rich_msg_template", "rich_text")),
		captures("internal/elements TestVectorsOldForward", kind("long_msg_payload")),
		captures("internal/elements TestVectorsCaptures", func(v vector) bool {
			return kind("elem", "trans_elem_value", "rich_text", "common_message", "routing_head", "content_head", "element_part")(v) ||
				strings.HasPrefix(text(v.Kind), "common_elem_")
		}),
	}
}

func all(vector) bool { return true }

func not(of func(vector) bool) func(vector) bool { return func(v vector) bool { return !of(v) } }

func kind(kinds ...string) func(vector) bool {
	return func(v vector) bool { return slices.Contains(kinds, text(v.Kind)) }
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func tlv(v vector) bool     { return strings.HasPrefix(v.ID, "tlv/") }
func ntLogin(v vector) bool { return strings.HasPrefix(v.ID, "sso/nt login/") }

// filePlace is an answer with the place of an upload.
func filePlace(v vector) bool {
	return v.Kind == "answer" && (v.Command == "OidbSvcTrpcTcp.0x6d6_0" || v.Command == "OidbSvcTrpcTcp.0xe37_1700")
}

// Of is [Read] for the cases that are the test's by [Readers].
func Of[T any](tb testing.TB, file string) []T {
	tb.Helper()
	here, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := filepath.Rel(spec.Root(tb), here)
	if err != nil {
		tb.Fatal(err)
	}
	test, _, _ := strings.Cut(tb.Name(), "/")
	test = filepath.ToSlash(dir) + " " + test
	rows := Readers()
	i := slices.IndexFunc(rows, func(r Reader) bool { return r.File == file && r.Test == test })
	if i < 0 {
		tb.Fatalf("vectors.Readers has no row for %s, %s", file, test)
	}
	var cases []T
	for _, raw := range Read[json.RawMessage](tb, file) {
		var v vector
		decode(tb, file, raw, &v)
		if rows[i].of(v) {
			var c T
			decode(tb, file, raw, &c)
			cases = append(cases, c)
		}
	}
	return cases
}

func decode(tb testing.TB, file string, raw []byte, to any) {
	tb.Helper()
	if err := json.Unmarshal(raw, to); err != nil {
		tb.Fatalf("%s: %v in %.100s", file, err, raw)
	}
}

// Used is how many cases of a file there are, and who reads how many.
type Used struct {
	File  string
	Cases int
	By    []Reader
}

// Count counts all cases.
func Count(tb testing.TB) (used []Used) {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(spec.Root(tb), "testdata", "vectors", "*.json"))
	if err != nil || len(paths) == 0 {
		tb.Fatal("no vectors", err)
	}
	for _, path := range paths {
		file := filepath.Base(path)
		cases := Read[vector](tb, file)
		u := Used{File: file, Cases: len(cases)}
		for _, r := range Readers() {
			if r.File != file {
				continue
			}
			for _, v := range cases {
				if r.of(v) {
					r.Cases++
				}
			}
			u.By = append(u.By, r)
		}
		used = append(used, u)
	}
	return used
}

package onebot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"libration/gateway/table"
)

// specParam is a parameter as the spec has it.
type specParam struct {
	name     string
	optional bool
	preset   string // the default as written; "" for none
}

var (
	// specSpan is what the spec writes in backticks, specWord a name with what is written
	// behind it.
	specSpan = regexp.MustCompile("`([^`]+)`")
	specWord = regexp.MustCompile(`^([A-Za-z_][A-Za-z_0-9]*)(\?)?(?:=(.*))?$`)
	specType = regexp.MustCompile(`^(str|bool|obj|msg|hex|ms|s|[iu]\d+)$`)
)

// specParams reads a cell of the spec's column "Params".
func specParams(cell string) (all []specParam) {
	for _, span := range specSpan.FindAllStringSubmatch(cell, -1) {
		for item := range strings.SplitSeq(span[1], ",") {
			first := true
			for _, word := range strings.Fields(item) {
				m := specWord.FindStringSubmatch(word)
				switch {
				case m == nil: // "[node]", "1..4"
				case !first && specType.MatchString(m[1]):
					p := &all[len(all)-1]
					p.optional, p.preset = p.optional || m[2] != "" || m[3] != "", m[3]
				default:
					all = append(all, specParam{m[1], m[2] != "" || m[3] != "", m[3]})
				}
				first = false
			}
		}
	}
	return all
}

// otherParams are the differences from the spec's column "Params", with the reasons: a
// parameter that is not read, "required" or the default that it has here.
var otherParams = map[string]string{
	"send_private_msg message_style is not read": "Lagrange alone has the style of bubbles and fonts, events here have none either",
	"send_group_msg message_style is not read":   "see send_private_msg",
	"send_msg message_style is not read":         "see send_private_msg",

	"get_group_msg_history disable_get_url is not read": "NapCat's; an address costs nothing here until it is used",
	"get_group_msg_history parse_mult_msg is not read":  "NapCat's; forwards are read by get_forward_msg",
	"get_group_msg_history quick_reply is not read":     "NapCat's; the spec does not say what it does",

	`get_profile_like count=10 is "20"`:             "NapCat has 10, LuckyLillia 20",
	`get_group_root_files file_count=50 is ""`:      "NapCat's; without it all come, up to 20000, as with Lagrange and go-cqhttp",
	`get_group_files_by_folder file_count=50 is ""`: "see get_group_root_files",
	"get_file download is not read":                 "LuckyLillia's; the result always names a file that is there",
	`fetch_custom_face count=48 is ""`:              "the spec's Target: all of them, as Lagrange answers",
}

// TestSpecParams: what is offered of T1 and T2 has the parameters and defaults of the spec.
func TestSpecParams(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	params := 0
	for _, r := range specRows(t) {
		row := Table().Find(r.name)
		if r.tier == "T3" || row == nil || !row.Works() {
			continue
		}
		for _, p := range specParams(r.params) {
			params++
			for _, difference := range differs(row.Params(), p) {
				difference = r.name + " " + difference
				found[difference] = true
				if otherParams[difference] == "" {
					t.Errorf("%s: mend it, or say why in otherParams", difference)
				}
			}
		}
	}
	if params < 150 {
		t.Errorf("found %d parameters in the spec: the test reads it wrongly", params)
	}
	for difference := range otherParams {
		if !found[difference] {
			t.Errorf("%s: it is as the spec has it, take it out of otherParams", difference)
		}
	}
}

// differs says how a parameter is not as the spec has it.
func differs(ours *table.Type, p specParam) (all []string) {
	i := slices.IndexFunc(ours.Fields, func(f table.Field) bool { return slices.Contains(f.Names, p.name) })
	if i < 0 {
		return []string{p.name + " is not read"}
	}
	f := &ours.Fields[i]
	if p.optional && f.Required {
		all = append(all, p.name+" is required")
	}
	preset := strings.Trim(p.preset, `"`)
	if f.Type.Kind == table.Boolean && preset == "1" {
		preset = "true"
	}
	zero := func(s string) bool { return slices.Contains([]string{"", "0", "false"}, s) }
	if p.preset != "" && f.Default != preset && (!zero(preset) || !zero(f.Default)) {
		all = append(all, fmt.Sprintf("%s=%s is %q", p.name, p.preset, f.Default))
	}
	return all
}

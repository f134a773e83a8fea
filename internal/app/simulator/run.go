package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
	"libration/sandbox/scenario"
	"libration/sandbox/world"
)

// Settings are those of `libration sandbox`.
type Settings struct {
	Options
	Seed        uint64
	Scenario    string // path, "" for the default one
	AutoApprove uint64 // 0 for nobody
	RequireSign bool
	// MediaAddress is that of [sandbox.Options].
	MediaAddress string
	// Page is how many friends or members one page of a list has; 0: as by [sandbox.Options].
	Page int
	// Faults are switched on from the beginning, in the text form of a fault.
	Faults []string
	// ListFaults writes the faults that there are to Out and ends.
	ListFaults bool
	// PrintKeys writes the public keys to Out and ends.
	PrintKeys bool
	Language  text.Language
	Out       io.Writer
}

// Run makes a sandbox, says on Out where it is and how to use it, and runs it until
// ctx ends (nil).
func Run(ctx context.Context, s Settings) error {
	if s.ListFaults {
		return listFaults(s.Out, s.Language)
	}
	o := sandbox.Options{
		Seed: s.Seed, Log: s.Log, RequireSign: s.RequireSign, AutoApprove: message.UIN(s.AutoApprove),
		MediaAddress: s.MediaAddress, FriendPage: s.Page, MemberPage: s.Page, FFmpeg: FFmpeg(),
	}
	if s.Scenario != "" {
		world, err := load(s.Scenario, s.Seed)
		if err != nil {
			return err
		}
		o.World = world
	}
	box, err := sandbox.New(o)
	if err != nil {
		return err
	}
	for _, fault := range s.Faults {
		if err := addFault(box, fault); err != nil {
			return fmt.Errorf("--fault %s: %w", fault, err)
		}
	}
	if s.PrintKeys {
		keys, err := json.MarshalIndent(box.PublicKeys(), "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%s\n", keys)
		return err
	}
	sim, err := Listen(ctx, box, s.Options)
	if err != nil {
		return err
	}
	fmt.Fprint(s.Out, welcome.Fill(sim.SSO(), sim.ControlURL()).In(s.Language))
	if s.RequireSign {
		fmt.Fprintf(s.Out, signing, sim.ControlURL())
	}
	return sim.Run(ctx)
}

// FFmpeg is the program that is installed here; nil: there is none. It is not run.
func FFmpeg() *ffmpeg.Tool {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil
	}
	return &ffmpeg.Tool{Path: path}
}

func addFault(box *sandbox.Sandbox, text string) error {
	f, err := fault.Parse(text)
	if err != nil {
		return err
	}
	_, err = box.Faults().Add(f)
	return err
}

// listFaults writes what --fault takes.
func listFaults(out io.Writer, l text.Language) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, text.T("FAULT\tPARAMETERS\tWHAT HAPPENS", "故障\t参数\t作用").In(l))
	for _, k := range fault.Kinds() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", k.Name, strings.Join(k.Params, " "), k.Doc.In(l))
	}
	fmt.Fprintln(w, text.T("\nPARAMETER\tWHAT IT MEANS", "\n参数\t含义").In(l))
	for _, p := range fault.Params() {
		fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Doc.In(l))
	}
	fmt.Fprintln(w, text.T("\nSTAGE\tCOMMANDS", "\n阶段\t命令").In(l))
	for _, s := range sandbox.FaultStages() {
		fmt.Fprintf(w, "%s\t%s\n", s.Name, strings.Join(s.Commands, " "))
	}
	return w.Flush()
}

func load(path string, seed uint64) (*world.World, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--scenario: %w", err)
	}
	defer f.Close()
	scenario, err := scenario.Load(f)
	if err != nil {
		return nil, fmt.Errorf("--scenario %s: %w", path, err)
	}
	world, err := scenario.Build(seed)
	if err != nil {
		return nil, fmt.Errorf("--scenario %s: %w", path, err)
	}
	return world, nil
}

var welcome = text.T(`sandbox: a simulated NTQQ service, on this machine only
  clients              %[1]s
  chat page, control   %[2]s
  signer               %[2]s/sign

To connect libration, in its config.yaml:
  server:
    mode: sandbox
    sandbox:
      control: %[2]s
`, `沙盒：模拟的 NTQQ 服务，仅限本机
  客户端地址           %[1]s
  聊天页面与控制接口   %[2]s
  签名服务             %[2]s/sign

让 libration 连接到此处，在 config.yaml 中填写：
  server:
    mode: sandbox
    sandbox:
      control: %[2]s
`)

const signing = `  signer:
    urls: [%s/sign]
`

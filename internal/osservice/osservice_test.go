package osservice

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"libration/internal/text"
)

// TestPlan: a service has another folder than the shell that installs it.
func TestPlan(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	p, err := planFor("config.yaml")
	if want := filepath.Join(here, "config.yaml"); err != nil || !slices.Equal(p.arguments(), []string{"service", "run", "-c", want}) || p.folder != here {
		t.Errorf("got %q in %s, %v", p.arguments(), p.folder, err)
	}
}

// TestElsewhere: where the program installs no service, it says what does.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("it would install one")
	}
	for _, a := range []Action{Install, Uninstall, Start, Stop, Status} {
		var out strings.Builder
		err := Do(a, "config.yaml", &out, text.English)
		if err == nil || !strings.Contains(err.Error(), "sudo systemctl enable --now libration") || text.Of(err).ZH == err.Error() || out.String() != "" {
			t.Errorf("%s: got %q, %v", a, out.String(), err)
		}
	}
	if err := Run("config.yaml", func(context.Context) error { t.Error("it ran"); return nil }); err == nil {
		t.Error("it ran")
	}
}

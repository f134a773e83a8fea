package text_test

import (
	"strings"
	"testing"

	"libration/internal/text"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"send_msg", "send_group_msg", "get_msg", ".ocr_image", "x"}
	for word, want := range map[string]string{
		"send_msg": "send_msg", "SendMsg": "send_msg", "send-msg": "send_msg", "sned_msg": "send_msg", "send_mgs": "send_msg",
		"send_grup_msg": "send_group_msg", "ocr_image": ".ocr_image", "gt_msg": "get_msg",
		"nothing_like_it": "", "": "", "y": "", strings.Repeat("send_msg", 1000): "",
	} {
		if got := text.Nearest(word, known); got != want {
			t.Errorf("%.40q: got %q, want %q", word, got, want)
		}
	}
}

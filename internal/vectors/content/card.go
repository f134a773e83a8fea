package content

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"

	"libration/internal/pb/messagepb"
)

// Card is the text of an encoded card: LightApp.data or RichMsg.template.
func Card(data []byte) (string, error) {
	switch {
	case len(data) == 0:
		return "", nil
	case data[0] == 0:
		return string(data[1:]), nil
	case data[0] != 1:
		return "", fmt.Errorf("card with the first byte %d", data[0])
	}
	r, err := zlib.NewReader(bytes.NewReader(data[1:]))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

// PlainCards writes into elements their cards as they are to be compared: inflated, as a
// zlib stream has many forms, and those of forwards without what is drawn at random, and
// with the first four of their lines, as others list all.
func PlainCards(elems []*messagepb.Elem) error {
	plain := func(data []byte) ([]byte, error) {
		text, err := Card(data)
		return []byte(plainForward(text)), err
	}
	for _, e := range elems {
		var err error
		if e.LightApp != nil {
			e.LightApp.Data, err = plain(e.LightApp.Data)
		}
		if e.RichMsg != nil && err == nil {
			e.RichMsg.Template, err = plain(e.RichMsg.Template)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func plainForward(text string) string {
	var card map[string]any
	if json.Unmarshal([]byte(text), &card) != nil || card["app"] != "com.tencent.multimsg" {
		return text
	}
	if text, ok := card["extra"].(string); ok { // JSON, too
		var extra map[string]any
		if json.Unmarshal([]byte(text), &extra) == nil {
			delete(extra, "filename")
			card["extra"] = extra
		}
	}
	if meta, ok := card["meta"].(map[string]any); ok {
		if detail, ok := meta["detail"].(map[string]any); ok {
			delete(detail, "uniseq")
			if news, ok := detail["news"].([]any); ok && len(news) > 4 {
				detail["news"] = news[:4]
			}
		}
	}
	plain, _ := json.Marshal(card)
	return string(plain)
}

// resourceID is that of the forward that a card opens.
func resourceID(card string) string {
	var c struct {
		Meta struct {
			Detail struct {
				ResID string `json:"resid"`
			}
		}
	}
	_ = json.Unmarshal([]byte(card), &c)
	return c.Meta.Detail.ResID
}

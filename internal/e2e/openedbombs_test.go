//go:build endurance && linux

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"libration/internal/elements"
	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// manyNodes is the payload of a forward whose root has n copies of a node, and an item
// named "1" with another.
func manyNodes(t *testing.T, n int, c ...message.Segment) []byte {
	t.Helper()
	within := &message.ForwardSegment{FileName: "1", Nodes: []message.Node{{UIN: 1, Content: message.Content{message.Text("x")}}}}
	one, err := elements.EncodeForward(message.Forward(
		message.Node{UIN: 1, Content: message.Content{within}}, message.Node{UIN: 1, Content: c}), elements.Scene{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := packed.Gunzip(one, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	var all messagepb.MultiMsgTransmit
	if err := pb.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	root := all.Items[0].Content
	for range n - 1 {
		root.Messages = append(root.Messages, root.Messages[1])
	}
	if raw, err = pb.Marshal(&all); err != nil {
		t.Fatal(err)
	}
	return packed.AppendGzipped(nil, raw)
}

// TestOpenedBombs: what a stranger sent makes the program not take more than 512 MiB when
// bots look at it, and get_status is answered meanwhile.
func TestOpenedBombs(t *testing.T) {
	p := startBuilt(t, 0).start()
	w := p.box.World()
	id := map[string]string{}
	for name, payload := range map[string][]byte{
		"nodes": manyNodes(t, 30000, message.Text("x")),
		"text":  manyNodes(t, 1, message.Text(strings.Repeat("\x01", 7<<20))),
		"cards": manyNodes(t, 7, message.LightApp(`{"app":"x","a":"`+strings.Repeat(`\"`, 500<<10)+`"}`)),
	} {
		var err error
		if id[name], err = w.Forwards().Keep(payload); err != nil {
			t.Fatal(name, len(payload), err)
		}
	}
	const group = 730000001
	card := world.Parts(message.LightApp(`{"app":"x","a":"` + strings.Repeat(`\"`, 500<<10) + `"}`))
	for range 40 {
		if _, err := w.Messages().Send(world.Send{From: alice, Group: group, Parts: card}, nil); err != nil {
			t.Fatal(err)
		}
	}
	many := func(action, params string) func() any {
		return func() any {
			var mu sync.Mutex
			codes := map[string]int{}
			var posting sync.WaitGroup
			for range 24 {
				posting.Go(func() {
					status, body := p.post(action, "application/json", []byte(params))
					_, rest, _ := strings.Cut(body, `"message":"`)
					mu.Lock()
					defer mu.Unlock()
					codes[fmt.Sprintf("%d %.40s", status, rest)]++
				})
			}
			posting.Wait()
			return codes
		}
	}
	p.peak()
	p.bombed("history", many("get_group_msg_history", fmt.Sprintf(`{"group_id":%d,"count":1000}`, group)))
	for _, name := range []string{"nodes", "text", "cards"} {
		send := func(n int, id string) func() any {
			forwards := strings.Repeat(fmt.Sprintf(`{"type":"forward","data":{"id":%q}},`, id), n)
			return many("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[%s]}`, group, strings.TrimSuffix(forwards, ",")))
		}
		p.bombed(name+", opened", many("get_forward_msg", fmt.Sprintf(`{"id":%q}`, id[name])))
		p.bombed(name+", what is within, sent", send(5, id[name]+":1"))
		p.bombed(name+", sent", send(1, id[name]))
	}
}

// A ZeroBot bot, configured by its environment: it answers words as check.py expects, and
// prints what it saw.
package main

import (
	"context"
	"crypto/sha1" // the service names media by it
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
	zero "github.com/wdvxdr1123/ZeroBot"
	"github.com/wdvxdr1123/ZeroBot/driver"
	"github.com/wdvxdr1123/ZeroBot/message"
)

const pixel = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

var printing sync.Mutex

// say prints one line.
func say(words ...any) {
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(words...)
}

func main() {
	url, token := os.Getenv("URL"), os.Getenv("TOKEN")
	var drivers []zero.Driver
	switch os.Getenv("MODE") {
	case "ws":
		drivers = append(drivers, driver.NewWebSocketClient(url, token))
	case "ws-reverse":
		drivers = append(drivers, driver.NewWebSocketServer(16, url, token))
	case "http":
		drivers = append(drivers, driver.NewHTTPClient(url, token, os.Getenv("CALLER"), token))
	}
	for i := range drivers {
		drivers[i] = heard{drivers[i]}
	}
	zero.OnMessage().Handle(answer)
	zero.OnNotice().Handle(notice)
	zero.OnRequest().Handle(decide)
	zero.RunAndBlock(&zero.Config{NickName: []string{"nobody"}, CommandPrefix: "!", KeepAtMeMessage: true, Driver: drivers}, func() {
		if os.Getenv("MODE") == "http" { // a webhook says only once that it is there
			say("ONLINE")
		}
	})
}

// heard is a driver that prints what comes, and notes what becomes of calls, which ZeroBot
// only logs.
type heard struct{ zero.Driver }

func (d heard) Listen(handler func([]byte, zero.APICaller)) {
	d.Driver.Listen(func(event []byte, caller zero.APICaller) {
		if gjson.GetBytes(event, "meta_event_type").String() == "lifecycle" {
			say("ONLINE") // ZeroBot gives it to nobody
		}
		// Matchers run side by side: what comes in order is seen here.
		if words := gjson.GetBytes(event, "raw_message").String(); strings.HasPrefix(words, "count ") {
			say("HEARD", words)
		}
		handler(event, calls{caller})
	})
}

type calls struct{ zero.APICaller }

func (c calls) CallAPI(ctx context.Context, request zero.APIRequest) (zero.APIResponse, error) {
	response, err := c.APICaller.CallAPI(ctx, request)
	note(request.Action, response.RetCode, err)
	return response, err
}

func saw(e *zero.Event) {
	kind := []string{e.PostType, e.DetailType}
	if e.SubType != "" {
		kind = append(kind, e.SubType)
	}
	// What stands in fields of its own is what the JSON says.
	for name, field := range map[string]int64{"group_id": e.GroupID, "user_id": e.UserID, "operator_id": e.OperatorID, "target_id": e.TargetID, "self_id": e.SelfID, "time": e.Time} {
		if got := e.RawEvent.Get(name); got.Int() != field {
			say("WRONG", name, got.Raw, field)
		}
	}
	say("SAW", strings.Join(kind, "."), strings.Join(kind, "/"))
}

func notice(ctx *zero.Ctx) {
	saw(ctx.Event)
	switch e := ctx.Event; e.DetailType {
	case "group_recall":
		gone := ctx.GetMessage(e.RawEvent.Get("message_id").Int())
		ctx.Send(fmt.Sprintf("%d recalled: %s", e.OperatorID, gone.Elements.ExtractPlainText()))
	case "group_increase":
		if e.UserID != e.SelfID {
			ctx.SendChain(message.At(e.UserID), message.Text(" welcome"))
		}
	}
}

// decide refuses requests whose text has the word no; the tour answers its own.
func decide(ctx *zero.Ctx) {
	saw(ctx.Event)
	e := ctx.Event
	if strings.HasPrefix(e.Comment, "I am ") {
		return
	}
	yes := e.Comment != "no"
	if e.RequestType == "friend" {
		ctx.SetFriendAddRequest(e.Flag, yes, "")
	} else {
		ctx.SetGroupAddRequest(e.Flag, e.SubType, yes, "not today")
	}
}

func answer(ctx *zero.Ctx) {
	saw(ctx.Event)
	text := strings.TrimSpace(ctx.ExtractPlainText())
	folder := os.Getenv("FOLDER")
	switch word, rest, _ := strings.Cut(text, " "); {
	case word == "do":
		do(ctx, rest)
	case word == "echo":
		ctx.SendChain(message.Reply(ctx.Event.MessageID), message.Text(rest))
	case text == "face":
		ctx.SendChain(message.Face(14), message.Text("a face [CQ:face,id=1] & that was text"))
	case text == "picture":
		content, _ := base64.StdEncoding.DecodeString(pixel)
		ctx.SendChain(message.ImageBytes(content))
	case text == "voice":
		ctx.SendChain(message.Record("file://" + filepath.Join(folder, "voice.wav")))
	case text == "video":
		ctx.SendChain(message.Video("file://" + filepath.Join(folder, "clip.mp4")))
	case text == "file":
		upload(ctx, filepath.Join(folder, "report.txt"))
	case text == "forward":
		two := message.Message{message.Text("two"), message.Face(14)}
		ctx.SendGroupForwardMessage(ctx.Event.GroupID, message.Message{
			message.CustomNode("Ann", 20001, message.Message{message.Text("one")}), message.CustomNode("Bert", 20002, two),
		})
	case text == "what was that":
		quoted := ctx.GetMessage(ctx.Event.Message[0].Data["id"])
		ctx.Send("it was: " + quoted.Elements.ExtractPlainText())
	default:
		received(ctx)
	}
}

// upload sends a file, to which ZeroBot has a method in groups only.
func upload(ctx *zero.Ctx, path string) {
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		say("WRONG", err)
	}
	if ctx.Event.GroupID != 0 {
		ctx.UploadThisGroupFile(path, filepath.Base(path), "")
	} else {
		ctx.SendChain(message.File("file://"+path, filepath.Base(path)))
	}
}

func received(ctx *zero.Ctx) {
	if len(ctx.Event.Message) == 0 {
		return
	}
	switch first := ctx.Event.Message[0]; first.Type {
	case "at":
		if ctx.Event.IsToMe {
			ctx.SendChain(message.At(ctx.Event.UserID), message.Text(" you called"))
		}
	case "forward":
		var said []string
		for _, node := range ctx.GetForwardMessage(first.Data["id"]).Get("messages").Array() {
			said = append(said, node.Get("sender.nickname").String()+": "+message.ParseMessageFromArray(node.Get("content")).ExtractPlainText())
		}
		ctx.Send("opened: " + strings.Join(said, " | "))
	case "image", "record", "video", "file":
		ctx.Send("got " + fetched(first.Data["url"]))
	}
}

func fetched(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	sum := sha1.New()
	if _, err := io.Copy(sum, response.Body); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(sum.Sum(nil))
}

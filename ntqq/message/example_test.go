package message_test

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"libration/ntqq/message"
)

// Texts, mentions and faces stand in any order, as people write them.
func ExampleText() {
	content := message.Content{message.Text("hello "), message.Face(14), message.Text("\nsecond line")}
	fmt.Printf("%q\n", message.Brief(content))
	// Output: "hello [表情]\nsecond line"
}

// The client fills in what the mention shows.
func ExampleAt() {
	at := message.At(20001)
	at.Display = "@Alice" // or as the bot likes
	fmt.Println(message.Brief(message.Content{at, message.Text(" look")}))
	// Output: @Alice look
}

func ExampleAtAll() {
	at := message.AtAll()
	fmt.Println(at.All, at.UIN)
	// Output: true 0
}

// A die is alone in its message; what it shows stands in the message that comes back.
func ExampleDice() {
	fmt.Println(message.Brief(message.Content{message.Dice()}))
	// Output: [骰子]
}

func ExampleRPS() {
	fmt.Println(message.Brief(message.Content{message.RPS()}))
	// Output: [猜拳]
}

func ExampleFace() {
	content := message.Content{message.Text("good "), message.Face(76)}
	fmt.Println(message.Brief(content))
	// Output: good [表情]
}

func ExampleLargeFace() {
	face := message.LargeFace(311)
	fmt.Println(face.ID, face.Large)
	// Output: 311 true
}

func ExampleThrownFace() {
	face := message.ThrownFace(277, 5)
	fmt.Println(face.ID, face.Count)
	// Output: 277 5
}

func ExampleMarketFace() {
	sticker := message.MarketFace("db87f7c7f2ea26a26f67394ed6a1f042", 231182, "[wow]")
	fmt.Println(sticker.URL())
	// Output: https://gxh.vip.qq.com/club/item/parcel/item/db/db87f7c7f2ea26a26f67394ed6a1f042/raw300.gif
}

func ExamplePoke() {
	poke := message.Poke(2)
	fmt.Println(message.PokeName(poke.Type, poke.Special))
	// Output: 比心
}

func ExampleSpecialPoke() {
	poke := message.SpecialPoke(9)
	fmt.Println(message.PokeName(poke.Type, poke.Special))
	// Output: 榴莲
}

// Ordinary accounts can show Markdown inside a forward only.
func ExampleMarkdown() {
	forward := message.Forward(message.Node{UIN: 10001, Name: "robot", Content: message.Content{message.Markdown("# hello")}})
	fmt.Println(len(forward.Nodes))
	// Output: 1
}

func ExampleKeyboard() {
	keyboard := message.Keyboard(message.KeyboardRow{Buttons: []message.KeyboardButton{
		{ID: "1", Label: "yes", VisitedLabel: "yes", Action: 2, Permission: 2, Data: "/yes", Enter: true},
	}})
	fmt.Println(keyboard.Rows[0].Buttons[0].Label)
	// Output: yes
}

// A quote of a message that was received, in the same chat.
func ExampleReplyTo() {
	received := &message.Message{Sequence: 101, Sender: message.Sender{UIN: 10002}, Content: message.Content{message.Text("ping")}}
	content := message.Content{message.ReplyTo(received), message.Text("pong")}
	fmt.Println(content[0].(*message.ReplySegment).Sequence, message.Brief(content))
	// Output: 101 pong
}

// A card that another program made, or a card signer, is sent as its JSON.
func ExampleLightApp() {
	card := message.LightApp(`{"app":"com.tencent.structmsg","view":"music","prompt":"[分享]Song","meta":{}}`)
	content := message.Content{card} // for SendGroup or SendFriend; a card is alone in its message
	fmt.Println(card.App, card.Prompt(), len(content))
	// Output: com.tencent.structmsg [分享]Song 1
}

func ExampleXML() {
	card := message.XML(`<msg serviceID="60" brief="hello"><item><title>hello</title></item></msg>`)
	card.ServiceID = 60 // the kind of card; without it 35
	fmt.Println(message.Brief(message.Content{card}))
	// Output: [卡片消息]
}

// picture is a source of bytes. Package ntqq/media has those for files and addresses.
type picture []byte

func (p picture) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(p)), nil
}

func ExampleImage() {
	sticker := message.Image(picture("GIF89a..."))
	sticker.SubType = 1
	fmt.Println(message.Brief(message.Content{message.Text("look "), sticker}))
	// Output: look [动画表情]
}

func ExampleRecord() {
	content := message.Content{message.Record(picture("\x02#!SILK_V3..."))}
	fmt.Println(message.Brief(content))
	// Output: [语音]
}

func ExampleVideo() {
	video := message.Video(picture("....ftypisom..."))
	video.Cover.Source = picture("\xff\xd8...") // the first picture of it, when this is nil
	fmt.Println(message.Brief(message.Content{video}))
	// Output: [视频]
}

func ExampleFile() {
	fmt.Println(message.Brief(message.Content{message.File(picture("PK..."), "a.zip")}))
	// Output: [文件] a.zip
}

func ExampleLocation() {
	place := message.Location(39.90872, 116.39748, "天安门", "北京市东城区长安街")
	fmt.Println(message.Brief(message.Content{place}))
	// Output: [Location]北京市东城区长安街
}

// The service makes the card when it is sent; its receivers get a LightAppSegment.
func ExampleContact() {
	content := message.Content{message.Contact(20001)}
	fmt.Println(message.Brief(content))
	// Output: [卡片消息]
}

func ExampleContactGroup() {
	content := message.Content{message.ContactGroup(730000001)}
	fmt.Println(message.Brief(content))
	// Output: [卡片消息]
}

// Cards arrive as segments of these types.
func ExampleLightAppSegment() {
	show := func(content message.Content) {
		for _, segment := range content {
			switch s := segment.(type) {
			case *message.LightAppSegment: // links, music, mini apps, contacts, invitations
				fmt.Println("card of", s.App)
			case *message.LocationSegment:
				fmt.Printf("place at %.5f, %.5f\n", s.Latitude, s.Longitude)
			case *message.XMLSegment:
				fmt.Println("old card of kind", s.ServiceID)
			}
		}
	}
	show(message.Content{message.LightApp(`{"app":"com.tencent.miniapp_01"}`)})
	show(message.Content{message.Location(39.90872, 116.39748, "天安门", "")})
	// Output:
	// card of com.tencent.miniapp_01
	// place at 39.90872, 116.39748
}

// Nodes may have any content, other forwards included. What is not said is filled in when
// it is sent.
func ExampleForward() {
	inner := message.Forward(message.Node{UIN: 20002, Name: "Bob", Content: message.Content{message.Text("deep")}})
	forward := message.Forward(
		message.Node{UIN: 20001, Name: "Alice", Time: 1700000000, Content: message.Content{message.Text("hello "), message.Face(14)}},
		message.Node{UIN: 20002, Name: "Bob", Content: message.Content{inner}},
	)
	forward.Source = "Alice和Bob的聊天记录" // the heading of the card
	card := forward.Card()
	fmt.Println(card.Source)
	for _, line := range card.Preview {
		fmt.Println(line)
	}
	fmt.Println(card.Summary)
	// Output:
	// Alice和Bob的聊天记录
	// Alice: hello [表情]
	// Bob: [聊天记录]
	// 查看2条转发消息
}

// Messages that were received go on with their authors and times.
func ExampleNodeOf() {
	m := &message.Message{
		Chat:    message.Chat{Kind: message.Group, Group: 730000001},
		Sender:  message.Sender{UIN: 20001, Nickname: "Alice", Card: "Alice of the shop"},
		Time:    1700000000,
		Content: message.Content{message.Text("hello")},
	}
	node := message.NodeOf(m)
	fmt.Println(node.UIN, node.Name, node.Time, message.Brief(node.Content))
	fmt.Println(len(message.Forward(node).Nodes))
	// Output:
	// 20001 Alice of the shop 1700000000 hello
	// 1
}

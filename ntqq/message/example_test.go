package message_test

import (
	"fmt"

	"libration/ntqq/message"
)

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

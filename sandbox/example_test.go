package sandbox_test

import (
	"fmt"
	"io"

	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// Somebody sends a picture, as a test of a bot would have it, and the picture of a message
// is read.
func Example_media() {
	box, err := sandbox.New(sandbox.Options{})
	if err != nil {
		panic(err)
	}
	defer box.Close()
	const alice, group = 20001, 730000001 // of the default scenario

	picture := []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
	parts, err := box.Parts(alice, group, message.Text("look: "), message.Image(media.Bytes(picture)))
	if err != nil {
		panic(err)
	}
	sent, err := box.World().Messages().Send(world.Send{From: alice, Group: group, Parts: parts}, nil)
	if err != nil {
		panic(err)
	}

	// What a bot has sent is read in the same way; World.Watch says when it did.
	for _, segment := range sent.Content() {
		image, ok := segment.(*message.ImageSegment)
		if !ok {
			continue
		}
		content, kept, err := box.World().Media().Open([20]byte(image.SHA1))
		if err != nil {
			panic(err)
		}
		defer content.Close()
		same, err := io.ReadAll(content)
		fmt.Printf("%d x %d, %d bytes, %s, %v\n", image.Width, image.Height, kept.Size, image.Medium.Name, string(same) == string(picture) && err == nil)
	}
	// Output: 1 x 1, 35 bytes, ab56defb6519c764045ebf94bc348223.gif, true
}

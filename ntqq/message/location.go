package message

// LocationSegment is the card of a place (docs/protocol/messages.md 9.1). It stands alone
// in its message. A card of the map without coordinates is a [LightAppSegment].
type LocationSegment struct {
	// Latitude and Longitude are degrees, from -90 to 90 and from -180 to 180; five
	// decimals are sent.
	Latitude, Longitude float64
	Title               string // the name of the place
	Address             string
}

// Name implements Segment.
func (*LocationSegment) Name() string { return "location" }
func (l *LocationSegment) size() int  { return len(l.Title) + len(l.Address) }

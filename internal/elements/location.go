package elements

import (
	"fmt"
	"strconv"

	"libration/ntqq/message"
)

const locationView = "LocationShare"

// locationCard is the JSON of a location.
type locationCard struct {
	App  string `json:"app"`
	From int    `json:"from"`
	Meta struct {
		Place struct {
			Address      string `json:"address"`
			RelationType int    `json:"enum_relation_type"`
			From         string `json:"from"`
			ID           string `json:"id"`
			Latitude     string `json:"lat"`
			Longitude    string `json:"lng"`
			Name         string `json:"name"`
		} `json:"Location.Search"`
	} `json:"meta"`
	Prompt  string `json:"prompt"`
	Version string `json:"ver"`
	View    string `json:"view"`
}

// locationOfCard returns nil for a card of the map of another kind.
func locationOfCard(text string) *message.LocationSegment {
	var card locationCard
	place := &card.Meta.Place
	if !readCard(text, &card) || card.View != locationView {
		return nil
	}
	latitude, err1 := strconv.ParseFloat(place.Latitude, 64)
	longitude, err2 := strconv.ParseFloat(place.Longitude, 64)
	l := &message.LocationSegment{Latitude: latitude, Longitude: longitude, Title: place.Name, Address: place.Address}
	if err1 != nil || err2 != nil || !onEarth(l) {
		return nil
	}
	return l
}

// onEarth is false for numbers that are no coordinates, NaN too.
func onEarth(l *message.LocationSegment) bool {
	return l.Latitude >= -90 && l.Latitude <= 90 && l.Longitude >= -180 && l.Longitude <= 180
}

func (w *encoder) location(l *message.LocationSegment) error {
	if !onEarth(l) {
		return fmt.Errorf("encode location: latitude %v, longitude %v are not possible", l.Latitude, l.Longitude)
	}
	card := locationCard{App: appLocation, From: 1, Prompt: "[Location]" + l.Address, Version: "1.1.2.21", View: locationView}
	place := &card.Meta.Place
	place.Address, place.Name, place.RelationType, place.From = l.Address, l.Title, 1, "plusPanel"
	place.Latitude = strconv.FormatFloat(l.Latitude, 'f', 5, 64)
	place.Longitude = strconv.FormatFloat(l.Longitude, 'f', 5, 64)
	text, err := writeCard(card)
	if err != nil {
		return err
	}
	return w.lightApp(message.LightApp(text))
}

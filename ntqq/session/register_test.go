package session

import (
	"bytes"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq/session/identity"
)

// TestVectorsRegister checks the registration, as far as the older one of another client
// is the same.
func TestVectorsRegister(t *testing.T) {
	type registerVector struct {
		ID, Call, Command string
		Body              vectors.Hex
		Args              json.RawMessage
	}
	type device struct {
		Guid, Kernel, Version string
		DeviceName            string `json:"device_name"`
		SystemKernel          string `json:"system_kernel"`
		VendorOS              string `json:"vendor_os"`
	}
	checked := 0
	for _, v := range vectors.Read[registerVector](t, "oidb_requests.json") {
		if v.Call != "register" {
			continue
		}
		checked++
		var d device
		if err := json.Unmarshal(v.Args, &d); err != nil {
			t.Fatal(err)
		}
		s := newTestSession(t)
		var guid identity.HexBytes
		if err := guid.UnmarshalText([]byte(d.Guid)); err != nil {
			t.Fatal(err)
		}
		s.keystore.Store(&identity.Keystore{Device: identity.Device{GUID: guid, Name: d.DeviceName, SystemKernel: d.SystemKernel}})
		app := &s.opts.App
		app.CurrentVersion, app.Kernel, app.VendorOs = d.Version, d.Kernel, d.VendorOS
		// The plain registration differs from the part of the info sync that we send.
		req := s.registerInfo()
		req.IsFirstRegisterProxyOnline, req.RegisterVendorType = proto.Uint32(0), proto.Uint32(0)
		req.RegType, req.Business, req.BatteryStatus, req.Field12 = proto.Uint32(1), nil, nil, nil
		got, err := rpc.Register.EncodeRequest(req)
		if err != nil {
			t.Fatal(err)
		}
		if v.Command != rpc.Register.Name || !bytes.Equal(got, v.Body) {
			t.Errorf("%s: request %s\n got %x\nwant %x", v.ID, v.Command, got, v.Body)
		}
	}
	if checked == 0 {
		t.Error("no vector of a registration")
	}
}

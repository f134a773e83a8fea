package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
)

func FuzzParseRequest(f *testing.F) {
	for _, protocol := range []uint32{Protocol12, Protocol13} {
		for flag := FlagNone; flag <= FlagEmpty; flag++ {
			r := sampleRequest()
			r.Protocol, r.Flag = protocol, flag
			stream, err := AppendRequest(nil, r, testKey)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(stream[4:])
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		r, err := ParseRequest(bytes.Clone(frame), knownKey)
		if err != nil {
			return
		}
		stream, err := AppendRequest(nil, r, testKey)
		if err != nil {
			t.Fatalf("AppendRequest(%+v): %v", r, err)
		}
		again, err := ParseRequest(stream[4:], knownKey)
		if r.Flag != FlagD2 {
			r.D2, again.D2 = nil, nil // a ticket is written with its flag only
		}
		if r.Protocol == Protocol12 && (r.Locale == 0 || r.Constant == [12]byte{}) {
			r.Locale, r.Constant = again.Locale, again.Constant // zeros are replaced
		}
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("round trip of %+v = %+v, %v", r, again, err)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	for flag := FlagNone; flag <= FlagEmpty; flag++ {
		for _, compression := range []uint32{CompressionNone, CompressionZlib, CompressionSkip} {
			r := sampleResponse()
			r.Flag, r.Compression = flag, compression
			stream, err := AppendResponse(nil, r, testKey)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(stream[4:])
		}
	}
	bomb := sampleResponse()
	bomb.Flag, bomb.Compression, bomb.Body = FlagNone, CompressionZlib, bytes.Repeat([]byte{0x12, 0}, 1<<19)
	stream, err := AppendResponse(nil, bomb, testKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stream[4:])
	f.Add(response([]byte{0, 0, 0, 0, 0xff, 0xff, 0xd8, 0xef, 0, 0, 0, 4, 0, 0, 0, 4}, nil))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var r, again Response
		if ParseResponse(bytes.Clone(frame), testKey, &r) != nil {
			return
		}
		if r.Body == nil {
			r.Compression = CompressionNone // the body was not needed and may have had an unknown form
		}
		stream, err := AppendResponse(nil, &r, testKey)
		if err != nil {
			t.Fatalf("AppendResponse(%+v): %v", r, err)
		}
		if err := ParseResponse(stream[4:], testKey, &again); err != nil || fmt.Sprint(r) != fmt.Sprint(again) {
			t.Fatalf("round trip of %+v = %+v, %v", r, again, err)
		}
	})
}

var benchmarkSizes = []struct {
	name string
	n    int
}{{"64B", 64}, {"1KiB", 1 << 10}, {"16KiB", 16 << 10}}

func BenchmarkAppendRequest(b *testing.B) {
	for _, s := range benchmarkSizes {
		b.Run(s.name, func(b *testing.B) {
			r := sampleRequest()
			r.Body = make([]byte, s.n)
			var buffer []byte
			b.ReportAllocs()
			b.SetBytes(int64(s.n))
			for b.Loop() {
				var err error
				if buffer, err = AppendRequest(buffer[:0], r, testKey); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseRequest(b *testing.B) {
	for _, s := range benchmarkSizes {
		b.Run(s.name, func(b *testing.B) {
			r := sampleRequest()
			r.Body = make([]byte, s.n)
			stream, err := AppendRequest(nil, r, testKey)
			if err != nil {
				b.Fatal(err)
			}
			frame := make([]byte, len(stream)-4)
			b.ReportAllocs()
			b.SetBytes(int64(s.n))
			for b.Loop() {
				copy(frame, stream[4:])
				if _, err := ParseRequest(frame, knownKey); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// responseForms are the answers that the response benchmarks use.
func responseForms() map[string]*Response {
	forms := map[string]*Response{}
	for _, s := range benchmarkSizes {
		r := sampleResponse()
		r.Body = bytes.Repeat([]byte("0123456789abcdef"), s.n/16)
		forms["plain/"+s.name] = r
		packed := *r
		packed.Compression = CompressionZlib
		forms["zlib/"+s.name] = &packed
	}
	return forms
}

func BenchmarkAppendResponse(b *testing.B) {
	for name, r := range responseForms() {
		b.Run(name, func(b *testing.B) {
			var buffer []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(r.Body)))
			for b.Loop() {
				var err error
				if buffer, err = AppendResponse(buffer[:0], r, testKey); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseResponse(b *testing.B) {
	for name, r := range responseForms() {
		b.Run(name, func(b *testing.B) {
			stream, err := AppendResponse(nil, r, testKey)
			if err != nil {
				b.Fatal(err)
			}
			frame := make([]byte, len(stream)-4)
			b.ReportAllocs()
			b.SetBytes(int64(len(r.Body)))
			for b.Loop() {
				copy(frame, stream[4:])
				var into Response
				if err := ParseResponse(frame, testKey, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

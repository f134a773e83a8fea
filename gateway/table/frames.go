package table

import (
	"context"
	"reflect"
)

// Frames is a result that is answered in several frames: it sends all but the last one, which
// it returns. T describes all of them. A failed send ends it with that error.
type Frames[T any] func(ctx context.Context, send func(T) error) (last T, err error)

// Each runs f.
func (f Frames[T]) Each(ctx context.Context, send func(frame any) error) (last any, err error) {
	return f(ctx, func(frame T) error { return send(frame) })
}

func (Frames[T]) described() reflect.Type { return reflect.TypeFor[T]() }

// Several is what every Frames is.
type Several interface {
	Each(ctx context.Context, send func(frame any) error) (last any, err error)
}

// Several reports whether the action answers in several frames.
func (i *Info) Several() bool {
	return i.result != nil && i.result.Implements(reflect.TypeFor[Several]())
}

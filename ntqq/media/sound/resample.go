package sound

import (
	"math"

	"libration/ntqq/media/silk"
)

const (
	crossings = 16  // of the filter with zero, on each side
	maxPhases = 512 // of the filter; rates that would need more get the nearest one
	passband  = 0.95
)

// target returns the rate that sound becomes: itself if SILK takes it, twice or half that
// or more, or the next higher one.
func target(rate int) int {
	for r := rate; r <= 48000; r *= 2 {
		if silk.Takes(r) {
			return r
		}
	}
	for r := rate; r > 0; r /= 2 {
		if silk.Takes(r) {
			return r
		}
		if r%2 != 0 {
			break
		}
	}
	for r := rate; r < 48000; r++ {
		if silk.Takes(r) {
			return r
		}
	}
	return 48000
}

// A resampler changes the rate of samples with a windowed sinc filter of linear phase.
type resampler struct {
	up, down int         // the ratio of the rates
	half     int         // samples of the input on each side of an output
	phases   [][]float32 // the filter, for positions between two samples of the input
	input    []float32   // from half-1 samples before the next output's position on
	phase    int         // of that position, in 1/up
	in, out  int         // how many samples came and went
}

func newResampler(from, to int) *resampler {
	g := gcd(from, to)
	r := &resampler{up: to / g, down: from / g}
	cutoff := passband * min(1, float64(to)/float64(from))
	r.half = int(math.Ceil(crossings / cutoff))
	r.input = make([]float32, r.half-1)
	r.phases = make([][]float32, min(r.up, maxPhases))
	for p := range r.phases {
		r.phases[p] = sinc(cutoff, r.half, float64(p)/float64(len(r.phases)))
	}
	return r
}

// sinc is a low-pass filter for the position at between 0 and 1, with a Blackman window.
func sinc(cutoff float64, half int, at float64) []float32 {
	filter, sum := make([]float32, 2*half), 0.0
	for k := range filter {
		x := float64(k-half+1) - at
		w := 0.42 + 0.5*math.Cos(math.Pi*x/float64(half)) + 0.08*math.Cos(2*math.Pi*x/float64(half))
		v := cutoff
		if x != 0 {
			v = math.Sin(math.Pi*cutoff*x) / (math.Pi * x)
		}
		filter[k] = float32(v * w)
		sum += v * w
	}
	for k := range filter {
		filter[k] = float32(float64(filter[k]) / sum)
	}
	return filter
}

// next returns what becomes of more input. At the end it returns the rest.
func (r *resampler) next(samples []float32, end bool) (out []float32) {
	r.input = append(r.input, samples...)
	r.in += len(samples)
	if end {
		r.input = append(r.input, make([]float32, r.half)...)
	}
	at := 0
	for ; at+2*r.half <= len(r.input) && r.out*r.down < r.in*r.up; r.out++ {
		filter := r.phases[r.phase*len(r.phases)/r.up]
		var sum float32
		for k, s := range r.input[at : at+2*r.half] {
			sum += s * filter[k]
		}
		out = append(out, sum)
		r.phase += r.down
		at += r.phase / r.up
		r.phase %= r.up
	}
	r.input = append(r.input[:0], r.input[at:]...)
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

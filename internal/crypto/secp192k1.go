package crypto

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
)

// secp192k1 is y^2 = x^3 + 3 over the field of p; see docs/protocol/wire.md 7.1. The standard library does not have it. Arithmetic on
// math/big does not run in constant time, which is acceptable here: a login makes one agreement with a key of its own.
var (
	secpP  = constant("fffffffffffffffffffffffffffffffffffffffeffffee37")
	secpN  = constant("fffffffffffffffffffffffe26f2fc170f69466a74defd8d")
	secpGX = constant("db4ff10ec057e9ae26b07d0280b7f4341da5d1b1eae06c7d")
	secpGY = constant("9b2f2f6d9c5628a7844163d015be86344082aa88d95e2f9d")
	secpB  = big.NewInt(3)
	one    = big.NewInt(1)
	// secpRoot is (p+1)/4: raising to it takes the square root, because p mod 4 is 3.
	secpRoot = new(big.Int).Rsh(new(big.Int).Add(secpP, one), 2)
)

func constant(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic(fmt.Sprintf("bad curve constant %q", hex))
	}
	return n
}

// point is a point in affine coordinates, never the one at infinity.
type point struct{ x, y *big.Int }

func secpGenerate(random io.Reader) ([]byte, error) {
	k, err := rand.Int(random, new(big.Int).Sub(secpN, one)) // 0..n-2
	if err != nil {
		return nil, err
	}
	return k.Add(k, one).FillBytes(make([]byte, Secp192k1.Size())), nil
}

// secpPublic returns the uncompressed public key of a scalar, false when the scalar is not of fixed width or out of range.
func secpPublic(scalar []byte) ([]byte, bool) {
	k := new(big.Int).SetBytes(scalar)
	if len(scalar) != Secp192k1.Size() || k.Sign() == 0 || k.Cmp(secpN) >= 0 {
		return nil, false
	}
	p := secpMultiply(k, point{secpGX, secpGY})
	return uncompressed(Secp192k1, p.x, p.y), true
}

// secpShared returns the x coordinate of scalar * p for a valid scalar.
func secpShared(scalar []byte, p point) []byte {
	shared := secpMultiply(new(big.Int).SetBytes(scalar), p)
	return shared.x.FillBytes(make([]byte, Secp192k1.Size()))
}

// uncompressed writes a public key in its long form.
func uncompressed(c Curve, x, y *big.Int) []byte {
	size := c.Size()
	out := make([]byte, 1+2*size)
	out[0] = formUncompressed
	x.FillBytes(out[1 : 1+size])
	y.FillBytes(out[1+size:])
	return out
}

// secpPoint reads a public key of either form, false unless it is a point of the curve. As the cofactor is 1, every such point
// has the order n and no further check is needed.
func secpPoint(pub []byte) (point, bool) {
	size := Secp192k1.Size()
	if len(pub) != 1+size && len(pub) != 1+2*size {
		return point{}, false
	}
	x := new(big.Int).SetBytes(pub[1 : 1+size])
	if x.Cmp(secpP) >= 0 {
		return point{}, false
	}
	square := new(big.Int).Exp(x, secpB, secpP) // x^3; b is 3 as well
	square.Add(square, secpB).Mod(square, secpP)
	switch form := pub[0]; {
	case form == formUncompressed && len(pub) == 1+2*size:
		y := new(big.Int).SetBytes(pub[1+size:])
		return point{x, y}, y.Cmp(secpP) < 0 && squareIs(y, square)
	case (form == formEven || form == formOdd) && len(pub) == 1+size:
		y := new(big.Int).Exp(square, secpRoot, secpP)
		if !squareIs(y, square) {
			return point{}, false
		}
		if y.Bit(0) != uint(form&1) {
			y.Sub(secpP, y)
		}
		return point{x, y}, true
	}
	return point{}, false
}

func squareIs(y, square *big.Int) bool {
	yy := new(big.Int).Mul(y, y)
	return yy.Mod(yy, secpP).Cmp(square) == 0
}

// secpMultiply returns k * p for k in 1..n-1, by doubling and adding from the highest bit on.
func secpMultiply(k *big.Int, p point) point {
	var q jacobian
	q.set(p)
	for i := k.BitLen() - 2; i >= 0; i-- {
		q.double()
		if k.Bit(i) == 1 {
			q.add(p)
		}
	}
	return q.affine()
}

// jacobian is the point (x/z^2, y/z^3), which doubles and adds without a division. Its intermediate values are kept to save memory.
type jacobian struct {
	x, y, z    big.Int
	a, b, c, d big.Int
}

func (q *jacobian) set(p point) {
	q.x.Set(p.x)
	q.y.Set(p.y)
	q.z.SetInt64(1)
}

// mul sets r to x*y mod p.
func mul(r, x, y *big.Int) { r.Mul(x, y).Mod(r, secpP) }

// double sets q to 2q. On a curve of odd order y is never 0.
func (q *jacobian) double() {
	a, b, c, d := &q.a, &q.b, &q.c, &q.d
	mul(a, &q.y, &q.y) // a = y^2
	mul(b, &q.x, a)
	b.Lsh(b, 2) // b = 4 x y^2
	mul(c, a, a)
	c.Lsh(c, 3) // c = 8 y^4
	mul(d, &q.x, &q.x)
	d.Add(d, a.Lsh(d, 1)) // d = 3 x^2, as the curve's a is 0
	mul(&q.z, &q.z, &q.y)
	q.z.Lsh(&q.z, 1).Mod(&q.z, secpP) // z' = 2 y z
	mul(&q.x, d, d)
	q.x.Sub(&q.x, a.Lsh(b, 1)).Mod(&q.x, secpP) // x' = d^2 - 2b
	b.Sub(b, &q.x)
	mul(&q.y, d, b)
	q.y.Sub(&q.y, c).Mod(&q.y, secpP) // y' = d (b - x') - c
}

// add sets q to q + p. The formula fails for q = p, -p and infinity; secpMultiply never comes there, because its q is m*p with m even
// and m+1 <= k < n.
func (q *jacobian) add(p point) {
	a, b, c, d := &q.a, &q.b, &q.c, &q.d
	mul(a, &q.z, &q.z) // a = z^2
	mul(b, a, &q.z)    // b = z^3
	mul(c, p.x, a)
	c.Sub(c, &q.x) // c = px z^2 - x
	mul(d, p.y, b)
	d.Sub(d, &q.y)     // d = py z^3 - y
	mul(&q.z, &q.z, c) // z' = z c
	mul(a, c, c)       // a = c^2
	mul(b, a, c)       // b = c^3
	mul(a, a, &q.x)    // a = x c^2
	mul(c, d, d)
	c.Sub(c, b)
	c.Sub(c, a)
	c.Sub(c, a)
	q.x.Mod(c, secpP) // x' = d^2 - c^3 - 2 x c^2
	a.Sub(a, &q.x)
	mul(a, a, d)
	mul(b, b, &q.y)
	q.y.Sub(a, b).Mod(&q.y, secpP) // y' = d (x c^2 - x') - y c^3
}

func (q *jacobian) affine() point {
	inverse := new(big.Int).ModInverse(&q.z, secpP)
	square := new(big.Int).Mul(inverse, inverse)
	x := new(big.Int).Mul(&q.x, square)
	y := square.Mul(square.Mod(square, secpP), inverse)
	y.Mul(y.Mod(y, secpP), &q.y)
	return point{x.Mod(x, secpP), y.Mod(y, secpP)}
}

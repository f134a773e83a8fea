//go:build !endurance

package sound

// longHostile adds to TestHostile what takes long.
const longHostile = false

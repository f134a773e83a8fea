//go:build endurance

package sound

const longHostile = true

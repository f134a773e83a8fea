// Package scenario reads, from YAML, who is in the world of a sandbox when it begins.
package scenario

//go:build !linux

package bench

func (p *process) usage() usage { return usage{} }

//go:build !linux

package bench

func (p *process) usage() usage { return usage{} }

func (p *process) resetPeak() {}

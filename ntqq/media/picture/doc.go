// Package picture tells what a picture is from its first bytes: its format and its size.
// It never decodes pixels, takes a few kilobytes of memory whatever the picture is, and
// reads no further than it has to.
//
// It must not import anything of this module.
package picture

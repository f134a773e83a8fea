package scenario

import (
	"crypto/md5"
	"crypto/sha1"
	"io"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxZeros bounds the size of a file that is made up.
const maxZeros = 200 << 20

// File is one file of a group. It has a Text, or a Size.
type File struct {
	Name string `yaml:"name"`
	// Folder is the name of the folder that it is in, which is made. Default: none.
	Folder string `yaml:"folder"`
	Text   string `yaml:"text"`
	// Size is how many bytes it has, all zeros, at most 200 MiB.
	Size uint64 `yaml:"size"`
	// Uploader is a member of the group. Default: its owner.
	Uploader  message.UIN `yaml:"uploader"`
	Temporary bool        `yaml:"temporary"`
}

// content returns the bytes of the file.
func (f *File) content() (io.Reader, error) {
	switch {
	case f.Text != "" && f.Size != 0:
		return nil, text.Errorf("file %q has both text and size", "文件 %q 同时有 text 和 size", f.Name)
	case f.Text != "":
		return strings.NewReader(f.Text), nil
	case f.Size > maxZeros:
		return nil, text.Errorf("file %q has %d bytes, the limit is %d", "文件 %q 有 %d 字节，上限为 %d", f.Name, f.Size, maxZeros)
	}
	return io.LimitReader(zeros{}, int64(f.Size)), nil
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// hashed reads a file and keeps nothing of it.
func hashed(r io.Reader) (world.Blob, error) {
	m, s := md5.New(), sha1.New()
	n, err := io.Copy(io.MultiWriter(m, s), r)
	return world.Blob{MD5: [md5.Size]byte(m.Sum(nil)), SHA1: [sha1.Size]byte(s.Sum(nil)), Size: uint64(n)}, err
}

// addFiles gives a group the files of the scenario, and its limits.
func (c *crowd) addFiles(code message.GroupCode, g *Group, i int, report reporter) {
	// What a file must fit into counts afterwards: the scenario may say that it is full.
	if err := c.world.Files().SetLimits(code, world.FileLimits{TemporaryLife: g.TemporaryLife}); err != nil {
		report(err, "$.groups[%d]", i)
		return
	}
	folders := map[string]string{"": world.RootFolder, world.RootFolder: world.RootFolder}
	for j := range g.Files {
		report(c.addFile(code, &g.Files[j], folders), "$.groups[%d].files[%d]", i, j)
	}
	limits := world.FileLimits{Files: g.MaxFiles, Space: g.FileSpace, TemporaryLife: g.TemporaryLife, AdminsOnly: g.AdminsUpload}
	report(c.world.Files().SetLimits(code, limits), "$.groups[%d]", i)
}

// addFile adds one file. folders has the ids of the folders that were made, by name.
func (c *crowd) addFile(code message.GroupCode, f *File, folders map[string]string) error {
	content, err := f.content()
	if err != nil {
		return err
	}
	if folders[f.Folder] == "" {
		made, err := c.world.Files().MakeFolder(code, 0, world.RootFolder, f.Folder)
		if err != nil {
			return err
		}
		folders[f.Folder] = made.ID
	}
	blob, err := c.put(content)
	if err != nil {
		return err
	}
	_, err = c.world.Files().Add(code, f.Uploader, world.NewFile{Name: f.Name, Folder: folders[f.Folder], Blob: blob, Temporary: f.Temporary})
	return err
}

package place

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// lasting are the file systems in which a folder has one number for ever. Others, such as
// FAT, FUSE and what Docker shares with another system, draw it when they are mounted.
var lasting = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true,
	unix.TMPFS_MAGIC: true, unix.NFS_SUPER_MAGIC: true, 0x2fc12fc1: true /* ZFS */, 0xca451a4e: true, /* bcachefs */
}

// identity returns what tells a folder from its copies.
func identity(path string) (inode uint64, born int64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return 0, 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	if !lasting[int64(uint32(fs.Type))] {
		return 0, 0, nil
	}
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &s); err != nil {
		return 0, 0, nil // an old kernel, or a sandbox that knows no statx
	}
	if s.Mask&unix.STATX_BTIME != 0 {
		born = s.Btime.Sec*1e9 + int64(s.Btime.Nsec)
	}
	return s.Ino, born, nil
}

// machine returns what names this installation of the system; "" in a container, whose own
// is drawn with it or is that of its image.
func machine() string {
	for _, name := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(name); err == nil {
			return ""
		}
	}
	if os.Getenv("container") != "" || os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return ""
	}
	b, err := os.ReadFile("/etc/machine-id")
	if id := strings.TrimSpace(string(b)); err == nil && len(id) == 32 { // else it is not set yet
		return id
	}
	return ""
}

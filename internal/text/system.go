package text

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// causes are errors of Go and of the system, with their words. Those of one kind have one
// row: errors.Is finds it.
var causes = []struct {
	is    error
	words string
}{
	{context.DeadlineExceeded, "超时"},
	{os.ErrDeadlineExceeded, "超时"},
	{context.Canceled, "已取消"},
	{io.ErrUnexpectedEOF, "数据不完整"},
	{io.EOF, "数据已结束"},
	{net.ErrClosed, "连接已关闭"},
	{exec.ErrNotFound, "在 PATH 中找不到该程序"},
	{syscall.EADDRINUSE, "地址已被占用"},
	{syscall.EADDRNOTAVAIL, "地址不属于本机"},
	{syscall.ECONNREFUSED, "连接被拒绝"},
	{syscall.ECONNRESET, "连接被对方断开"},
	{syscall.EPIPE, "对方已关闭"},
	{syscall.ETIMEDOUT, "连接超时"},
	{syscall.EHOSTUNREACH, "无法到达该主机"},
	{syscall.ENETUNREACH, "网络不可达"},
	{syscall.ENOSPC, "磁盘已满"},
	{syscall.EROFS, "文件系统只读"},
	{syscall.EIO, "读写出错"},
	{syscall.EMFILE, "打开的文件过多"},
	{syscall.ENOTDIR, "不是文件夹"},
	{syscall.EISDIR, "是文件夹，而不是文件"},
	{syscall.ENOTEMPTY, "文件夹不为空"},
	{fs.ErrNotExist, "没有该文件或文件夹"},
	{fs.ErrExist, "已存在"},
	{fs.ErrPermission, "没有权限"},
	{fs.ErrClosed, "文件已关闭"},
}

// operations are what the packages os and net name in their errors.
var operations = map[string]string{
	"open": "打开", "read": "读取", "write": "写入", "close": "关闭", "stat": "查看", "lstat": "查看", "mkdir": "创建文件夹",
	"remove": "删除", "unlink": "删除", "unlinkat": "删除", "rename": "重命名", "chmod": "修改权限", "sync": "写入", "fsync": "写入",
	"truncate": "截断", "readdirent": "列出", "fork/exec": "执行",
	"dial": "连接", "listen": "监听", "accept": "接受连接",
}

// system returns what an error of Go or of the system says in Chinese; "": it is none.
func system(err error) string {
	switch e := err.(type) { // the error itself: Of goes through those within it
	case *fs.PathError:
		return did(e.Op, e.Path, e.Err)
	case *os.LinkError:
		return did(e.Op, e.Old+" → "+e.New, e.Err)
	case *os.SyscallError:
		return Of(e.Err).ZH
	case *net.OpError:
		at := ""
		if e.Addr != nil {
			at = e.Addr.String()
		}
		return did(e.Op, at, e.Err)
	case *net.DNSError:
		switch {
		case e.IsNotFound:
			return "找不到主机 " + e.Name
		case e.IsTimeout:
			return "查询主机 " + e.Name + " 超时"
		}
		return ""
	}
	if inner := errors.Unwrap(err); inner != nil {
		return ""
	}
	if _, joined := err.(interface{ Unwrap() []error }); joined {
		return ""
	}
	for _, c := range causes {
		if errors.Is(err, c.is) || isSocket(err, c.is) {
			return c.words
		}
	}
	if t, ok := err.(interface{ Timeout() bool }); ok && t.Timeout() {
		return "超时"
	}
	return ""
}

// did is an error of an operation on something.
func did(operation, what string, err error) string {
	if words, ok := operations[operation]; ok {
		operation = words
	}
	return strings.TrimSpace(operation+" "+what) + "：" + Of(err).ZH
}

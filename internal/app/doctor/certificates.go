package doctor

import (
	"os"
	"runtime"

	"libration/internal/paste"
	"libration/internal/text"
	"libration/internal/tlsfiles"
)

// certificates looks at the PEM files of connections.
func (d *doctor) certificates() {
	looked := make(map[tlsfiles.Files]bool)
	for i := range d.cfg.OneBot.Connections {
		c := &d.cfg.OneBot.Connections[i]
		files := c.TLS.Files()
		if files == (tlsfiles.Files{}) || looked[files] {
			continue
		}
		looked[files] = true
		l, err := files.Load()
		if err != nil {
			d.problem("tls-unusable", text.T("%s: %v", "%s：%v"), text.T("a running libration goes on with what the files held before, but does not start with them", "正在运行的 libration 会继续使用文件原来的内容，但无法用它们启动"), c.Name(), err)
			continue
		}
		if info, err := os.Stat(files.Key); err == nil && files.Key != "" && runtime.GOOS != "windows" && info.Mode().Perm()&0o004 != 0 {
			d.report(Warning, "tls-key-open-to-others", text.T("%s: every user of this machine can read the key %s (mode %04o)", "%s：本机所有用户都能读取密钥 %s（权限 %04o）"),
				text.T("run: chmod 600 %s", "执行：chmod 600 %s").Fill(paste.Word(files.Key)), c.Name(), files.Key, info.Mode().Perm())
		}
		sound := true
		for _, cert := range l.Certificates() {
			said, over := tlsfiles.Term(cert, d.o.now())
			if said == (text.Text{}) {
				continue
			}
			sound = false
			level, code := Warning, "tls-ends-soon"
			if over {
				level, code = Problem, "tls-not-valid"
			}
			d.report(level, code, text.T("%s: the certificate of %s: %s", "%s：%s 的证书：%s"), text.T("replace the file; it is read again by itself", "请更换文件，会自动重新读取"), c.Name(), cert.Subject.String(), said)
		}
		if sound {
			d.good("tls", text.T("%s: the TLS files can be used", "%s：TLS 文件可用"), c.Name())
		}
	}
}

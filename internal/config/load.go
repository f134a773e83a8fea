package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/goccy/go-yaml/ast"

	"libration/internal/network"
	"libration/internal/paste"
	"libration/internal/text"
)

// Load reads the file, applies credentials and the overrides of the environment and
// checks everything. Relative paths in it become relative to the file's folder. A
// configuration that cannot be used gives an *Error with all problems; warnings
// are in Config.Warnings. No account may have a name that is taken. A file that is not
// there is as an empty one where the environment has a connection for bots.
func Load(path string, taken ...func(name string) bool) (*Config, error) {
	data, mode, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && connects(os.Environ()):
	case errors.Is(err, fs.ErrNotExist) && os.Getenv(containerVariable) != "":
		return nil, text.Errorf("%v; make one by running the image once, with the names of your volume and image: docker run --rm -v libration:/data libration config init --listen 0.0.0.0; or set LIBRATION_ONEBOT__CONNECTIONS__0__TYPE and what else it needs",
			"%v；请用镜像生成一个（替换成您的卷名和镜像名）：docker run --rm -v libration:/data libration config init --listen 0.0.0.0；或用 LIBRATION_ONEBOT__CONNECTIONS__0__TYPE 等环境变量设置", err)
	case errors.Is(err, fs.ErrNotExist):
		return nil, text.Errorf("%v; make one with `%s`", "%v；可用 `%s` 生成", err, InitCommand(path))
	case errors.Is(err, fs.ErrPermission):
		return nil, text.Errorf("read configuration: %v: run this as the user that libration runs as, or give this user the right to read it", "读取配置：%v：请以运行 libration 的用户执行，或让当前用户有权读取该文件", err)
	case errors.Is(err, syscall.EISDIR):
		return nil, errFolder(path)
	case err != nil:
		return nil, text.Errorf("read configuration: %v", "读取配置：%v", err)
	}
	if f := foreignFile(data); f != nil { // everything else would only follow from that
		return nil, &Error{Path: path, Language: LanguageAuto, Problems: []Problem{f.problem(path)}, foreign: f}
	}
	c, problems := Parse(data, os.Environ(), taken...)
	for _, p := range problems {
		if !p.Warning {
			return nil, &Error{Path: path, Language: c.Language, Problems: problems}
		}
	}
	c.File, c.Warnings = path, problems
	if runtime.GOOS != "windows" && mode&0o044 != 0 && holdsSecrets(data) {
		c.Warnings = append(c.Warnings, Problem{
			Warning: true,
			Message: text.T("the file holds tokens or passwords and can be read by other users (mode %04o)", "文件含有令牌或密码，且其他用户可读（权限 %04o）").Fill(mode),
			Remedy:  text.T("run: chmod 600 %s", "执行：chmod 600 %s").Fill(paste.Word(path)),
		})
	}
	dir := filepath.Dir(path)
	paths := []*string{&c.Data, &c.Log.File.Path}
	for _, a := range c.accounts() {
		paths = append(paths, &a.AppInfo, &a.Keystore, &a.Device)
	}
	for i := range c.OneBot.Connections {
		n := &c.OneBot.Connections[i]
		paths = append(paths, &n.TLS.Certificate, &n.TLS.Key, &n.TLS.CA)
		if socket, ok := network.UnixPath(n.Address); ok {
			n.Address = "unix:" + whole(within(dir, socket))
		}
	}
	for i := range c.Media.Files.Allow {
		paths = append(paths, &c.Media.Files.Allow[i])
	}
	for i := range c.OneBot.Connections {
		paths = append(paths, &c.OneBot.Connections[i].Filter)
	}
	if strings.ContainsAny(c.Media.FFmpeg, `/\`) { // else it is looked for in PATH
		paths = append(paths, &c.Media.FFmpeg)
	}
	for _, p := range paths {
		*p = within(dir, *p)
	}
	return c, nil
}

// within makes a relative path one that begins with a folder.
func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// whole returns the full path of a socket, by which it has the same name wherever a command
// is started; a full path that the system cannot bind is left as it was.
func whole(socket string) string {
	if full, err := filepath.Abs(socket); err == nil && network.CheckUnix(full) == nil {
		return full
	}
	return socket
}

// containerVariable is set in containers: by the image of this program, and by most
// programs that run containers.
const containerVariable = "container"

// read reads the file, and its permissions.
func read(path string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, syscall.EISDIR
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	return data, info.Mode().Perm(), err
}

// connects tells whether the environment has a connection for bots, so that it can be the
// whole configuration.
func connects(environ []string) bool {
	return slices.ContainsFunc(variables(environ), func(v variable) bool {
		return len(v.parts) > 1 && v.parts[0] == "onebot" && v.parts[1] == "connections"
	})
}

// errFolder says what to do about the path of a folder in place of a file's.
func errFolder(path string) error {
	file := filepath.Join(path, paste.DefaultConfig)
	if _, err := os.Stat(file); err == nil {
		return text.Errorf("%s is a folder: did you mean -c %s?", "%s 是文件夹：是否想用 -c %s？", path, paste.Word(file))
	}
	return text.Errorf("%s is a folder: name the configuration file in it, or make one with `%s`", "%s 是文件夹：请指定其中的配置文件，或用 `%s` 生成", path, InitCommand(file))
}

// InitCommand is the command that makes the file.
func InitCommand(path string) string {
	if path == paste.DefaultConfig {
		return paste.Command("config", "init")
	}
	return paste.Command("config", "init", path)
}

// Service is what commands about the installation have to name.
func (c *Config) Service() paste.Service {
	return paste.Service{Config: c.File, Admin: c.Admin.Address}
}

// Parse decodes and checks a file's content with the overrides of an environment
// ("NAME=value"): first the credentials in the folder that it names, then its variables. The configuration must only be used when all problems are
// warnings. No account may have a name that is taken.
func Parse(data []byte, environ []string, taken ...func(name string) bool) (*Config, []Problem) {
	c := Default()
	d := &decoder{places: make(map[string]place), anchors: make(map[string]ast.Node)}
	root := reflect.ValueOf(c).Elem()
	if body := d.parseYAML(data, ""); body != nil {
		d.decode(body, root, "")
	}
	for _, v := range slices.Concat(d.credentials(environ), variables(environ)) {
		d.override(root, v)
	}
	d.strange(environ)
	for _, a := range c.accounts() {
		if a.Protocol == "" {
			a.Protocol = ProtocolLinux
		}
	}
	failed := make(map[string]bool)
	for _, p := range d.problems {
		failed[p.Key] = true
	}
	(&checker{d: d, failed: failed, taken: taken}).check(c)
	sortProblems(d.problems)
	return c, d.problems
}

// holdsSecrets tells whether there are any in a file, whatever else sets keys.
func holdsSecrets(data []byte) bool {
	c, _ := Parse(data, nil)
	return c.hasSecrets()
}

// hasSecrets tells whether there is a token or a password, or a URL with one, in
// the configuration.
func (c *Config) hasSecrets() bool {
	if c.Signer.Token != "" || c.Admin.AccessToken != "" || len(c.Notices.Targets) > 0 {
		return true
	}
	for _, a := range c.accounts() {
		if a.Password != "" || len(a.PasswordMD5) > 0 || a.AccessToken != "" {
			return true
		}
	}
	urls := append(slices.Clone(c.Signer.URLs), c.OneBot.MusicSignURL, c.Update.URL)
	for _, conn := range c.OneBot.Connections {
		if conn.AccessToken != "" || conn.Secret != "" {
			return true
		}
		urls = append(urls, conn.URL, conn.APIURL, conn.EventURL)
	}
	// A user and password, or a query.
	return slices.ContainsFunc(urls, func(u string) bool { return strings.ContainsAny(u, "@?") })
}

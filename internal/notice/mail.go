package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"net"
	netmail "net/mail"
	"net/smtp"
	"os"
	"strconv"
	"time"

	mail "github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"

	"libration/internal/network"
	"libration/internal/text"
)

// sendMail sends a notice by a mail server, a mail for each receiver.
func sendMail(ctx context.Context, by network.Network, service *mail.Service, n *Notice) (err error) {
	c := service.Config.Clone()
	c.FixEmailTags()
	conn, err := by.Dial(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = text.Errorf("no answer: %v", "没有应答：%v", ctx.Err())
		}
	}()
	secure := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.SkipTLSVerify}
	fromStart := c.Encryption == mail.EncMethods.ImplicitTLS || c.Encryption == mail.EncMethods.Auto && c.Port == mail.ImplicitTLSPort
	if fromStart {
		conn = tls.Client(conn, secure)
	}
	client, err := smtp.NewClient(conn, c.Host)
	if err != nil {
		return err
	}
	defer client.Close()
	name := c.ClientHost
	if name == "auto" {
		if name, err = os.Hostname(); err != nil {
			name = "localhost"
		}
	}
	if err := client.Hello(name); err != nil {
		return err
	}
	if offered, _ := client.Extension("STARTTLS"); !fromStart && c.UseStartTLS && (offered || c.RequireStartTLS) {
		if err := client.StartTLS(secure); err != nil {
			return err
		}
	}
	switch c.Auth {
	case mail.AuthTypes.Plain:
		err = client.Auth(smtp.PlainAuth("", c.Username, c.Password, c.Host))
	case mail.AuthTypes.CRAMMD5:
		err = client.Auth(smtp.CRAMMD5Auth(c.Username, c.Password))
	case mail.AuthTypes.OAuth2:
		err = client.Auth(mail.OAuth2Auth(c.Username, c.Password))
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, to := range c.ToAddresses {
		if err := mailTo(client, &c, to, n); err != nil {
			failed = append(failed, err)
			_ = client.Reset()
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	_ = client.Quit() // the mails are taken
	return nil
}

func mailTo(client *smtp.Client, c *mail.Config, to string, n *Notice) error {
	if err := client.Mail(c.FromAddress); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	kind, body := "text/plain", n.Text
	if c.UseHTML {
		kind, body = "text/html", "<pre>"+html.EscapeString(n.Text)+"</pre>"
	}
	for _, h := range [][2]string{
		{"From", (&netmail.Address{Name: c.FromName, Address: c.FromAddress}).String()}, {"To", to},
		{"Subject", mime.QEncoding.Encode("utf-8", n.Title)}, {"Date", n.Time.Format(time.RFC1123Z)},
		{"MIME-Version", "1.0"}, {"Content-Type", kind + "; charset=utf-8"}, {"Content-Transfer-Encoding", "8bit"},
	} {
		if _, err := fmt.Fprintf(w, "%s: %s\n", h[0], h[1]); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	_, err = io.WriteString(w, "\n"+body)
	return errors.Join(err, w.Close())
}

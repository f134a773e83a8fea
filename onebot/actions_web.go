package onebot

import (
	"cmp"
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
)

func webActions() []row {
	failed := table.Fails(cause("WEB_LOGIN_FAILED", apiError.Text), webLogin)
	return []row{
		table.Of("get_cookies", standard, Lookups, text.T("Returns cookies for web pages of the service. Whoever has them is the account there, for about a day.", "返回 QQ 网页的 cookies。持有者约一天内可在网页上以该账号的身份操作。"),
			getCookies, failed),
		table.Of("get_csrf_token", standard, Lookups, text.T("Returns the token that goes with the cookies.", "返回与 cookies 配套的 CSRF token。"), getCSRFToken, failed),
		table.Of("get_credentials", standard, Lookups, text.T("Returns cookies for web pages of the service and the token that goes with them.", "同时返回 QQ 网页的 cookies 和 CSRF token。"), getCredentials, failed),
		table.Of("get_clientkey", rare, Lookups, text.T("Returns a key that opens web pages of the service as the account, for about two hours.", "返回 clientkey，约两小时内可用于以该账号的身份登录 QQ 网页。"),
			getClientkey, failed),
	}
}

type domainParams struct {
	Domain string `param:"domain,optional" en:"Domain of the pages, such as qzone.qq.com; without one, or empty: qun.qq.com." zh:"网页的域名，如 qzone.qq.com；省略或为空时为 qun.qq.com。"`
}

func (p domainParams) domain() string { return cmp.Or(p.Domain, "qun.qq.com") }

type cookiesResult struct {
	Cookies string `json:"cookies" en:"What goes into the Cookie header." zh:"Cookie 请求头的内容。"`
	BKN     string `json:"bkn" en:"The token that goes with it, as text." zh:"配套的 token（字符串）。"`
}

func getCookies(ctx context.Context, a *account, p domainParams) (cookiesResult, error) {
	c, err := a.client.Web().Credentials(ctx, p.domain())
	return cookiesResult{c.Cookies, strconv.Itoa(int(c.Token))}, err
}

type csrfResult struct {
	Token int32 `json:"token" en:"The token: bkn, g_tk." zh:"token，即 bkn、g_tk。"`
}

func getCSRFToken(ctx context.Context, a *account, _ table.None) (csrfResult, error) {
	token, err := a.client.Web().CSRFToken(ctx)
	return csrfResult{token}, err
}

type credentialsResult struct {
	Cookies string `json:"cookies" en:"What goes into the Cookie header." zh:"Cookie 请求头的内容。"`
	CSRF    int32  `json:"csrf_token" en:"The token: bkn, g_tk." zh:"token，即 bkn、g_tk。"`
	Token   int32  `json:"token" en:"The same, as another service calls it." zh:"同上，另一服务的字段名。"`
}

func getCredentials(ctx context.Context, a *account, p domainParams) (credentialsResult, error) {
	c, err := a.client.Web().Credentials(ctx, p.domain())
	return credentialsResult{c.Cookies, c.Token, c.Token}, err
}

type clientkeyResult struct {
	Key string `json:"clientkey" en:"The key." zh:"密钥。"`
}

func getClientkey(ctx context.Context, a *account, _ table.None) (clientkeyResult, error) {
	k, err := a.client.Web().ClientKey(ctx)
	return clientkeyResult{k.Key}, err
}

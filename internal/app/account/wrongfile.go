package account

import (
	"errors"

	"libration/internal/text"
	"libration/ntqq"
)

// ExplainFile adds to the error of an identity's file that was given for another where
// that file belongs. Other errors it returns as they are.
func ExplainFile(err error) error {
	wrong, ok := errors.AsType[*ntqq.WrongFileError](err)
	if !ok {
		return err
	}
	return text.Errorf("%v: %s", "%v：%s", err, whereTo(wrong.Kind))
}

// whereTo says what to do with a file.
func whereTo(kind ntqq.FileKind) text.Text {
	switch kind {
	case ntqq.OwnKeystoreFile:
		return text.T("it is not imported: put it into the account's data folder as keystore.json", "该文件无需导入：请以 keystore.json 为名放入该账号的数据目录")
	case ntqq.LagrangeKeystoreFile:
		return text.T("it belongs to account.keystore", "应填在 account.keystore")
	case ntqq.LagrangeV2File:
		return text.T("it is not supported: log in by QR code or password", "不支持该文件：请扫码或用密码登录")
	case ntqq.LagrangeDeviceFile, ntqq.LagrangeGoDeviceFile:
		return text.T("it belongs to account.device", "应填在 account.device")
	case ntqq.AppInfoFile:
		return text.T("it belongs to account.app_info", "应填在 account.app_info")
	}
	return text.T("is it the right file?", "请确认文件是否正确")
}

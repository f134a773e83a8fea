package account

import (
	"errors"

	"libration/internal/text"
	"libration/ntqq"
)

// ExplainFile adds to the error of an identity's file what to do: where a file belongs that
// was given for another, which key a sealed keystore needs. Other errors it returns as they
// are.
func ExplainFile(err error) error {
	switch {
	case errors.Is(err, ntqq.ErrSealed):
		return text.Errorf("%v: set the variable LIBRATION_KEYSTORE_KEY, or the credential keystore_key, to the key that sealed it; the file stays as it is",
			"%v：请把环境变量 LIBRATION_KEYSTORE_KEY 或凭据 keystore_key 设为加密时所用的密钥；文件未作改动", err)
	case errors.Is(err, ntqq.ErrSealKey):
		return text.Errorf("%v: set LIBRATION_KEYSTORE_KEY, or the credential keystore_key, to the key that sealed it, or restore the file from a backup; it stays as it is",
			"%v：请把环境变量 LIBRATION_KEYSTORE_KEY 或凭据 keystore_key 设为加密时所用的密钥，或从备份恢复该文件；文件未作改动", err)
	}
	wrong, ok := errors.AsType[*ntqq.WrongFileError](err)
	if !ok {
		return err
	}
	return text.Errorf("%v: %s", "%v：%s", err, whereTo(wrong.Kind))
}

// whereTo says what to do with a file.
func whereTo(kind ntqq.FileKind) text.Text {
	switch kind {
	case ntqq.OwnKeystoreFile, ntqq.SealedKeystoreFile:
		return text.T("it is not imported: put it into the account's data folder as keystore.json", "该文件无需导入：请以 keystore.json 为名放入该账号的数据文件夹")
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

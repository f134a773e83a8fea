package onebot

import (
	"context"
	"slices"

	"libration/gateway/inbox"
	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

// Causes of failures. One cause has one code and one text, whichever action it fails,
// called in whichever way.
var (
	wrongParams = cause("BAD_PARAMS", text.T(
		"a parameter is missing or wrong, or a segment cannot be sent, such as an `at` of what is no account",
		"参数缺失或错误，或消息段无法发送（例如 `at` 的不是账号）"))
	noAction = cause("API_NOT_FOUND", text.T(
		"no such action, or one that this version does not have", "动作不存在，或本版本没有该动作"))
	apiError = cause("API_ERROR", text.T(
		"refused by the server, with its code in `message`, or any other failure", "被服务器拒绝（代码在 `message` 中），或其他失败"))
	stopping       = cause("CANCELED", text.T("the program is stopping", "程序正在停止"))
	tooManyWait    = cause("API_ERROR", text.T("too many actions are waiting", "等待执行的异步调用过多"))
	requestRefused = cause("REQUEST_REFUSED", text.T("HTTP: the request reached no action", "HTTP：请求没有到达任何动作"))

	offline = cause("ACCOUNT_OFFLINE", text.T(
		"the account is not online, nothing was sent", "账号不在线，请求未发送"))
	kicked = cause("ACCOUNT_KICKED", text.T(
		"the account was kicked offline; somebody must log in again", "账号被踢下线，需要人工重新登录"))
	loginNeeded = cause("LOGIN_NEEDED", text.T(
		"the account must be logged in again by a person", "账号需要人工重新登录"))
	expired  = cause("SESSION_EXPIRED", text.T("the login has expired", "登录状态已失效"))
	unsigned = cause("SIGN_ERROR", text.T(
		"no signer gave a signature, nothing was sent", "没有签名服务返回签名，请求未发送"))
	connectionLost = cause("CONNECTION_LOST", text.T(
		"the connection broke; it is unknown whether the operation took place", "连接中断，操作是否成功未知"))
	noAnswer = cause("TIMEOUT", text.T(
		"the server did not answer in time; it is unknown whether the operation took place", "服务器响应超时，操作是否成功未知"))
	outOfTime = cause("TIMEOUT", text.T(
		"no answer in time; it is unknown whether the operation took place", "等待响应超时，操作是否成功未知"))
	cancelled = cause("TRANSFER_CANCELED", text.T("the owner cancelled the transfer", "传输已被所有者取消"))
	givenUp   = cause("CANCELED", text.T(
		"the call was given up before there was an answer", "调用已被取消"))
	storeBroken = cause("API_ERROR", text.T(
		"the message store cannot be read", "消息库无法读取"))

	noMedium = cause("MEDIA_NOT_FOUND", text.T(
		"no picture, voice, video or file of this name is known: names are known as long as messages are kept; also give its url, or where its bytes are",
		"没有该名称的图片、语音、视频或文件：名称的有效期与消息保存时间相同；可以同时给出 url，或直接给出文件位置"))
	broken = cause("DOWNLOAD_FILE_ERROR", text.T(
		"the download ended early, or is not the medium that the message names", "下载不完整，或内容不是消息所指的文件"))
	noFiles       = cause("MEDIA_NOT_FOUND", text.T("this program opens no files", "本程序不能打开文件"))
	mediaTooLarge = cause("MEDIA_TOO_LARGE", text.T(
		"the picture, voice, video or download is larger or longer than allowed", "图片、语音、视频或下载内容过大或过长"))
	mediaFormat = cause("MEDIA_FORMAT", text.T(
		"the format is not one that can be sent, or converted here", "格式无法发送，或无法在本机转换"))
	addressRefused = cause("ADDRESS_REFUSED", text.T(
		"the address is one that is not fetched from", "不允许从该地址下载"))
	fileRefused = cause("FILE_REFUSED", text.T(
		"the file is one that is not read", "不允许读取该文件"))
	downloadFailed = cause("DOWNLOAD_FILE_ERROR", text.T(
		"the bytes could not be read or downloaded", "无法读取或下载内容"))
	uploadFailed = cause("UPLOAD_FAILED", text.T(
		"the upload failed; the text names the step, and the service's code", "上传失败；错误文本中有步骤和服务器代码"))
	mediaCauses = []*table.Cause{noMedium, mediaTooLarge, mediaFormat, addressRefused, fileRefused, downloadFailed, uploadFailed, broken, cancelled, noUpload}

	// Files of groups and private chats.
	filesFailed      = cause("FILE_SYSTEM_API_ERROR", apiError.Text)
	fileUploadFailed = cause("FILE_SYSTEM_UPLOAD_API_ERROR", apiError.Text)
	noFile           = cause("FILE_NOT_FOUND", text.T("no such file, or it has expired", "文件不存在或已过期"))
	noAlbum          = cause("ALBUM_NOT_FOUND", text.T("the group has no such album", "群中没有该相册"))
	noFolder         = cause("FOLDER_NOT_FOUND", text.T("the group has no such folder", "群中没有该文件夹"))
	fileCauses       = []*table.Cause{noGroup, noFile, noFolder}

	noRestart   = cause("RESTART_UNAVAILABLE", text.T("whoever runs this account offers no restart of it", "运行此账号的程序不提供重新启动"))
	badFilter   = cause("LOAD_FILE_ERROR", text.T("an event filter cannot be read; the text names the place", "事件过滤器无法读取；错误文本中有位置"))
	otherFilter = cause("FILE_NOT_FOUND", text.Of(ErrOtherFilter))

	noUpload = cause("UPLOAD_NOT_FOUND", text.T(
		"no such uploaded file: it was removed by age or size, or by a restart", "没有该上传文件：已因过期、空间不足或重启被删除"))
	uploadsFull   = cause("UPLOADS_FULL", text.T("there is no room for another upload, or too many streams are open", "没有空间接收更多上传，或打开的流过多"))
	noStream      = cause("STREAM_NOT_FOUND", text.T("no such stream: it was never begun, was finished, or waited too long for a chunk", "没有该流：未开始、已完成，或太久没有收到分块"))
	streamGaps    = cause("STREAM_INCOMPLETE", text.T("chunks of the stream are missing; send them, and finish it again", "流缺少分块；补发后再次完成即可"))
	streamDiffers = cause("STREAM_MISMATCH", text.T("size or SHA-256 are not those that were announced; the stream is gone", "大小或 SHA-256 与声明的不符；该流已被删除"))
	oneFrame      = cause("API_ERROR", text.T("this action answers in several frames, which there is no way for here: call it without a suffix", "该动作以多帧应答，此处无法发送：请不带后缀调用"))
	streamTested  = cause("STREAM_TEST", text.T("This is a test error", "这是测试错误"))
	streamCauses  = []*table.Cause{uploadsFull, noStream, streamGaps, streamDiffers, mediaTooLarge}

	noFriend = cause("FRIEND_NOT_FOUND", text.T("no such friend", "好友不存在"))
	noGroup  = cause("GROUP_NOT_FOUND", text.T("no such group, or the account is not in it", "群不存在，或账号不在群中"))
	noMember = cause("MEMBER_NOT_FOUND", text.T("no such member in the group", "群成员不存在"))
	webLogin = cause("WEB_LOGIN_FAILED", text.T("web pages of the service do not take the account's login", "QQ 网页不接受账号的登录状态"))
	tempChat = cause("TEMP_CHAT", text.T("not in temporary chats", "临时会话不支持此操作"))
	noUser   = cause("USER_NOT_FOUND", text.T("no such user", "用户不存在"))
	noFace   = cause("CUSTOM_FACE_NOT_FOUND", text.T("the account keeps no such face", "收藏表情不存在"))
	noMface  = cause("MFACE_NOT_FOUND", text.T("no such market face", "商城表情不存在"))

	notSent = cause("MESSAGE_NOT_SENT", text.T(
		"the message was not sent: it never left, or the connection failed and it is not in the chat",
		"消息未发送：请求未发出，或连接出现故障且聊天记录中没有该消息"))
	unknownOutcome = cause("SEND_OUTCOME_UNKNOWN", text.T(
		"the answer was lost, and it could not be found out in time whether the message was sent",
		"未收到服务器响应，且未能及时确认消息是否已发送"))
	noCard = cause("MUSIC_SIGN_ERROR", text.T(
		"no signer made the music card, nothing was sent", "没有签名服务生成音乐卡片，未发送"))
	limited = cause("RATE_LIMITED", text.T(
		"too many messages wait to be sent, this one was not sent", "等待发送的消息过多，该消息未发送"))
	tooLarge     = cause("SEND_MSG_API_ERROR", text.T("the message is too large, nothing was sent", "消息过长，未发送"))
	longText     = cause("TEXT_TOO_LONG", text.T("the message has more than %d bytes of text, nothing was sent", "消息的文本超过 %d 字节，未发送").Fill(message.MaxText))
	emptyMessage = cause("EMPTY_MSG_ERROR", text.T("the message is empty", "消息为空"))
	noMessage    = cause("MESSAGE_NOT_FOUND", text.T("there is no such message, or it cannot be had any more", "消息不存在，或已无法获取"))
	// noMsg is noMessage as get_msg of the existing services says it.
	noMsg        = cause("MSG_NOT_FOUND", noMessage.Text)
	noForward    = cause("FORWARD_NOT_FOUND", text.T("there is no such forward, or it has expired", "合并转发不存在或已过期"))
	largeForward = cause("FORWARD_TOO_LARGE", text.T("the forward has too many messages or bytes, or is nested too deeply", "合并转发中消息过多、过大或嵌套过深"))
	emptyNodes   = cause("EMPTY_NODES", text.T("there is no node in the forward", "合并转发中没有 node"))
	badForward   = cause("API_ERROR", text.T("the forward cannot be read", "合并转发无法解析"))
	noFlag       = cause("FLAG_NOT_FOUND", text.T("the flag is that of no request", "没有对应该 flag 的请求"))
	onlyAccepted = cause("ACTION_FAILED", text.T("a filtered friend request can only be accepted", "被过滤的好友请求只能同意，无法拒绝"))
	notOurs      = cause("CANNOT_RECALL_FRIEND_MSG", text.T("the other side's message in a private chat cannot be recalled", "无法撤回私聊中对方的消息"))
	notSupported = cause("NOT_SUPPORTED", text.T("a quick operation that the event does not take", "该事件不支持的快速操作"))

	badCommand     = cause("COMMAND_INVALID", text.T("not the name of a command: at most 255 visible ASCII characters; nothing was sent", "不是有效的命令名（不超过 255 个可见 ASCII 字符），请求未发送"))
	sessionCommand = cause("COMMAND_REFUSED", text.T(
		"the command is one by which the program logs in and stays online; nothing was sent", "该命令由本程序用于登录和保持在线，请求未发送"))

	// The server says these, with its code.
	restricted = cause("SEND_MSG_API_ERROR", text.T(
		"the account is restricted from sending; it must pass a safety verification", "账号被限制发送消息，需要完成安全验证"))
	blocked   = cause("SEND_MSG_API_ERROR", text.T("blocked: the receiver or the content refuses it", "被对方拒收，或内容被拦截"))
	swallowed = cause("SEND_MSG_API_ERROR", text.T(
		"accepted without a sequence: the message was most likely blocked", "服务器接受但没有给出序号，消息很可能被拦截"))
	muted         = cause("SEND_MSG_API_ERROR", text.T("the account, or the whole group, is muted", "账号被禁言，或全体禁言"))
	atAll         = cause("SEND_MSG_API_ERROR", text.T("@everyone is not allowed, or its daily limit is reached", "没有 @全体成员 的权限，或今日次数已用完"))
	groupLimit    = cause("SEND_MSG_API_ERROR", text.T("too many messages per minute for this group", "群内每分钟消息数超限"))
	refusedMedium = cause("SEND_MSG_API_ERROR", text.T(
		"the service does not take the medium; it refuses voices of more than about a minute so", "服务器拒绝该媒体；超过约一分钟的语音会被这样拒绝"))
	tooLate = cause("RECALL_API_ERROR", text.T(
		"the message cannot be recalled any more, or not by this account", "消息已无法撤回，或账号没有权限撤回"))

	// What else fails an operation has the code of the operation.
	sendFailed    = cause("SEND_MSG_API_ERROR", apiError.Text)
	recallFailed  = cause("RECALL_API_ERROR", apiError.Text)
	membersFailed = cause("GET_MEMBERS_API_ERROR", apiError.Text)
	memberFailed  = cause("GET_MEMBER_INFO_API_ERROR", apiError.Text)

	sendCauses = with(mediaCauses, noFile, emptyMessage, longText, tooLarge, noForward, badForward, largeForward, noCard, noMface, limited, notSent, unknownOutcome, noMessage, muted, atAll, groupLimit, restricted, blocked, swallowed, refusedMedium)
	nodeCauses = with(sendCauses, emptyNodes)
)

func cause(code string, what text.Text) *table.Cause { return &table.Cause{Code: code, Text: what} }

// generalCauses are those that every action may have.
func generalCauses() []*table.Cause {
	return slices.Concat(
		[]*table.Cause{wrongParams, noAction},
		[]*table.Cause{offline, expired, kicked, loginNeeded, unsigned, noAnswer, outOfTime, connectionLost},
		[]*table.Cause{storeBroken, tooManyWait, stopping, givenUp, requestRefused})
}

// mediaReasons are the causes of what is wrong with media.
var mediaReasons = []struct {
	reason error
	cause  *table.Cause
}{
	{media.ErrTooLarge, mediaTooLarge},
	{media.ErrFormat, mediaFormat},
	{media.ErrForbidden, fileRefused},
}

// open are the causes that leave open whether something took place. A message whose medium
// failed was not sent.
var open = []*table.Cause{connectionLost, noAnswer, outOfTime}

// causes are those of the client's errors. The first that matches counts.
var causes = []struct {
	err   error
	cause *table.Cause
}{
	// These two wrap what happened to the answer.
	{ntqq.ErrNotSent, notSent},
	{ntqq.ErrUnknownOutcome, unknownOutcome},
	{ntqq.ErrRateLimited, limited},
	{ntqq.ErrOffline, offline},
	{ntqq.ErrKicked, kicked},
	{ntqq.ErrNeedsLogin, loginNeeded},
	{ntqq.ErrSessionExpired, expired},
	{ntqq.ErrSign, unsigned},
	{ntqq.ErrConnectionLost, connectionLost},
	{ntqq.ErrTimeout, noAnswer},
	{context.DeadlineExceeded, outOfTime},
	{context.Canceled, givenUp},
	{ntqq.ErrTooLarge, tooLarge},
	{ntqq.ErrEmptyMessage, emptyMessage},
	{ntqq.ErrNoFriend, noFriend},
	{ntqq.ErrNoGroup, noGroup},
	{ntqq.ErrNoMember, noMember},
	{ntqq.ErrOwner, ownerStays},
	{ntqq.ErrWebLogin, webLogin},
	{ntqq.ErrNoUser, noUser},
	{ntqq.ErrNoRequest, noFlag},
	{ntqq.ErrOnlyAccepted, onlyAccepted},
	{ntqq.ErrNoMarketFace, noMface}, {ntqq.ErrNoCustomFace, noFace},
	{ntqq.ErrNoMessage, noMessage},
	{ntqq.ErrTempChat, tempChat}, {ntqq.ErrTempContent, tempChat},
	{ntqq.ErrNoForward, noForward},
	{ntqq.ErrBadForward, badForward},
	{ntqq.ErrRestricted, restricted},
	{ntqq.ErrBlocked, blocked},
	{ntqq.ErrSwallowed, swallowed},
	{ntqq.ErrMuted, muted},
	{ntqq.ErrAtAll, atAll},
	{ntqq.ErrGroupLimit, groupLimit},
	{ntqq.ErrNotRecallable, tooLate},
	{ntqq.ErrNoMedium, noMedium},
	{ntqq.ErrNoFile, noFile},
	{ntqq.ErrNoAlbum, noAlbum},
	{ntqq.ErrIncomplete, broken}, {ntqq.ErrOtherMedium, broken},
	{ntqq.ErrMediaRefused, refusedMedium},
	{transfer.ErrCancelled, cancelled},
	{inbox.ErrNoFile, noUpload},
	{ntqq.ErrBadCommand, badCommand}, {ntqq.ErrSessionCommand, sessionCommand},
}

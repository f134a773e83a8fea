package onebot

import (
	"slices"

	"libration/gateway/table"
	"libration/internal/text"
)

// Why actions that others have are not offered.
var (
	noFacts = text.T("how the service does this is not known: docs/protocol has no facts about it", "没有资料说明服务器如何实现此功能（见 docs/protocol）")
	noGuild = text.T("the service for guild channels ended for such accounts in 2023", "QQ 频道对此类账号的服务已于 2023 年停止")
	notHere = text.T("not in this version", "本版本尚未实现")
	noFlash = text.T("flash transfers and files from device to device are not in this version: upload_group_file and upload_private_file send files", "本版本没有闪传和在线文件，可用 upload_group_file 和 upload_private_file 发送文件")
	noSpace = text.T("not in this version: Qzone and the collection are other services than the chats", "本版本尚未实现：QQ 空间和收藏是聊天以外的服务")
	secrets = text.T("bots must not read or change the configuration, or the inside of the program: whoever has their token would have all of it", "机器人不应读取或修改配置和程序内部：否则持有令牌的人即可控制全部")
)

// knownActions are the names of docs/protocol/onebot11.md (b) that are not offered, with the
// reason: who calls one reads that, and not that there is no such action.
func knownActions() []row {
	return slices.Concat(
		table.Known[*account](common, text.T(
			"the client has no model: it is a computer's", "本程序登录的是电脑客户端，没有机型"),
			`_get_model_show _set_model_show`),
		table.Known[*account](common, text.T(
			"only enterprise accounts have this, which cannot log in here", "仅企点账号有此功能，本程序不支持企点账号登录"),
			`qidian_get_account_info`),
		table.Known[*account](common, noFacts, `get_robot_uin_range .get_word_slices`),
		table.Known[*account](common, noGuild, `
			get_guild_meta_by_guest get_guild_channel_list get_guild_member_list
			get_guild_member_profile get_guild_msg get_guild_roles create_guild_role delete_guild_role
			update_guild_role set_guild_member_role get_topic_channel_feeds send_guild_channel_msg`),
		table.Known[*account](rare, noFacts, `
			fetch_ptt_text voice_msg_to_text click_inline_keyboard_button translate_en2zh
			set_group_add_option set_group_robot_add_option set_group_search set_group_member_invite_policy
			set_group_member_permissions set_group_new_member_history_visibility
			do_group_album_comment del_group_album_media set_group_album_media_like
			cancel_group_album_media_like scan_qrcode`),
		table.Known[*account](rare, notHere, `
			_mark_all_as_read get_qq_avatar get_group_detail_info get_group_info_ex get_event`),
		table.Known[*account](rare, noFlash, `
			create_flash_task send_flash_msg get_share_link download_fileset get_fileset_info
			get_fileset_id get_flash_file_list get_flash_file_url upload_flash_file get_flash_file_info
			download_flash_file get_flash_file_download_urls reshare_flash_file send_online_file
			send_online_folder get_online_file_msg receive_online_file refuse_online_file
			cancel_online_file`),
		table.Known[*account](rare, noSpace, `
			send_qzone_msg delete_qzone_msg create_collection get_collection_list`),
		table.Known[*account](rare, text.T(
			"the owner ends the program: a service manager would start it again, and the other accounts would end, too", "程序由所有者停止：服务管理器会再次启动它，其他账号也会一并停止"),
			`bot_exit`),
		table.Known[*account](rare, secrets, `get_config set_config llonebot_debug`),
	)
}

package onebot

import (
	"slices"

	"libration/gateway/table"
)

// knownActions are the names of docs/protocol/onebot11.md (b). Who calls one that this
// version does not have reads that, and not that there is no such action.
func knownActions() []row {
	return slices.Concat(
		table.Known[*account](standard, `
			send_private_msg send_group_msg send_msg delete_msg get_msg get_forward_msg get_login_info
			get_stranger_info get_friend_list send_like set_friend_add_request set_group_add_request
			get_group_info get_group_list get_group_member_info get_group_member_list
			get_group_honor_info set_group_kick set_group_ban set_group_whole_ban set_group_admin
			set_group_anonymous set_group_anonymous_ban set_group_card set_group_name set_group_leave
			set_group_special_title get_image get_record get_status get_version_info can_send_image
			can_send_record get_cookies get_csrf_token get_credentials set_restart clean_cache
			.handle_quick_operation`),
		table.Known[*account](lagrange, `
			send_forward_msg send_group_forward_msg send_private_forward_msg get_group_msg_history
			get_friend_msg_history mark_msg_as_read set_essence_msg delete_essence_msg
			get_essence_msg_list set_group_reaction
			delete_friend get_group_requests
			set_qq_avatar set_group_portrait _send_group_notice
			_get_group_notice _del_group_notice
			upload_group_file upload_private_file get_group_root_files get_group_files_by_folder
			get_group_file_url get_private_file_url move_group_file delete_group_file
			create_group_file_folder delete_group_file_folder rename_group_file_folder upload_image
			get_rkey get_music_ark`),
		table.Known[*account](common, `
			set_msg_emoji_like fetch_emoji_like forward_friend_single_msg forward_group_single_msg
			get_group_system_msg
			get_group_ignore_add_request get_doubt_friends_add_request set_doubt_friends_add_request
			set_friend_remark get_friends_with_category _get_model_show _set_model_show
			get_robot_uin_range qidian_get_account_info get_group_at_all_remain send_group_sign
			get_group_signed_list get_group_shut_list set_group_remark rename_group_file
			delete_group_folder get_group_file_system_info get_file download_file
			get_supported_actions get_updates
			.get_word_slices get_guild_service_profile get_guild_list
			get_guild_meta_by_guest get_guild_channel_list get_guild_member_list
			get_guild_member_profile get_guild_msg get_guild_roles create_guild_role delete_guild_role
			update_guild_role set_guild_member_role get_topic_channel_feeds send_guild_channel_msg`),
		table.Known[*account](rare, `
			unset_msg_emoji_like get_emoji_likes mark_private_msg_as_read mark_group_msg_as_read
			_mark_all_as_read set_group_todo complete_group_todo cancel_group_todo
			fetch_ptt_text voice_msg_to_text click_inline_keyboard_button get_group_ignored_notifies
			set_friend_category get_qq_avatar send_qzone_msg delete_qzone_msg
			_delete_group_notice set_group_sign set_group_msg_mask set_group_kick_members
			batch_delete_group_member get_group_detail_info get_group_info_ex set_group_add_option
			set_group_robot_add_option set_group_search set_group_member_invite_policy
			set_group_member_permissions set_group_new_member_history_visibility
			set_group_file_forever trans_group_file
			del_group_album_media do_group_album_comment set_group_album_media_like
			cancel_group_album_media_like create_flash_task send_flash_msg get_share_link
			download_fileset get_fileset_info get_fileset_id get_flash_file_list get_flash_file_url
			upload_flash_file get_flash_file_info download_flash_file get_flash_file_download_urls
			reshare_flash_file send_online_file send_online_folder get_online_file_msg
			receive_online_file refuse_online_file cancel_online_file upload_file_stream
			download_file_stream download_file_image_stream download_file_record_stream
			test_download_stream clean_stream_temp_file
			get_clientkey translate_en2zh create_collection get_collection_list
			bot_exit get_config set_config get_event scan_qrcode llonebot_debug`),
	)
}

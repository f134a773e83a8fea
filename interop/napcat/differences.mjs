// Where this service is meant to be otherwise than node-napcat-ts says: a reason, and what it is
// about. "a.{b c}: missing" is two lines. A difference that is not here fails the check, and so
// does one that is not there any more.

export const different = [
  ["what the service does not tell of others, or nobody has asked for: fields of the internals of NTQQ that the types copy",
    "get_stranger_info.{constellation shengXiao kBloodType homeTown makeFriendCareer pos college province postCode address interest}: missing",
    "get_stranger_info.{eMail phoneNum categoryId richTime richBuffer topTime}: missing",
    "get_stranger_info.{isBlock isMsgDisturb isSpecialCareOpen isSpecialCareZone ringId isBlocked recommendImgFlag}: missing",
    "get_stranger_info.{disableEmojiShortCuts qidianMasterFlag qidianCrewFlag qidianCrewFlag2 isHideQQLevel isHidePrivilegeIcon}: missing",
    "get_stranger_info.{extStatus batteryStatus termType netType iconType customStatus setTime specialFlag abiFlag eNetworkType}: missing",
    "get_stranger_info.{showName termDesc musicInfo extOnlineBusinessInfo extBuffer}: missing",
    "get_friend_list[].{birthday_year birthday_month birthday_day phone_num email}: missing",
    "get_friends_with_category[].{onlineCount buddyList[].birthday_year buddyList[].birthday_month buddyList[].birthday_day}: missing",
    "get_friends_with_category[].buddyList[].{phone_num email}: missing",
    "get_group_shut_list[].{uid qid remark cardType avatarPath isDelete isSpecialConcerned isSpecialShield isRobot groupHonor}: missing",
    "get_group_shut_list[].{memberRealLevel memberLevel globalGroupLevel globalGroupPoint memberTitleId memberSpecialTitle}: missing",
    "get_group_shut_list[].{specialTitleExpireTime userShowFlag userShowFlagNew richFlag mssVipType bigClubLevel bigClubFlag}: missing",
    "get_group_shut_list[].{autoRemark creditLevel joinTime lastSpeakTime memberFlag memberFlagExt memberMobileFlag memberFlagExt2}: missing",
    "get_group_shut_list[].{isSpecialShielded cardNameId}: missing",
    "get_msg<group,normal,array>.emoji_likes_list: missing", "get_msg<private,friend,array>.emoji_likes_list: missing",
    "segment<face>.data.{raw resultId chainCount}: missing",
    "create_group_file_folder.groupItem.{type fileInfo}: missing",
    "create_group_file_folder.groupItem.folderInfo.{modifyUin modifyName usedSpace}: missing",
    "delete_group_file.transGroupFileResult: missing"],
  ["neither the list of friends nor that of members has it, and members are not looked up one by one",
    "get_friend_list[].level: missing", "get_friends_with_category[].buddyList[].level: missing",
    "get_group_member_info.is_robot: missing", "get_group_member_list[].{qq_level is_robot}: missing"],
  ["whether it worked is said by the answer around it", "ArkSharePeer.{errCode errMsg}: missing"],
  ["services differ, and this one answers as Lagrange or go-cqhttp do, or as the standard says",
    "get_stranger_info.status: an object, not number", "get_group_shut_list[].role: string, not number",
    "get_group_honor_info.group_id: number, not string", "get_group_honor_info.current_talkative.description: missing",
    "ocr_image: an object, not a list", "get_rkey: an object, not a list"],
  ["an answer says more than nothing",
    "forward_friend_single_msg: an object, not null", "forward_group_single_msg: an object, not null",
    "_send_group_notice: an object, not null", "upload_group_file: an object, not null", "upload_private_file: an object, not null"],
  ["JSON has no undefined, and OneBot answers null", "nc_get_packet_status: null, not undefined", "_del_group_notice: null, not an object"],
  ["the types say what nobody means: constants of one answer, or another shape than NapCat's own documentation has",
    'get_version_info.app_name: string, not "NapCat.Onebot"', "get_group_file_system_info.used_space: number, not 0",
    "send_group_ai_record.message_id: number, not 0",
    "get_profile_like: an object, not a list", "get_qun_album_list: an object, not a list",
    "get_group_album_media_list.{seq result errMs trace_id request_time_line}: missing",
    "nc_get_rkey[].time: missing", "nc_get_rkey[].ttl: number, not string", "nc_get_rkey[].type: string, not number"],
  ["a card of a mini-app is the service's own, handed on as it is",
    "get_mini_app_ark.data.meta.detail_1.{shareTemplateData showLittleTail gamePoints gamePointsUrl shareOrigin}: missing",
    "get_mini_app_ark.data.{miniappShareOrigin miniappOpenRefer}: missing", "get_mini_app_ark.data.config.{width height forward autoSize}: missing",
    "get_mini_app_ark.data.config.ctime: string, not number"],
  ["a message within a forward is of no chat that the account knows, and has no numbers", "get_msg<group,array>: no such kind"],
  ["kinds of segments that the package leaves out",
    "segment<{mface xml location keyboard longmsg redbag flash_file}>: no such kind"],
];

export const refused = [
  ["the bot's program does not end the service", "bot_exit 1404"],
  ["not in this version",
    "_get_model_show 1404", "get_robot_uin_range 1404", "translate_en2zh 1404", "create_collection 1404", "get_collection_list 1404",
    "click_inline_keyboard_button 1404", "do_group_album_comment 1404", "set_group_album_media_like 1404", "del_group_album_media 1404",
    "_mark_all_as_read 1404", "set_group_add_option 1404", "set_group_search 1404",
    "set_group_robot_add_option 1404", "get_group_info_ex 1404", "get_group_detail_info 1404"],
];

export const absent = [
  ["only webhooks begin and end so", "meta_event.lifecycle.enable", "meta_event.lifecycle.disable"],
  ["NTQQ does not tell who types in groups", "notice.notify.input_status.group"],
];

export const strange = [
  ["the package has no event for it, and says so on the console",
    "unknown notice_notify_type: {honor poke_recall lucky_king gray_tip}",
    "unknown notice_type: {offline_file online_file_receive online_file_send client_status}",
    "unknown notice_group_decrease_type: disband"],
];

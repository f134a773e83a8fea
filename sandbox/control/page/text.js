// The page's words in both languages; ?lang=zh or ?lang=en overrules the browser.
const words = {
  en: {
    title: 'Libration sandbox', actAs: 'Act as', back: 'Back', cancel: 'Cancel', mention: 'Mention', send: 'Send',
    placeholder: 'Message', nobody: 'No client is online', connect: 'To connect libration:', online: '{0} is online', offline: 'The sandbox does not answer. Trying again…', unreachable: 'The sandbox does not answer',
    logins: 'Logins that wait', client: 'A client', wants_login: '{0} wants to log in', wants_new_device: '{0} is a new device of {1}: let it in?', wants_unusual_device: '{0} is an unusual device of {1}: is it you?',
    wants_captcha: '{0} has to solve a captcha to log in as {1}', openCaptcha: 'Open the captcha', loginAs: 'as', loginAccount: 'Account that logs in', lastAccount: 'Last time: {0}', noLastAccount: 'A device that has not logged in before', scannedBy: 'Scanned by {0}',
    approve: 'Approve', confirm: 'Let in', reject: 'Reject',
    chats: 'Chats', toChats: 'To the chats', messages: 'Messages', older: 'Older messages', unread: '{0} unread', newMessages: '{0} new messages', offered: '{0} people: choose with the arrows and Enter', add: 'Add people and groups',
    members: '{0} members', everyone: 'Everyone', reply: 'Reply', recall: 'Recall', recalled: '{0} recalled a message',
    replyTo: 'Reply to {0}: {1}', quoteGone: 'message {0}', empty: 'No messages yet', pick: 'Choose a chat',
    noChats: 'No friends or groups yet', join: '{0} joined the group', leave: '{0} left the group',
    kick: '{0} was removed by {1}', mute: '{0} was muted for {1} s', unmute: '{0} may speak again',
    mute_all: 'Everybody was muted', unmute_all: 'Everybody may speak again', admin: '{0} is now an admin',
    faults: 'Faults', faultParams: 'Parameters', switchOn: 'Switch on', switchOff: 'Switch off', struck: '{0} times so far',
    captcha: 'Captcha', captchaFor: 'Captcha for the password login of {0}: this is its solution.', captchaGone: 'This captcha has been used, or never was.',
    more: 'More', close: 'Close', choose: 'Choose: {0}', chosen: '{0} chosen', forwardHere: 'Forward to this chat',
    faces: 'Faces', largeFace: 'Large, sent at once', face: 'Face {0}', dice: 'Dice', diceShows: 'Dice: {0}',
    rps: 'Rock, paper, scissors', rock: 'Rock', paper: 'Paper', scissors: 'Scissors', poke: 'Poke',
    sticker: 'Sticker', stickerID: 'Number (32 hexadecimal digits)', stickerPack: 'Pack',
    forwardMessages: 'Forward', forward: 'Chat history', forwardCount: '{0} messages', longMessage: 'Long message', openIt: 'Open', text: 'Text',
    location: 'Location', address: 'Address', latitude: 'Latitude', longitude: 'Longitude', contact: 'Contact',
    music: 'Music', singer: 'Singer', audio: 'Audio', link: 'Link:', picture: 'Picture:', card: 'Card', cardTitle: 'Title',
    cardJSON: 'Card (JSON)', cardXML: 'Card (XML)', markdown: 'Markdown', buttons: 'Buttons',
    media: 'Picture, sound, video', image: 'Picture', imageSticker: 'Sticker', flashImage: 'Flash picture', record: 'Voice', video: 'Video',
    openImage: 'Open picture', look: 'Show as', seconds: '{0} s', playVoice: 'Play voice, {0} seconds', stopVoice: 'Pause voice, {0} seconds',
    mediaGone: '{0} is not there any more', mediaSilent: '{0} cannot be played', attached: 'Goes with the message', leaveOut: 'Leave out', uploading: 'Uploading {0}', dropHere: 'Drop to attach',
    fileEmpty: 'The file is empty', fileTooLarge: 'Larger than {0} MiB', fileUnknown: 'No picture, sound or video', uploadFailed: 'The upload was cut off',
    redPacket: 'Red packet', flashFile: 'Flash file', fileSet: 'File set',
    exampleTitle: 'Daily news', exampleText: 'The moon wobbles as it goes round', exampleSticker: '[Go for it]',
    examplePlace: 'Tiananmen Square', exampleAddress: 'East Chang’an Avenue, Beijing', exampleSong: 'Jasmine Flower',
    exampleSinger: 'Folk song', exampleButtons: 'Yes, No', examplePacket: 'Best wishes',
    unadmin: '{0} is no longer an admin', rename: 'The group is now called {0}', title_: '{0} got the title {1}',
    // What is done besides writing.
    world: 'World', myself: 'My account and requests', manage: 'Manage', about: 'About {0}', doIt: 'Do it', search: 'Search', react: 'React', essence: 'Essence',
    profile: 'Profile', nickname: 'Nickname', sign: 'Signature', addFriend: 'Add as friend', account: 'Account', verification: 'Message', filtered: 'Goes to the doubtful ones',
    askToJoin: 'Join a group', group: 'Group', answerOrText: 'Message, or answer to its question', newGroup: 'New group', groupName: 'Name of the group', removeUser: 'Remove this account',
    invite: 'Invite', renameGroup: 'Rename', muteAll: 'Mute all', unmuteAll: 'Unmute all', joinPolicy: 'Who may join', question: 'Question', answer: 'Answer',
    join_free: 'Everybody may join', join_ask: 'Joining needs approval', join_question: 'Joining needs the answer to a question', join_closed: 'Nobody may join',
    signIn: 'Clock in', pin: 'Pin chat', unpin: 'Unpin chat', tip: 'Grey tip', leaveGroup: 'Leave', dissolve: 'Disband',
    pokeThem: 'Poke', card_: 'Card', giveTitle: 'Title', makeAdmin: 'Make admin', unmakeAdmin: 'Not admin any more', muteMember: 'Mute', muteSeconds: 'Seconds', unmuteMember: 'Unmute',
    kickMember: 'Remove', block: 'May not ask again', transfer: 'Make owner', honor: 'Honour', honor_talkative: 'Talkative', honor_performer: 'Performer', honor_emotion: 'Emotion', luckyKing: 'Lucky king', restrict: 'Restrict',
    typing: 'Is typing', likeThem: 'Like profile', times: 'Times', unfriend: 'Delete friend', openChat: 'Write to',
    essenceOn: 'Make essence', essenceOff: 'No essence', todoSet: 'Make to-do', todoFinish: 'Finish to-do', todoCancel: 'Cancel to-do',
    newUser: 'New account', befriend: 'Make friends', tour: 'Tour of all events', tourFor: 'Towards', kickClient: 'Log a client out', notice: 'Notice', reset: 'Back to the beginning',
    isMuted: 'muted', role_owner: 'Owner', role_admin: 'Admin', role_member: 'Member', moreMembers: '{0} more: search for them',
    requests: 'Requests', noRequests: 'Nothing waits for an answer', accept: 'Accept', refuse: 'Refuse', ignore: 'Ignore', isFiltered: 'doubtful', wantsFriend: '{0} wants to be friends',
    toldOwner: '{0} owns the group now', toldAvatar: 'The group has another picture', toldCard: '{0} is called {1} here', toldPoke: '{0} poked {1}', toldPokeRecall: '{0} took a poke back',
    toldLike: '{0} liked the profile, {1} times', toldFriendAdded: 'You are friends now', toldJoinRequest: '{0} asks to join', toldInvitedJoin: '{0} was invited by {1}, and needs approval',
    wants_join: '{0} wants to join {1}', wants_invitation: '{2} invites you to {1}', wants_invited_join: '{2} wants {0} in {1}',
    sendFile: 'Send a file', file: 'File', fileName: 'Name', fileSize: 'Bytes', album: 'Album picture', albumImage: 'Id of the picture', robot: 'Add a robot', enter: 'Enter with an effect', unrestrict: 'Restrict no more',
    onlineFile: 'Online file', onlineFileEnd: 'How it ends', end_done: 'received', end_refused: 'refused', end_cancelled: 'cancelled', folder: 'A folder', voiceText: 'Voice to text', device: 'Device', deviceName: 'Name', isOnline: 'Online',
    toldTyping: '{0} is typing', toldEssence: '{0} made a message of {1} essence', toldNoEssence: 'A message of {1} is no essence any more, by {0}', toldTodo_set: '{0} set a to-do', toldTodo_finish: '{0} finished the to-do', toldTodo_cancel: '{0} cancelled the to-do',
    toldSignIn: '{0} clocked in', toldHonor: '{0} has an honour: {1}', toldLuckyKing: '{0} is the lucky king of the red packet of {1}', toldEnter: '{0} entered', toldAlbum: 'A picture came into the album', toldRobot: 'The robot {0} was added',
    toldRestrict: '{0} is restricted: nothing is sent to groups', toldUnrestrict: '{0} is not restricted any more', toldVoiceText: 'The voice says: {0}', toldOnlineFile: 'Online file of {0}: {1}',
    noEvents: 'no event', exampleHello: 'Hello, it is me', exampleGroup: 'Moon watchers', exampleTip: 'The moon is full tonight', exampleName: 'Dave', exampleKick: 'Logged in elsewhere',
  },
  zh: {
    title: 'Libration 沙盒', actAs: '身份', back: '返回', cancel: '取消', mention: '提及', send: '发送',
    placeholder: '输入消息', nobody: '没有客户端在线', connect: '连接 libration：', online: '{0} 在线', offline: '沙盒没有响应，正在重试…', unreachable: '沙盒没有响应',
    logins: '等待处理的登录', client: '一个客户端', wants_login: '{0} 请求登录', wants_new_device: '{0} 是 {1} 的新设备，允许登录吗？', wants_unusual_device: '{0} 是 {1} 的不常用设备，是本人操作吗？',
    wants_captcha: '{0} 登录 {1} 前须完成验证码', openCaptcha: '打开验证码', loginAs: '登录为', loginAccount: '登录的账号', lastAccount: '上次登录：{0}', noLastAccount: '此设备没有登录过', scannedBy: '{0} 已扫码',
    approve: '确认登录', confirm: '允许登录', reject: '拒绝',
    chats: '会话', toChats: '返回会话列表', messages: '消息', older: '更早的消息', unread: '{0} 条未读', newMessages: '{0} 条新消息', offered: '{0} 人，用方向键和回车选择', add: '添加好友和群',
    members: '{0} 名成员', everyone: '全体成员', reply: '回复', recall: '撤回', recalled: '{0} 撤回了一条消息',
    replyTo: '回复 {0}：{1}', quoteGone: '消息 {0}', empty: '还没有消息', pick: '请选择聊天',
    noChats: '还没有好友或群', join: '{0} 加入了群聊', leave: '{0} 退出了群聊',
    kick: '{0} 被 {1} 移出群聊', mute: '{0} 被禁言 {1} 秒', unmute: '{0} 被解除禁言',
    mute_all: '已开启全员禁言', unmute_all: '已关闭全员禁言', admin: '{0} 成为管理员',
    faults: '故障', faultParams: '参数', switchOn: '开启', switchOff: '关闭', struck: '已发生 {0} 次',
    captcha: '验证码', captchaFor: '{0} 的密码登录验证码，答案如下。', captchaGone: '该验证码已使用或不存在。',
    more: '更多', close: '关闭', choose: '选择：{0}', chosen: '已选 {0} 条', forwardHere: '转发到本会话',
    faces: '表情', largeFace: '超级表情，直接发送', face: '表情 {0}', dice: '骰子', diceShows: '骰子：{0}',
    rps: '猜拳', rock: '石头', paper: '布', scissors: '剪刀', poke: '戳一戳',
    sticker: '商城表情', stickerID: '编号（32 位十六进制）', stickerPack: '表情包',
    forwardMessages: '合并转发', forward: '聊天记录', forwardCount: '{0} 条消息', longMessage: '长消息', openIt: '打开', text: '内容',
    location: '位置', address: '地址', latitude: '纬度', longitude: '经度', contact: '名片',
    music: '音乐', singer: '歌手', audio: '音频', link: '链接：', picture: '图片：', card: '卡片', cardTitle: '标题',
    cardJSON: '卡片（JSON）', cardXML: '卡片（XML）', markdown: 'Markdown 文本', buttons: '按钮',
    media: '图片、语音、视频', image: '图片', imageSticker: '表情图片', flashImage: '闪照', record: '语音', video: '视频',
    openImage: '查看图片', look: '显示为', seconds: '{0} 秒', playVoice: '播放语音，{0} 秒', stopVoice: '暂停语音，{0} 秒',
    mediaGone: '{0} 已不存在', mediaSilent: '{0} 无法播放', attached: '随消息发送', leaveOut: '移除', uploading: '正在上传 {0}', dropHere: '松开即可添加',
    fileEmpty: '文件是空的', fileTooLarge: '文件超过 {0} MiB', fileUnknown: '不是图片、声音或视频', uploadFailed: '上传中断',
    redPacket: '红包', flashFile: '闪传文件', fileSet: '文件集',
    exampleTitle: '今日要闻', exampleText: '月球公转时轻轻摆动', exampleSticker: '[加油]',
    examplePlace: '天安门广场', exampleAddress: '北京市东城区东长安街', exampleSong: '茉莉花',
    exampleSinger: '民歌', exampleButtons: '同意，拒绝', examplePacket: '恭喜发财，大吉大利',
    unadmin: '{0} 不再是管理员', rename: '群名改为 {0}', title_: '{0} 获得头衔 {1}',
    // 除聊天以外的操作
    world: '世界', myself: '我的账号和请求', manage: '管理', about: '关于 {0}', doIt: '执行', search: '搜索', react: '回应', essence: '精华',
    profile: '个人资料', nickname: '昵称', sign: '个性签名', addFriend: '加好友', account: '账号', verification: '验证消息', filtered: '归入可疑请求',
    askToJoin: '申请入群', group: '群', answerOrText: '验证消息，或问题的答案', newGroup: '建群', groupName: '群名', removeUser: '注销此账号',
    invite: '邀请', renameGroup: '改群名', muteAll: '全员禁言', unmuteAll: '解除全员禁言', joinPolicy: '加群方式', question: '问题', answer: '答案',
    join_free: '任何人都可加入', join_ask: '加入需要审核', join_question: '加入需要回答问题', join_closed: '不允许加入',
    signIn: '打卡', pin: '置顶会话', unpin: '取消置顶', tip: '灰色提示', leaveGroup: '退群', dissolve: '解散群',
    pokeThem: '戳一戳', card_: '群名片', giveTitle: '头衔', makeAdmin: '设为管理员', unmakeAdmin: '取消管理员', muteMember: '禁言', muteSeconds: '秒数', unmuteMember: '解除禁言',
    kickMember: '移出群聊', block: '不再接受申请', transfer: '转让群主', honor: '群荣誉', honor_talkative: '龙王', honor_performer: '群聊之火', honor_emotion: '快乐源泉', luckyKing: '运气王', restrict: '限制账号',
    typing: '正在输入', likeThem: '赞资料卡', times: '次数', unfriend: '删除好友', openChat: '发消息',
    essenceOn: '设为精华', essenceOff: '取消精华', todoSet: '设为待办', todoFinish: '完成待办', todoCancel: '取消待办',
    newUser: '新账号', befriend: '结为好友', tour: '演示全部事件', tourFor: '面向', kickClient: '踢下线', notice: '通知', reset: '回到初始状态',
    isMuted: '禁言中', role_owner: '群主', role_admin: '管理员', role_member: '成员', moreMembers: '还有 {0} 人，请搜索',
    requests: '请求', noRequests: '没有待处理的请求', accept: '同意', refuse: '拒绝', ignore: '忽略', isFiltered: '可疑', wantsFriend: '{0} 请求加为好友',
    toldOwner: '{0} 成为群主', toldAvatar: '群头像已更换', toldCard: '{0} 的群名片为 {1}', toldPoke: '{0} 戳了戳 {1}', toldPokeRecall: '{0} 撤回了戳一戳',
    toldLike: '{0} 赞了资料卡，{1} 次', toldFriendAdded: '你们已是好友', toldJoinRequest: '{0} 申请入群', toldInvitedJoin: '{0} 受 {1} 邀请，等待审核',
    wants_join: '{0} 申请加入 {1}', wants_invitation: '{2} 邀请你加入 {1}', wants_invited_join: '{2} 邀请 {0} 加入 {1}',
    sendFile: '发送文件', file: '文件', fileName: '名称', fileSize: '字节数', album: '相册图片', albumImage: '图片 ID', robot: '添加机器人', enter: '进场特效', unrestrict: '解除限制',
    onlineFile: '在线文件', onlineFileEnd: '结果', end_done: '已接收', end_refused: '已拒绝', end_cancelled: '已取消', folder: '是文件夹', voiceText: '语音转文字', device: '设备', deviceName: '名称', isOnline: '在线',
    toldTyping: '{0} 正在输入', toldEssence: '{0} 将 {1} 的消息设为精华', toldNoEssence: '{0} 取消了 {1} 的精华消息', toldTodo_set: '{0} 设置了群待办', toldTodo_finish: '{0} 完成了群待办', toldTodo_cancel: '{0} 取消了群待办',
    toldSignIn: '{0} 打卡了', toldHonor: '{0} 获得群荣誉：{1}', toldLuckyKing: '{0} 是 {1} 的红包的运气王', toldEnter: '{0} 进场', toldAlbum: '群相册有新图片', toldRobot: '机器人 {0} 已添加',
    toldRestrict: '{0} 被限制，不能在群里发言', toldUnrestrict: '{0} 已解除限制', toldVoiceText: '语音内容：{0}', toldOnlineFile: '{0} 的在线文件：{1}',
    noEvents: '没有事件', exampleHello: '你好，是我', exampleGroup: '赏月群', exampleTip: '今晚月圆', exampleName: '小戴', exampleKick: '账号在别处登录',
  },
};

const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
export const lang = asked.toLowerCase().startsWith('zh') ? 'zh' : 'en';

export function t(key, ...values) {
  return words[lang][key].replace(/\{(\d)\}/g, (_, i) => values[i]);
}

// translate fills in the words of the static page.
export function translate() {
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  document.title = t('title');
  for (const e of document.querySelectorAll('[data-text]')) e.textContent = t(e.dataset.text);
  for (const e of document.querySelectorAll('[data-title]')) {
    e.title = t(e.dataset.title);
    e.setAttribute('aria-label', e.title);
  }
  for (const e of document.querySelectorAll('[data-label]')) e.setAttribute('aria-label', t(e.dataset.label));
}

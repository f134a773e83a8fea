// The page's words in both languages; ?lang=zh or ?lang=en overrules the browser.
const words = {
  en: {
    title: 'Libration sandbox', actAs: 'Act as', back: 'Back', cancel: 'Cancel', mention: 'Mention', send: 'Send',
    placeholder: 'Message', nobody: 'No client is online', online: '{0} is online', offline: 'Connection lost, trying again…',
    wantsLogin: '{0} wants to log in as', approve: 'Approve', reject: 'Reject', device: 'A client',
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
  },
  zh: {
    title: 'Libration 沙盒', actAs: '身份', back: '返回', cancel: '取消', mention: '提及', send: '发送',
    placeholder: '输入消息', nobody: '没有客户端在线', online: '{0} 在线', offline: '连接已断开，正在重试…',
    wantsLogin: '{0} 请求登录，账号', approve: '确认登录', reject: '拒绝', device: '一个客户端',
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
}

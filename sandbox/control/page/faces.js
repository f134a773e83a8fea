// The common built-in faces: their names (docs/protocol/messages.md 5.3) and the emoji
// that stand for them here. The real pictures are not ours.
const table = `
14 微笑 🙂|13 呲牙 😁|182 笑哭 😂|20 偷笑 🤭|4 得意 😌|2 色 😍|6 害羞 😊|12 调皮 😜|16 酷 😎|21 可爱 🥰
28 憨笑 😄|178 斜眼笑 😏|179 doge 🐶|0 惊讶 😲|1 撇嘴 😕|3 发呆 😳|5 流泪 😢|9 大哭 😭|15 难过 😞|106 委屈 🥺
10 尴尬 😅|96 冷汗 😰|97 擦汗 😓|27 流汗 💦|264 捂脸 🤦|174 无奈 🤷|22 白眼 🙄|32 疑问 ❓|33 嘘 🤫|34 晕 😵
7 闭嘴 🤐|8 睡 😴|25 困 🥱|18 抓狂 😫|11 发怒 😡|31 咒骂 🤬|19 吐 🤮|26 惊恐 😱|37 骷髅 💀|46 猪头 🐷
76 赞 👍|77 踩 👎|124 OK 👌|79 胜利 ✌️|99 鼓掌 👏|118 抱拳 🙏|78 握手 🤝|120 拳头 👊|39 再见 👋|49 拥抱 🤗
66 爱心 ❤️|67 心碎 💔|63 玫瑰 🌹|64 凋谢 🥀|85 飞吻 😘|116 示爱 💋|53 蛋糕 🎂|60 咖啡 ☕|113 啤酒 🍺|89 西瓜 🍉
69 礼物 🎁|74 太阳 ☀️|75 月亮 🌙|54 闪电 ⚡|55 炸弹 💣|59 便便 💩|57 足球 ⚽|114 篮球 🏀|137 鞭炮 🧨`;

// faces has {id, name, emoji} in the order of the picker.
export const faces = table.trim().split(/[|\n]/).map((row) => {
  const [id, name, emoji] = row.trim().split(' ');
  return { id: Number(id), name, emoji };
});
const byID = new Map(faces.map((f) => [f.id, f]));

// faceTokens are the faces in typed text, for split.
export const faceTokens = faces.map((f) => [`[${f.name}]`, { type: 'face', id: f.id }]);

export const faceOf = (id) => byID.get(id);

package rpc

import "libration/internal/pb/oidbpb"

// Operations on what members of groups do besides writing (docs/protocol/operations.md
// 3.5).
var (
	AddReaction = oidb[*oidbpb.GroupReactionReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x9082, Sub: 1, ByUIN: true, Repeat: true, Ref: "operations.md 3.5",
	})
	RemoveReaction = oidb[*oidbpb.GroupReactionReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x9082, Sub: 2, ByUIN: true, Repeat: true, Ref: "operations.md 3.5",
	})
	ReactionUsers = oidb[*oidbpb.ReactionUsersReq, *oidbpb.ReactionUsersResp](OpInfo{
		Cmd: 0x9083, Sub: 1, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	// JoinEmojiChain follows a message with the same face.
	JoinEmojiChain = oidb[*oidbpb.JoinEmojiChainReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x90ee, Sub: 1, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	})
	SetEssence = oidb[*oidbpb.EssenceReq, *oidbpb.EssenceResp](OpInfo{
		Cmd: 0xeac, Sub: 1, Repeat: true, Ref: "operations.md 3.5",
	}, verdict{code: "error_code", text: "wording"})
	RemoveEssence = oidb[*oidbpb.EssenceReq, *oidbpb.EssenceResp](OpInfo{
		Cmd: 0xeac, Sub: 2, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	}, verdict{code: "error_code", text: "wording"})
	SetTodo = oidb[*oidbpb.GroupTodoReq, *oidbpb.GroupTodoResp](OpInfo{
		Cmd: 0xf90, Sub: 1, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	FinishTodo = oidb[*oidbpb.GroupTodoReq, *oidbpb.GroupTodoResp](OpInfo{
		Cmd: 0xf90, Sub: 2, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	CancelTodo = oidb[*oidbpb.GroupTodoReq, *oidbpb.GroupTodoResp](OpInfo{
		Cmd: 0xf90, Sub: 3, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	GetTodo = oidb[*oidbpb.GetGroupTodoReq, *oidbpb.GetGroupTodoResp](OpInfo{
		Cmd: 0xf8e, Sub: 1, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	ClockIn = oidb[*oidbpb.ClockInReq, *oidbpb.ClockInResp](OpInfo{
		Cmd: 0xeb7, Sub: 1, Repeat: true, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	}, verdict{code: "result.ret.code", text: "result.ret.msg"})
	// PinnedChats has an empty request.
	PinnedChats = oidb[*oidbpb.EmptyResp, *oidbpb.PinListResp](OpInfo{
		Cmd: 0x12b3, Sub: 0, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	PinFriend = oidb[*oidbpb.SnsUpdateReq, *oidbpb.SnsUpdateResp](OpInfo{
		Cmd: 0x5d6, Sub: 18, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	PinGroup = oidb[*oidbpb.SnsUpdateReq, *oidbpb.SnsUpdateResp](OpInfo{
		Cmd: 0x5d6, Sub: 1, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
)

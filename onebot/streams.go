package onebot

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"libration/gateway/inbox"
	"libration/gateway/table"
	"libration/internal/text"
)

// The actions of streams, for bots that share no folder with this program
// (docs/protocol/onebot11.md b.7).
func streamActions() []row {
	download := table.Fails(downloadFailed, mediaCauses...)
	return []row{
		table.Of("upload_file_stream", rare, Sends, text.T("Takes a file in chunks, one a call, in any order; the last call says `is_complete`.", "分块接收文件，每次调用一块，顺序不限；最后一次调用以 `is_complete` 表示完成。"),
			uploadFileStream, table.Fails(uploadFailed, streamCauses...)),
		table.Of("download_file_stream", rare, Sends, text.T("Sends a file in chunks: several answers with the same echo.", "分块发送文件：多个应答，echo 相同。"),
			downloadFileStream, download),
		table.Of("download_file_image_stream", rare, Sends, text.T("Sends a picture in chunks, as `download_file_stream` does.", "分块发送图片，同 `download_file_stream`。"),
			downloadImageStream, download),
		table.Of("download_file_record_stream", rare, Sends, text.T("Sends a voice message in chunks, in another format when one is given.", "分块发送语音，可转换为指定格式。"),
			downloadRecordStream, download),
		table.Of("test_download_stream", rare, Sends, text.T("Sends ten frames of test data, and an end or an error.", "发送十帧测试数据，最后一帧为完成或错误。"),
			testStream, table.Fails(streamTested)),
		table.Of("clean_stream_temp_file", rare, Sends, text.T("Removes what came by `upload_file_stream`, finished or not.", "删除通过 `upload_file_stream` 接收的全部内容，无论是否完成。"), cleanStreams),
	}
}

// streams tells whether the responses of an action are those of a stream: so are all of these
// names (docs/protocol/onebot11.md b.7).
func streams(action string) bool { return strings.HasSuffix(action, "_stream") }

// several tells whether an action may have several responses.
func (d *actions) several(action string) bool {
	r := d.working(action)
	return r != nil && r.Several()
}

// streamError is the data of a stream's response that failed.
type streamError struct {
	Type     string `json:"type"`
	DataType string `json:"data_type"`
}

// ofStream makes r the response of a stream.
func (r *Response) ofStream() {
	r.Stream = true
	if r.Status == StatusFailed {
		r.Data = streamError{"error", "error"}
	}
}

// Types of the frames of a stream.
const (
	midFrame  = "stream"
	lastFrame = "response"
)

type chunkParams struct {
	Stream    string  `param:"stream_id" en:"Any text that the caller chooses for this file, of up to 256 bytes." zh:"由调用方为该文件任意指定，最多 256 字节。"`
	Data      *string `param:"chunk_data,optional" en:"The bytes of the chunk, as base64." zh:"分块内容（base64）。"`
	Index     whole   `param:"chunk_index,default=0" en:"Which chunk it is, from 0." zh:"分块序号，从 0 开始。"`
	Total     whole   `param:"total_chunks,optional" en:"How many chunks there are, at most 65536." zh:"总分块数，最多 65536。"`
	Size      whole   `param:"file_size,optional" en:"Size of the file in bytes. It is compared at the end." zh:"文件大小（字节），完成时核对。"`
	SHA256    string  `param:"expected_sha256,optional" en:"SHA-256 of the file in hexadecimal. It is compared at the end." zh:"文件的 SHA-256（十六进制），完成时核对。"`
	Complete  bool    `param:"is_complete,default=false" en:"Whether all chunks have come, with the one of this call if it has one." zh:"是否全部分块已发送（包括本次调用中的分块）。"`
	Name      string  `param:"filename,optional" en:"Name of the file." zh:"文件名。"`
	Reset     bool    `param:"reset,default=false" en:"Whether what came so far is removed first." zh:"是否先删除已接收的内容。"`
	Verify    bool    `param:"verify_only,default=false" en:"Whether the call only asks how far the stream is." zh:"是否仅查询进度。"`
	Retention whole   `param:"file_retention,default=300000" en:"How long the file stays after it was last used, in milliseconds. 0, and at most: media.uploads.keep." zh:"文件在最后一次使用后保留多久，毫秒。0 表示 media.uploads.keep，不能超过它。"`
}

// chunkResult is a frame of an upload.
type chunkResult struct {
	Type     string `json:"type" enum:"stream,response" en:"response for the finished file." zh:"response 表示文件已完成。"`
	Stream   string `json:"stream_id" en:"That of the call." zh:"与调用中的相同。"`
	Status   string `json:"status" enum:"chunk_received,stream_status,stream_reset,file_complete" en:"What was done." zh:"执行结果。"`
	Received int    `json:"received_chunks" en:"How many chunks have come." zh:"已接收的分块数。"`
	Total    int    `json:"total_chunks" en:"How many there are; 0: nobody said so yet." zh:"总分块数，0 表示尚未给出。"`
	Missing  *int   `json:"missing_chunk,omitempty" en:"The first one that has not come." zh:"首个未收到的分块。"`
	Path     string `json:"file_path,omitempty" en:"Path of the finished file on the machine of this program. It, or file, can be sent." zh:"完成的文件在本程序所在机器上的路径。可以发送它，也可以发送 file。"`
	Size     int64  `json:"file_size,omitempty" en:"Its size in bytes." zh:"大小（字节）。"`
	SHA256   string `json:"sha256,omitempty" en:"Its SHA-256 in hexadecimal." zh:"SHA-256（十六进制）。"`
	File     string `json:"file,omitempty" en:"Its address here: every file parameter takes it." zh:"文件在本程序中的地址，任何 file 参数都接受。"`
	Name     string `json:"filename,omitempty" en:"Its name." zh:"文件名。"`
}

func uploadFileStream(_ context.Context, a *account, p chunkParams) (chunkResult, error) {
	r := chunkResult{Type: midFrame, Stream: p.Stream}
	if a.inbox == nil {
		return r, failure(noFiles)
	}
	c, err := p.chunk()
	if err != nil {
		return r, err
	}
	if p.Verify {
		st, err := a.inbox.StreamState(p.Stream)
		return r.at("stream_status", st), inboxFailure(err)
	}
	if p.Reset {
		a.inbox.Drop(p.Stream)
	}
	switch {
	case p.Data != nil:
		st, err := a.inbox.Put(c, fromBase64(*p.Data))
		if err != nil {
			return r, inboxFailure(err)
		}
		r = r.at("chunk_received", st)
	case p.Reset && !p.Complete:
		return r.at("stream_reset", inbox.State{Missing: -1}), nil
	case !p.Complete:
		return r, &table.Wrong{Name: "chunk_data", What: missing}
	}
	if !p.Complete {
		return r, nil
	}
	f, st, err := a.inbox.Finish(c)
	if err != nil {
		return r, inboxFailure(err)
	}
	r = r.at("file_complete", st)
	r.Type, r.Path, r.Size, r.SHA256, r.File, r.Name = lastFrame, f.Path, f.Size, fmt.Sprintf("%x", f.SHA256), f.URI(), f.Name
	return r, nil
}

// chunk is what the parameters say.
func (p *chunkParams) chunk() (inbox.Chunk, error) {
	c := inbox.Chunk{Stream: p.Stream, Size: int64(p.Size), Name: p.Name}
	for _, number := range []struct {
		name string
		from whole
		to   *int
	}{{"chunk_index", p.Index, &c.Index}, {"total_chunks", p.Total, &c.Total}} {
		if number.from < 0 || number.from > 1<<30 {
			return c, &table.Wrong{Name: number.name, What: text.T("is out of range", "超出范围")}
		}
		*number.to = int(number.from)
	}
	if most := whole(time.Duration(1<<63-1) / time.Millisecond); p.Retention < 0 || p.Retention > most {
		return c, &table.Wrong{Name: "file_retention", What: text.T("is out of range", "超出范围")}
	}
	c.Keep = time.Duration(p.Retention) * time.Millisecond
	if p.SHA256 != "" {
		sum, err := inbox.ParseSHA256(p.SHA256)
		if err != nil {
			return c, &table.Wrong{Name: "expected_sha256", What: text.T("must be 64 hexadecimal digits", "必须是 64 位十六进制数")}
		}
		c.SHA256 = sum
	}
	return c, nil
}

// at is the frame of a stream that is so far.
func (r chunkResult) at(status string, st inbox.State) chunkResult {
	r.Status, r.Received, r.Total = status, st.Received, st.Total
	if st.Missing >= 0 {
		r.Missing = &st.Missing
	}
	return r
}

// fromBase64 reads both alphabets, with padding or without.
func fromBase64(data string) io.Reader {
	return &chunkReader{base64.NewDecoder(base64.RawStdEncoding, &unescaped{[]byte(data)})}
}

type chunkReader struct{ io.Reader }

func (r *chunkReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = text.Errorf("%v: the base64 is damaged: %v", "%v：base64 已损坏：%v", inbox.ErrChunk, err)
	}
	return n, err
}

// inboxFailure is what a bot reads of an error of the inbox.
func inboxFailure(err error) error {
	for _, known := range []struct {
		err   error
		cause *table.Cause
	}{
		{inbox.ErrTooLarge, mediaTooLarge},
		{inbox.ErrFull, uploadsFull}, {inbox.ErrStreams, uploadsFull},
		{inbox.ErrNoFile, noUpload},
		{inbox.ErrNoStream, noStream},
		{inbox.ErrIncomplete, streamGaps},
		{inbox.ErrOther, streamDiffers},
		{inbox.ErrChunk, wrongParams},
	} {
		switch {
		case !errors.Is(err, known.err):
		case known.cause == wrongParams:
			return badParams(text.Of(err))
		default:
			return &actionError{RetFailed, known.cause.Code, text.Of(err)}
		}
	}
	return err
}

type testStreamParams struct {
	Error bool `param:"error,default=false" en:"Whether it ends with an error." zh:"是否以错误结束。"`
}

type testFrame struct {
	Type     string `json:"type" enum:"stream,response" en:"response for the last frame." zh:"最后一帧为 response。"`
	DataType string `json:"data_type" enum:"data_chunk,data_complete" en:"What the frame has." zh:"帧的内容。"`
	Data     string `json:"data" en:"Some text." zh:"测试文字。"`
}

func testStream(_ context.Context, _ *account, p testStreamParams) (table.Frames[testFrame], error) {
	return func(_ context.Context, send func(testFrame) error) (testFrame, error) {
		for i := range 10 {
			if err := send(testFrame{midFrame, "data_chunk", fmt.Sprintf("Index-> %d", i+1)}); err != nil {
				return testFrame{}, err
			}
		}
		if p.Error {
			return testFrame{}, failure(streamTested)
		}
		return testFrame{lastFrame, "data_complete", "Stream transmission complete"}, nil
	}, nil
}

type cleanResult struct {
	Message string `json:"message" en:"success" zh:"固定为 success。"`
}

func cleanStreams(_ context.Context, a *account, _ table.None) (cleanResult, error) {
	if a.inbox == nil {
		return cleanResult{}, failure(noFiles)
	}
	a.inbox.Clean()
	return cleanResult{"success"}, nil
}

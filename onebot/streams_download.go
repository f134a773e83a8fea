package onebot

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"

	"libration/gateway/inbox"
	"libration/gateway/table"
	"libration/ntqq/media/picture"
	"libration/ntqq/message"
)

// Sizes of the chunks of a download, in bytes of the file. A chunk and its frame stay in
// memory as long as the caller does not read.
const (
	leastChunk = 1 << 10
	mostChunk  = 256 << 10
)

type downloadStreamParams struct {
	File string `param:"file|file_id" en:"The file of a segment, an address, or that of an uploaded file." zh:"消息段中的 file、网址，或已上传文件的地址。"`
	Size whole  `param:"chunk_size,default=65536" en:"Bytes in a chunk, 1024 to 262144; others become the nearest." zh:"分块大小（字节），1024 到 262144；超出时取最近的值。"`
}

type recordStreamParams struct {
	downloadStreamParams
	Format string `param:"out_format,optional" enum:"mp3,amr,wma,m4a,spx,ogg,wav,flac" en:"The format to convert it to; without it the file is as it was sent. All but wav need ffmpeg." zh:"转换后的格式；省略则保持原样。除 wav 外都需要 ffmpeg。"`
}

// streamFrame is a frame of a download: file_info, any number of file_chunk, file_complete.
type streamFrame struct {
	Type      string   `json:"type" enum:"stream,response" en:"response for the last frame." zh:"最后一帧为 response。"`
	DataType  string   `json:"data_type" enum:"file_info,file_chunk,file_complete" en:"What the frame has: the first has file_info." zh:"帧的内容，第一帧为 file_info。"`
	Name      string   `json:"file_name,omitempty" en:"file_info: name of the file." zh:"file_info：文件名。"`
	Size      *int64   `json:"file_size,omitempty" en:"file_info: its size in bytes." zh:"file_info：大小（字节）。"`
	ChunkSize int      `json:"chunk_size,omitempty" en:"file_info: bytes in a chunk." zh:"file_info：分块大小（字节）。"`
	Width     uint32   `json:"width,omitempty" en:"file_info of a picture: its width." zh:"图片的 file_info：宽。"`
	Height    uint32   `json:"height,omitempty" en:"file_info of a picture: its height." zh:"图片的 file_info：高。"`
	Format    string   `json:"out_format,omitempty" en:"file_info: the format that was asked for." zh:"file_info：所请求的格式。"`
	Index     *int     `json:"index,omitempty" en:"file_chunk: which one, from 0." zh:"file_chunk：序号，从 0 开始。"`
	Data      string   `json:"data,omitempty" en:"file_chunk: the bytes, as base64." zh:"file_chunk：内容（base64）。"`
	Bytes     int      `json:"size,omitempty" en:"file_chunk: how many bytes it has." zh:"file_chunk：字节数。"`
	Encoded   int      `json:"base64_size,omitempty" en:"file_chunk: the length of data." zh:"file_chunk：data 的长度。"`
	Progress  *float64 `json:"progress,omitempty" en:"file_chunk: how much has come with it, in percent." zh:"file_chunk：包括本块在内的进度（百分比）。"`
	Chunks    *int     `json:"total_chunks,omitempty" en:"file_complete: how many chunks there were." zh:"file_complete：总分块数。"`
	Total     *int64   `json:"total_bytes,omitempty" en:"file_complete: how many bytes." zh:"file_complete：总字节数。"`
	SHA256    string   `json:"sha256,omitempty" en:"file_complete: the SHA-256 in hexadecimal." zh:"file_complete：SHA-256（十六进制）。"`
	Message   string   `json:"message,omitempty" en:"file_complete: that it is over." zh:"file_complete：完成提示。"`
}

func downloadFileStream(ctx context.Context, a *account, p downloadStreamParams) (table.Frames[streamFrame], error) {
	return a.stream(ctx, p, "", "")
}

func downloadImageStream(ctx context.Context, a *account, p downloadStreamParams) (table.Frames[streamFrame], error) {
	return a.stream(ctx, p, (*message.ImageSegment)(nil).Name(), "")
}

func downloadRecordStream(ctx context.Context, a *account, p recordStreamParams) (table.Frames[streamFrame], error) {
	return a.stream(ctx, p.downloadStreamParams, (*message.RecordSegment)(nil).Name(), p.Format)
}

// stream has a file on this machine, and returns what sends it. kind and format are those of
// mediaFile.
func (a *account) stream(ctx context.Context, p downloadStreamParams, kind, format string) (table.Frames[streamFrame], error) {
	path, name, err := a.streamed(ctx, p.File, kind, format)
	if err != nil {
		return nil, err
	}
	size := int(min(max(p.Size, leastChunk), mostChunk))
	return func(ctx context.Context, send func(streamFrame) error) (streamFrame, error) {
		file, err := os.Open(path)
		if err != nil {
			return streamFrame{}, err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return streamFrame{}, err
		}
		total := info.Size()
		first := streamFrame{Type: midFrame, DataType: "file_info", Name: name, Size: &total, ChunkSize: size, Format: format}
		if kind == (*message.ImageSegment)(nil).Name() {
			if p, err := picture.Read(io.NewSectionReader(file, 0, total)); err == nil { // else it is none that we know
				first.Width, first.Height = p.Width, p.Height
			}
		}
		if err := send(first); err != nil {
			return streamFrame{}, err
		}
		return sendChunks(ctx, io.NewSectionReader(file, 0, total), size, send)
	}, nil
}

// streamed returns where a file is that a bot names, and what it is called.
func (a *account) streamed(ctx context.Context, file, kind, format string) (path, name string, err error) {
	if id := a.uploaded(file); id != "" && format == "" {
		path, name, err = a.inbox.Look(id)
		return path, name, inboxFailure(err)
	}
	var got fileResult
	if kind == "" {
		got, err = getFile(ctx, a, fileParams{File: file})
	} else {
		got, err = a.mediaFile(ctx, file, kind, format, false)
	}
	return got.File, got.FileName, err
}

// uploaded returns the id of the file that was handed over and has this address or path; "":
// it names none.
func (a *account) uploaded(file string) string {
	if a.inbox == nil {
		return ""
	}
	if id, ok := strings.CutPrefix(file, inbox.Scheme+"://"); ok {
		return id
	}
	return a.inbox.IDOf(strings.TrimPrefix(file, "file://"))
}

// sendChunks sends what from has, and returns the last frame.
func sendChunks(ctx context.Context, from *io.SectionReader, size int, send func(streamFrame) error) (streamFrame, error) {
	buffer, sum := make([]byte, size), sha256.New()
	sent, index := int64(0), 0
	for sent < from.Size() {
		n, err := io.ReadFull(from, buffer[:min(int64(size), from.Size()-sent)])
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return streamFrame{}, fmt.Errorf("chunk %d: %w", index, err)
		}
		sum.Write(buffer[:n])
		sent += int64(n)
		number, progress := index, float64(sent*10000/from.Size())/100
		frame := streamFrame{Type: midFrame, DataType: "file_chunk", Index: &number, Data: base64.StdEncoding.EncodeToString(buffer[:n]), Bytes: n, Progress: &progress}
		frame.Encoded = len(frame.Data)
		if err := send(frame); err != nil {
			return streamFrame{}, err
		}
		index++
	}
	return streamFrame{
		Type: lastFrame, DataType: "file_complete", Chunks: &index, Total: &sent, SHA256: fmt.Sprintf("%x", sum.Sum(nil)), Message: "Download completed",
	}, nil
}

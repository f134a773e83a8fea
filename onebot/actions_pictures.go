package onebot

import (
	"context"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

func pictureActions() []row {
	return []row{
		table.Of("ocr_image", lagrange, Sends, text.T("Reads what is written in a picture. One that the service does not have is uploaded first.", "识别图片中的文字。服务器上没有的图片会先上传。"),
			ocrImage, table.Fails(cause("OCR_API_ERROR", apiError.Text), mediaCauses...), table.Alias(".ocr_image")),
		table.Of("get_recommend_face", rare, Lookups, text.T("Lists the addresses of pictures that the service recommends for a word.", "返回服务器为某个词推荐的表情图片网址。"),
			getRecommendFace),
	}
}

type ocrParams struct {
	Image string `param:"image" en:"The picture: a file that was received, file:// and the path, http(s)://, base64:// or data:." zh:"图片：收到过的 file、file:// 加路径、http(s)://、base64:// 或 data URI。"`
}

type ocrResult struct {
	Texts    []ocrText `json:"texts" en:"The lines; empty where there are none." zh:"各行文字，没有时为空。"`
	Language string    `json:"language" en:"As the service names it; may be empty." zh:"服务器给出的语言，可为空。"`
}

type ocrText struct {
	Text       string     `json:"text" en:"What is written there." zh:"文字。"`
	Confidence int32      `json:"confidence" en:"How sure the service is, usually of 100." zh:"可信度，一般满分为 100。"`
	Corners    []ocrPoint `json:"coordinates" en:"The corners of what surrounds it, in pixels." zh:"外框的各个顶点，像素。"`
}

type ocrPoint struct {
	X int32 `json:"x" en:"From the left." zh:"横坐标。"`
	Y int32 `json:"y" en:"From the top." zh:"纵坐标。"`
}

func ocrImage(ctx context.Context, a *account, p ocrParams) (ocrResult, error) {
	image := &message.ImageSegment{Medium: message.Medium{URL: p.Image}}
	if !a.client.Media().Has(p.Image) {
		var err error
		if image, err = a.image(ctx, "image", p.Image, media.FetchOptions{}); err != nil {
			return ocrResult{}, err
		}
		if image.ID != "" || len(image.MD5) > 0 { // the service has it
			image.Source = nil
		}
	}
	found, err := a.client.Media().ReadText(ctx, image)
	r := ocrResult{Texts: []ocrText{}, Language: found.Language}
	for _, line := range found.Lines {
		t := ocrText{Text: line.Text, Confidence: line.Confidence, Corners: []ocrPoint{}}
		for _, c := range line.Corners {
			t.Corners = append(t.Corners, ocrPoint(c))
		}
		r.Texts = append(r.Texts, t)
	}
	return r, err
}

type recommendParams struct {
	Word string `param:"word" en:"The word." zh:"词。"`
}

type recommendResult struct {
	URL []string `json:"url" en:"The addresses." zh:"图片网址。"`
}

func getRecommendFace(ctx context.Context, a *account, p recommendParams) (recommendResult, error) {
	found, err := a.client.Media().Search(ctx, p.Word)
	return recommendResult{append([]string{}, found...)}, err
}

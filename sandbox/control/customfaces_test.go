package control

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// TestCustomFaces: a person gives an account faces, and takes them away.
func TestCustomFaces(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	_, picture := upload(t, h, aPicture(t))
	path := fmt.Sprintf("/api/users/%d/faces", w.Users().List()[0].UIN)
	if list := ask[[]customFaceView](t, h, http.StatusOK, "GET", path, ""); list == nil || len(list) != 0 {
		t.Errorf("at the beginning: %+v", list)
	}
	face := ask[customFaceView](t, h, http.StatusCreated, "POST", path, `{"image":"`+picture.ID+`"}`)
	if list := ask[[]customFaceView](t, h, http.StatusOK, "GET", path, ""); !slices.Equal(list, []customFaceView{face}) || face.Image != picture.ID {
		t.Errorf("got %+v, want %+v", list, face)
	}
	ask[struct{}](t, h, http.StatusNotFound, "POST", path, `{"image":"`+picture.ID[2:]+`00"}`)
	ask[struct{}](t, h, http.StatusNotFound, "GET", "/api/users/99/faces", "")
	ask[struct{}](t, h, http.StatusNotFound, "DELETE", path+"/x", "")
	ask[struct{}](t, h, http.StatusOK, "DELETE", path+"/"+face.ID, "")
	if list := ask[[]customFaceView](t, h, http.StatusOK, "GET", path, ""); len(list) != 0 {
		t.Errorf("after all were taken away: %+v", list)
	}
}

// TestDescribePictures: a person says what is written in a picture and which words find it.
func TestDescribePictures(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	_, picture := upload(t, h, aPicture(t))
	path := "/api/media/" + picture.ID
	ask[pictureView](t, h, http.StatusOK, "PATCH", path, `{"text":"a\nb","words":["Cat"]}`)
	got := ask[pictureView](t, h, http.StatusOK, "PATCH", path, `{"words":["Cat","狗"]}`)
	if got.ID != picture.ID || got.Text != "a\nb" || !slices.Equal(got.Words, []string{"Cat", "狗"}) {
		t.Errorf("got %+v", got)
	}
	for word, want := range map[string]int{"cat": 1, "狗": 1, "c": 0, "": 0} {
		if found := w.Media().Search(word); len(found) != want {
			t.Errorf("%q finds %d pictures, want %d", word, len(found), want)
		}
	}
	if got := ask[pictureView](t, h, http.StatusOK, "PATCH", path, `{"text":"","words":[]}`); got.Text != "" || len(got.Words) != 0 {
		t.Errorf("taken away: %+v", got)
	}
	ask[struct{}](t, h, http.StatusNotFound, "PATCH", "/api/media/"+picture.ID[2:]+"00", `{"text":"a"}`)
	ask[struct{}](t, h, http.StatusBadRequest, "PATCH", path, fmt.Sprintf(`{"text":"%04097d"}`, 0))
	ask[struct{}](t, h, http.StatusBadRequest, "PATCH", path, fmt.Sprintf(`{"words":["%0128d"]}`, 0))
	ask[struct{}](t, h, http.StatusBadRequest, "PATCH", path, `{"words":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20","21"]}`)
}

package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"athanor/inference/model"
	"athanor/inference/serve/oip"
	"athanor/inference/vision"
)

// question is what a person sends to the simple face: one of the three.
type question struct {
	Text  *string           `json:"text"`
	Row   map[string]string `json:"-"`
	Cells map[string]any    `json:"row"`
	Image []byte            `json:"image"` // base64 in JSON
}

// answer is one class.
type answer struct {
	Label string  `json:"label"`
	Score float32 `json:"score"`
}

// classified is the answer to a question; of a regression only the value.
type classified struct {
	Model        string   `json:"model"`
	Version      string   `json:"version"`
	Label        string   `json:"label,omitempty"`
	Score        *float32 `json:"score,omitempty"`
	Value        *float32 `json:"value,omitempty"`
	Milliseconds float64  `json:"milliseconds"`
	Classes      []answer `json:"classes,omitempty"`
}

func newClassified(v *version, p model.Prediction, began time.Time) classified {
	res := classified{Model: v.model, Version: v.id, Milliseconds: since(began)}
	for _, c := range p.Top(5) {
		res.Classes = append(res.Classes, answer{c.Label, c.Probability})
	}
	if len(res.Classes) == 0 {
		res.Value = &p.Value
		return res
	}
	res.Label, res.Score = res.Classes[0].Label, &res.Classes[0].Score
	return res
}

// classify answers POST /v1/classify/{model}.
func (s *Server) classify(w http.ResponseWriter, r *http.Request) error {
	began := time.Now()
	v, err := s.use(r.Context(), r.PathValue("model"), "")
	if err != nil {
		return err
	}
	defer v.release()
	q, release, err := s.question(w, r)
	if err != nil {
		return err
	}
	defer release()
	p, err := s.classifyOne(r.Context(), v, q)
	v.stats.request(time.Since(began), err != nil)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newClassified(v, p, began))
	return nil
}

func since(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }

func (s *Server) classifyOne(ctx context.Context, v *version, q question) (p model.Prediction, err error) {
	enc, ok := v.runner.(Encoder)
	if !ok {
		return p, fmt.Errorf("%w: use /v2/models/%s/infer", model.ErrForeign, v.model)
	}
	name, err := enc.AnswerName()
	if err != nil {
		return p, err
	}
	samples, err := s.encode(enc, q)
	if err != nil {
		return p, err
	}
	req := &oip.Request{Outputs: []oip.Wanted{{Name: name}}}
	for _, x := range samples {
		req.Inputs = append(req.Inputs, oip.Tensor{
			Name: x.Input, Type: x.Type, Shape: append([]int64{1}, x.Shape...), Data: x.Data, Texts: x.Texts,
		})
	}
	res, err := s.inferRequest(ctx, v, req)
	if err != nil {
		return p, err
	}
	return enc.Answer(floats(res.Outputs[0].Data))
}

func (s *Server) encode(enc Encoder, q question) ([]model.Sample, error) {
	switch {
	case q.Text != nil:
		return enc.EncodeText(*q.Text)
	case q.Row != nil:
		return enc.EncodeRow(q.Row)
	case q.Image != nil:
		picture, err := s.picture(q.Image)
		if err != nil {
			return nil, err
		}
		return enc.EncodeImage(picture)
	}
	return nil, fmt.Errorf("%w: send an image, a text or a row", oip.ErrRequest)
}

// picture decodes a picture as training does, turned as its EXIF block says,
// after its size was looked at.
func (s *Server) picture(data []byte) (image.Image, error) {
	size, err := vision.Probe(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", oip.ErrRequest, err)
	}
	if int64(size.W) > s.config.Limits.Pixels/int64(size.H) {
		return nil, fmt.Errorf("%w: the picture has %d×%d pixels", oip.ErrTooLarge, size.W, size.H)
	}
	picture, err := vision.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", oip.ErrRequest, err)
	}
	return picture, nil
}

// question reads JSON, a form with files, or a bare picture or text.
func (s *Server) question(w http.ResponseWriter, r *http.Request) (q question, release func(), err error) {
	body, release, err := s.body(w, r)
	if err != nil {
		return q, nil, err
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		err = &statusError{status: http.StatusUnsupportedMediaType, text: "the Content-Type is missing: send JSON, a form, a picture or text"}
	case kind == "application/json":
		q, err = s.jsonQuestion(body)
	case kind == "multipart/form-data":
		q, err = formQuestion(body, params["boundary"])
	case strings.HasPrefix(kind, "image/"):
		q.Image = body
	case kind == "text/plain":
		text := string(body)
		q.Text = &text
	default:
		err = &statusError{status: http.StatusUnsupportedMediaType, text: fmt.Sprintf("content type %q is not understood: send JSON, a form, a picture or text", kind)}
	}
	if err != nil {
		release()
		return q, nil, err
	}
	return q, release, nil
}

func (s *Server) jsonQuestion(body []byte) (q question, err error) {
	if err := oip.CheckJSON(body, s.config.Limits.Depth); err != nil {
		return q, err
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return q, fmt.Errorf("%w: %w", oip.ErrRequest, err)
	}
	if q.Cells == nil {
		return q, nil
	}
	q.Row = make(map[string]string, len(q.Cells))
	for name, cell := range q.Cells {
		switch cell := cell.(type) {
		case nil:
			q.Row[name] = ""
		case string, float64, bool:
			q.Row[name] = fmt.Sprint(cell)
		default:
			return q, fmt.Errorf("%w: cell %q is neither text nor number", oip.ErrRequest, name)
		}
	}
	return q, nil
}

// formQuestion reads a form: a part "image" or "text", or "row" as JSON.
func formQuestion(body []byte, boundary string) (q question, err error) {
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for range 16 {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return q, nil
		}
		if err != nil {
			return q, fmt.Errorf("%w: the form is damaged", oip.ErrRequest)
		}
		content, err := io.ReadAll(part) // no larger than body
		if err != nil {
			return q, fmt.Errorf("%w: the form is cut off", oip.ErrRequest)
		}
		switch part.FormName() {
		case "image", "file":
			q.Image = content
		case "text":
			text := string(content)
			q.Text = &text
		case "row":
			if err := json.Unmarshal(content, &q.Row); err != nil {
				return q, fmt.Errorf("%w: row: %w", oip.ErrRequest, err)
			}
		}
	}
	return q, fmt.Errorf("%w: the form has more than 16 parts", oip.ErrRequest)
}

// sentiment answers POST /v1/sentiment.
func (s *Server) sentiment(w http.ResponseWriter, r *http.Request) error {
	began := time.Now()
	q, release, err := s.question(w, r)
	if err != nil {
		return err
	}
	defer release()
	if q.Text == nil {
		return fmt.Errorf("%w: send a text", oip.ErrRequest)
	}
	v, err := s.config.Sentiment(r.Context(), *q.Text)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Verdict
		Milliseconds float64 `json:"milliseconds"`
	}{v, since(began)})
	return nil
}

// faces answers POST /v1/faces.
func (s *Server) faces(w http.ResponseWriter, r *http.Request) error {
	began := time.Now()
	q, release, err := s.question(w, r)
	if err != nil {
		return err
	}
	defer release()
	if q.Image == nil {
		return fmt.Errorf("%w: send a picture", oip.ErrRequest)
	}
	picture, err := s.picture(q.Image)
	if err != nil {
		return err
	}
	list, err := s.config.Faces(r.Context(), picture)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"faces": slices.Concat([]Face{}, list), "milliseconds": since(began)})
	return nil
}
